"""What stands between the stream and the logits: a norm, a matrix, a factor, a cap; or more."""

import numpy as np
import pytest
import torch
import transformers
from torch import nn

from components.inspection.anatomy import part
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.machine.push import Push, push
from components.inspection.machine.readout import frozen_norm, together
from components.inspection.model import Model
from components.inspection.wrapping import wrapped
from tests import tiny
from tests.inspection.breaking import fresh

TEXT, TARGET, PLACE = "the keys near", "the dog", 4
TOWARD, RATHER = 70, 90
DTYPES = ("float32", "bfloat16", "float16")


def pushed(model: Model) -> Push:
    stacks = list(model.anatomy.stacks)
    target = TARGET if len(stacks) == 2 else None
    return push(model, TEXT, target, stacks[-1], PLACE, TOWARD, RATHER)


def terms(found: Push) -> np.ndarray:
    """All terms of a result but those of cross-attention, one after the other."""
    parts = [[found.embedding], found.attention, found.mlp, [found.constant]]
    return np.concatenate(parts)


def difference(model: Model) -> float:
    """The difference of two logits, by a pass of its own."""
    logits = record(model, TEXT, keep=["logits"]).logits[PLACE]
    return float(logits[TOWARD]) - float(logits[RATHER])


def test_a_cap_is_undone():
    """The same network without its cap gives the same terms, and this difference."""
    capped = fresh("gemma2")
    found = pushed(capped)
    capped.network.config.final_logit_softcapping = None
    plain = pushed(capped)
    assert (found.capped, plain.capped) == (True, False)
    assert abs(difference(capped)) == pytest.approx(abs(found.difference), abs=1e-4)
    np.testing.assert_allclose(terms(found), terms(plain), atol=1e-5)


def test_two_tokens_that_a_cap_has_flattened_are_refused():
    model = fresh("gemma2")
    model.network.config.final_logit_softcapping = 0.02
    with pytest.raises(InspectionError, match="a cap has flattened them"):
        pushed(model)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_factor_is_measured(dtype):
    assert pushed(tiny.model("t5", dtype)).factor == pytest.approx(24**-0.5, rel=0.002)
    model = fresh("llama", dtype)
    usual = pushed(model)
    model.network.lm_head.register_forward_hook(lambda *given: given[-1] * 0.3)
    found = pushed(model)
    assert (usual.factor, found.factor) == (1, pytest.approx(0.3, rel=0.002))
    assert all(check.holds for check in found.checks)
    np.testing.assert_allclose(terms(found), 0.3 * terms(usual), rtol=0.02, atol=1e-4)


def test_a_norm_ahead_of_each_part_two_stacks_and_what_is_added_to_logits():
    """mBART adds a number of its own to each logit, which is 0 in all that was published."""
    each = {"layers": 3, "attention_heads": 4, "ffn_dim": 40}
    sizes = {f"{stack}_{what}": each[what] for stack in ("encoder", "decoder") for what in each}
    base = {**tiny._BASE, "d_model": 24, "max_position_embeddings": 64, "decoder_start_token_id": 2}
    config = transformers.MBartConfig(**base, **sizes)
    network = tiny.built(transformers.MBartForConditionalGeneration, config)
    model = wrapped(network, tiny.tokenizer(), "seq2seq", "tiny-mbart")
    found = pushed(model)
    assert all(check.holds for check in found.checks) and len(found.checks) == 2
    assert found.cross is not None and found.cross.all() and found.attention_bias.all()
    network.final_logits_bias[0, ::2] = 0.1
    with pytest.raises(InspectionError, match="not one matrix times its normed stream"):
        pushed(model)


@pytest.mark.parametrize(
    ("family", "kind", "more"),
    [("gpt2", "layer", 0), ("llama", "rms", 0), ("gemma3", "rms", 1), ("mpt", "layer", 0)],
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_norm_is_known_by_what_it_does(family, kind, more, dtype):
    model = tiny.model(family, dtype)
    last = record(model, TEXT, keep=["residual"]).stack().residual[-1]
    parts = model.anatomy.stacks["decoder"]
    found = frozen_norm(model, parts, last, PLACE)
    row = last[PLACE].astype(np.float64)
    size = row.std() if kind == "layer" else np.sqrt(np.square(row).mean())
    weight = part(model.network.base_model, parts.final_norm).weight.double().numpy()
    assert found.kind == kind
    assert found.scale == pytest.approx(1 / size, rel=0.01)
    np.testing.assert_array_equal(found.gain, weight + more)


def test_a_head_that_is_more_than_a_matrix_is_refused():
    model = fresh("llama")
    model.network.lm_head.register_forward_hook(lambda *given: given[-1].sigmoid())
    with pytest.raises(InspectionError, match="not one matrix times its normed stream"):
        pushed(model)


def test_a_matrix_of_another_width_is_refused():
    model = fresh("llama")
    model.network.set_output_embeddings(nn.Sequential(nn.Linear(24, 16), nn.Linear(16, 261)))
    model.network.lm_head.weight = model.network.lm_head[1].weight
    with pytest.raises(InspectionError, match="261 x 16; 261 x 24 was expected"):
        pushed(model)


class Squared(nn.Module):
    """No norm."""

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        return states.square()


def test_a_norm_of_another_kind_is_refused():
    model = fresh("llama")
    model.network.model.norm = Squared()
    with pytest.raises(InspectionError, match=r"\(Squared\) is neither a root-mean-square norm"):
        pushed(model)


def test_errors_that_do_not_conspire_add_up_as_a_root():
    assert together(np.ones(4)) == 4
    assert together(np.ones(10_000)) == pytest.approx(1000)
    assert np.isnan(together(np.array([1.0, np.nan])))
