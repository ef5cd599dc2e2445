"""Other rotations: transformers' numbers, the shared model untouched, perplexity as measured."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from components.inspection.errors import InspectionError
from components.inspection.positions.growth import SCORED, growth, lengths_for, stories
from components.inspection.positions.rope import rope_of, rotates
from components.inspection.positions.rotation import Rope, frequencies, turned
from components.inspection.positions.stretch import (
    attention_under,
    parameters_for,
    stretched,
    under,
)
from components.inspection.positions.ways import NAMES, Stretch
from tests import tiny
from tests.inspection.positions.tools import state_of

TEXT = "to be, or not to be"
ROTATING = [name for name in tiny.FAMILIES if rotates(tiny.model(name))]
SIXTEEN = Rope(
    frequencies(16).astype(np.float32), 1.0, 16, "split-half", "default", 10_000.0, 256
)  # fmt: skip


def logits(network: torch.nn.Module, ids: list[int], positions: object = None) -> np.ndarray:
    arguments = {} if positions is None else {"position_ids": positions}
    with torch.no_grad():
        return network(torch.tensor([ids]), **arguments).logits[0].numpy()


@pytest.mark.parametrize("family", ROTATING)
def test_a_twin_with_the_model_s_own_parameters_is_the_model_bit_for_bit(family):
    model = tiny.model(family)
    before = state_of(model)
    ids = model.encode(TEXT)
    other = stretched(model, Stretch("trained"), len(ids))
    np.testing.assert_array_equal(logits(other.network, ids), logits(model.network, ids))
    shared = {id(weight) for weight in model.network.parameters()}
    assert {id(weight) for weight in other.network.parameters()} == shared
    assert state_of(model) == before


@pytest.mark.parametrize("family", ["llama", "gemma3", "gptj", "phi"])
@pytest.mark.parametrize("way", NAMES)
def test_the_shared_model_is_untouched_by_every_way(family, way):
    model = tiny.model(family)
    before, ids = state_of(model), model.encode(TEXT)
    said = logits(model.network, ids)
    found = attention_under(model, TEXT, 1, 2, Stretch(way, 3.0))
    assert (found.logit_change > 0) == (way not in ("trained", "dynamic"))
    assert found.same_as_model == 0
    assert state_of(model) == before
    np.testing.assert_array_equal(logits(model.network, ids), said)


def test_linear_stretching_is_reading_at_positions_divided_by_the_factor():
    model = tiny.model("llama")
    ids = model.encode(TEXT)
    other = stretched(model, Stretch("linear", 4.0), len(ids))
    interpolated = logits(model.network, ids, torch.arange(len(ids))[None] / 4)
    np.testing.assert_allclose(logits(other.network, ids), interpolated, atol=1e-5)
    assert np.abs(interpolated - logits(model.network, ids)).max() > 1e-2


@pytest.mark.parametrize(
    ("way", "length", "expected"),
    [
        ("linear", 1024, [0.25, 0.07906, 0.025]),
        ("dynamic", 400, [1, 0.26722, 0.07141, 0.01908]),
        ("dynamic", 256, [1, 0.31623, 0.1, 0.03162]),
        ("yarn", 256, [1, 0.23717, 0.05, 0.00791, 0.0025]),
        ("longrope", 256, [1, 0.31623, 0.1, 0.03162]),
    ],
)
def test_frequencies_come_out_as_measured_in_transformers(way, length, expected):
    """Sixteen numbers a head, theta 10,000, trained for 256 (YaRN: 64), stretched four times."""
    rope = replace(SIXTEEN, context=64) if way == "yarn" else SIXTEEN
    found = under(rope, Stretch(way, 4.0), length).frequencies
    np.testing.assert_allclose(found[: len(expected)], expected, rtol=2e-3)


@pytest.mark.parametrize("way", [way for way in NAMES if way != "trained"])
def test_our_cos_and_sin_are_those_of_transformers_past_the_context(way):
    stretch, length = Stretch(way, 4.0), 1000
    changed = under(SIXTEEN, stretch, length)
    config = LlamaConfig(
        head_dim=16,
        max_position_embeddings=256 if way == "dynamic" else 1024,
        rope_parameters=parameters_for(SIXTEEN, {}, stretch),
    )
    cos, sin = LlamaRotaryEmbedding(config)(torch.zeros(1), torch.arange(length)[None])
    ones, zeros = np.zeros(16, np.float32), np.arange(length, dtype=np.float32)
    ones[:8] = 1
    ours = turned(ones, zeros, changed)
    np.testing.assert_allclose(ours[:, :8], cos[0, :, :8].numpy(), atol=2e-6)
    np.testing.assert_allclose(ours[:, 8:], sin[0, :, :8].numpy(), atol=2e-6)


def test_yarn_warms_the_scores_and_theta_slows_the_slowest_pair_by_the_factor():
    assert under(SIXTEEN, Stretch("yarn", 4.0), 1024).scaling == pytest.approx(0.1 * np.log(4) + 1)
    slower = SIXTEEN.frequencies / under(SIXTEEN, Stretch("theta", 4.0), 1024).frequencies
    assert slower[0] == pytest.approx(1)
    assert slower[-1] == pytest.approx(4, rel=1e-4)
    assert (np.diff(slower) > 0).all()


@pytest.mark.parametrize("stretch", [Stretch("linear", 0.5), Stretch("linear", 17.0)])
def test_a_factor_out_of_range_is_refused(stretch):
    with pytest.raises(InspectionError, match="factors 1 to 16"):
        under(SIXTEEN, stretch, 100)


def test_one_pair_cannot_be_stretched():
    with pytest.raises(InspectionError, match="at least two"):
        attention_under(tiny.model("gpt_neox"), TEXT, 0, 0, Stretch("dynamic"))


def test_a_head_that_does_not_exist_is_refused():
    with pytest.raises(InspectionError, match="no head 9"):
        attention_under(tiny.model("llama"), TEXT, 0, 9, Stretch("yarn"))


def test_lengths_go_from_half_the_context_to_four_times_it():
    assert lengths_for(512, 10_000) == (256, 384, 512, 640, 768, 1024, 1280, 1536, 2048)
    assert lengths_for(512, 700)[-1] == 640
    assert lengths_for(2048, 10**6)[-1] == 4096


def test_perplexity_is_that_of_a_plain_pass_over_the_last_tokens():
    model = tiny.model("llama")
    text = "".join(chr(97 + (i * i) % 26) for i in range(260))
    *_, found = growth(model, text, (Stretch("trained"), Stretch("yarn", 4.0)))
    assert found.done == 1
    assert found.context == 64
    ids = torch.tensor([model.tokenizer.backend_tokenizer.encode(text).ids[-found.lengths[1] :]])
    labels = ids.clone()
    labels[:, :-SCORED] = -100
    with torch.no_grad():
        loss = model.network(ids, labels=labels).loss
    assert found.perplexity[0, 1] == pytest.approx(float(loss.exp()), rel=1e-4)
    assert (found.perplexity[0] != found.perplexity[1]).all()


def test_the_shared_model_is_untouched_by_a_measurement():
    model = tiny.model("llama")
    before = state_of(model)
    for _ in growth(model, "ab" * 150, (Stretch("dynamic", 4.0), Stretch("longrope", 4.0))):
        pass
    assert state_of(model) == before


@pytest.mark.parametrize(
    ("family", "text", "said"),
    [
        ("llama", "short", "Take a longer text"),
        ("gpt2", "x" * 300, "learned vector"),
        ("bert", "x" * 300, "learned vector"),
        ("llama", "a\ud800", "half a character"),
    ],
)
def test_what_cannot_be_measured_is_explained(family, text, said):
    with pytest.raises(InspectionError, match=said):
        list(growth(tiny.model(family), text, (Stretch("trained"),)))


def test_the_stories_are_longer_than_four_contexts_of_the_bundled_model():
    model = tiny.model("llama")
    assert stories(model).count("</s>") > 20
    assert rope_of(model).context == 64
