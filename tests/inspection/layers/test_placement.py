"""Where norms stand, as measured on the networks that are named; and the stream's lengths."""

import numpy as np
import pytest

from components.inspection.forward_pass import record
from components.inspection.layers import placement as module
from components.inspection.layers.placement import SEEN_IN, WORDS, NormPlacement, norm_placement
from components.inspection.machine.streams import Chain
from components.inspection.model import Model
from tests import tiny
from tests.inspection.breaking import fresh

TEXT = "the keys near"
STREAM = "what enters the block and what its parts write lead to what leaves it"
NAMED = {
    "GPT-2": "gpt2",
    "Llama": "llama",
    "BERT": "bert",
    "BART": "bart",
    "GPT-J": "gptj",
    "Falcon": "falcon",
    "Gemma 2": "gemma2",
    "OLMo 2": "olmo2",
}


def placed(model: Model, layer: int = 1) -> NormPlacement:
    return norm_placement(model, TEXT, list(model.anatomy.stacks)[-1], layer)


@pytest.mark.parametrize(
    ("placement", "family"),
    [(one, NAMED[name]) for one, names in SEEN_IN.items() for name in names],
)
def test_each_family_that_is_named_is_built_so(placement, family):
    found = placed(tiny.model(family))
    assert found.placement == placement and placement in WORDS
    assert [check.verdict for check in found.checks] == ["holds"]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("family", ["gpt2", "bert", "gemma2"])
def test_coarse_formats(family, dtype):
    assert placed(tiny.model(family, dtype)).placement == placed(tiny.model(family)).placement


def test_lengths_are_those_of_the_recorded_stream():
    found = placed(tiny.model("llama"))
    streams = record(tiny.model("llama"), TEXT, keep=["residual"]).stack().residual
    np.testing.assert_allclose(found.lengths, np.sqrt((streams**2).sum(-1)), rtol=1e-6)
    middle = sorted(found.lengths[-1])
    assert found.medians[-1] == pytest.approx((middle[6] + middle[7]) / 2)
    assert found.growth == pytest.approx(found.medians[-1] / found.medians[0])


def test_a_stream_that_is_normed_keeps_its_length_and_one_that_is_not_grows():
    assert placed(tiny.model("gpt2")).growth > 2
    assert placed(tiny.model("bert")).growth < 1.5


def test_a_block_that_is_not_understood_is_not_named():
    model = fresh("llama")
    model.network.model.layers[1].mlp.register_forward_hook(lambda *given: 1.1 * given[-1])
    found = placed(model)
    assert (found.placement, found.checks) == ("unknown", ())
    assert found.lengths is not None


@pytest.mark.sabotage(STREAM)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_chain_of_another_kind_turns_red(monkeypatch, dtype):
    model = tiny.model("llama", dtype)
    assert placed(model).checks[0].holds
    wired = module.wiring_of(model, "decoder", 1)

    def parallel(*_):
        return type(wired)(**(vars(wired) | {"chain": Chain(wired.chain.subs, parallel=True)}))

    monkeypatch.setattr(module, "wiring_of", parallel)
    assert not placed(model).checks[0].holds
