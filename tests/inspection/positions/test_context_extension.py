"""Other rotations: transformers' numbers, the shared model untouched, perplexity as measured."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from components.inspection.errors import InspectionError
from components.inspection.positions import context_extension as module
from components.inspection.positions import extended_attention
from components.inspection.positions.context_extension import (
    extended,
    parameters_for,
    target,
    target_or_none,
    under,
)
from components.inspection.positions.extended_attention import attention_under, rebuilt_check
from components.inspection.positions.extension_methods import NAMES, ContextExtension
from components.inspection.positions.rotation import Rope, frequencies, rotated
from tests import tiny
from tests.inspection.positions import networks
from tests.inspection.positions.test_measured import ROTATING
from tests.inspection.positions.tools import state_of

TEXT = "to be, or not to be"
DTYPES = ["float32", "bfloat16", "float16"]
SIXTEEN = Rope(frequencies(16).astype(np.float32), 1.0, 16, "split-half", "default", 10_000.0, 256)


def logits(network: torch.nn.Module, ids: list[int], positions: object = None) -> np.ndarray:
    arguments = {} if positions is None else {"position_ids": positions}
    with torch.no_grad():
        return network(torch.tensor([ids]), **arguments).logits[0].numpy()


@pytest.mark.parametrize("family", sorted(ROTATING))
def test_a_twin_with_the_model_s_own_parameters_is_the_model_bit_for_bit(family):
    model = tiny.model(family)
    before = state_of(model)
    ids = model.encode(TEXT)
    other = extended(model, ContextExtension("trained"), len(ids))
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
    found = attention_under(model, TEXT, 1, 2, ContextExtension(way, 3.0))
    assert (found.logit_change > 0) == (way not in ("trained", "dynamic"))
    assert [check.verdict for check in found.checks] == ["holds"]
    assert state_of(model) == before
    np.testing.assert_array_equal(logits(model.network, ids), said)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", sorted(ROTATING))
def test_handed_the_measured_angles_each_family_answers_as_ever(family, dtype):
    model = tiny.model(family, dtype)
    found = rebuilt_check(model, model.encode(TEXT))
    assert found.verdict == "holds"
    if dtype == "float32":
        assert found.bound < 1e-3


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "network",
    [
        networks.deepseek_v2,
        networks.deepseek_v3,
        networks.llama4,
        networks.qwen3_next,
        networks.smollm3,
        lambda: networks.of("Cohere"),
        lambda: networks.of("NanoChat"),
    ],
)
def test_so_do_families_without_a_row(network, dtype):
    """Complex angles, turned numbers that stand last, neighbours, backwards, some layers only."""
    model = networks.model(network(), dtype=dtype)
    assert rebuilt_check(model, model.encode(TEXT)).verdict == "holds"
    layer = target(model).layers[0]
    for way in ("linear", "yarn"):
        found = attention_under(model, TEXT, layer, 1, ContextExtension(way, 4.0))
        assert found.logit_change > 0
        assert found.checks[0].verdict == "holds"


@pytest.mark.parametrize("kind", ["llama3", "yarn", "linear", "dynamic", "longrope"])
@pytest.mark.parametrize("way", NAMES)
def test_a_model_that_is_stretched_already_can_be_stretched_anew(kind, way):
    """The way replaces the model's own, and starts from its base and its first length."""
    own = {
        "llama3": {
            "factor": 8.0,
            "original_max_position_embeddings": 32,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
        },
        "yarn": {"factor": 4.0, "original_max_position_embeddings": 16},
        "linear": {"factor": 4.0},
        "dynamic": {"factor": 4.0},
        "longrope": {
            "factor": 4.0,
            "original_max_position_embeddings": 16,
            "short_factor": [1.0, 1.1, 1.3],
            "long_factor": [1.0, 2.0, 4.0],
        },
    }[kind]
    network = networks.llama(rope_parameters={"rope_type": kind, "rope_theta": 500.0, **own})
    model = networks.model(network)
    found = attention_under(model, TEXT, 1, 2, ContextExtension(way, 4.0))
    assert found.checks[0].verdict == "holds"
    context = own.get("original_max_position_embeddings", 64)
    assert (found.target.rope.theta, found.target.rope.context) == (500.0, context)
    if way != "trained":
        plain = networks.llama(
            max_position_embeddings=context,
            rope_parameters={"rope_type": "default", "rope_theta": 500.0},
        )
        base = target(networks.wrapped(plain, tiny.tokenizer(), "causal", "plain")).rope
        ours, theirs = (
            under(rope, ContextExtension(way, 4.0), 100) for rope in (found.target.rope, base)
        )
        np.testing.assert_allclose(ours.frequencies, theirs.frequencies, rtol=1e-6)


def test_only_the_layers_of_full_attention_are_stretched_where_types_turn_differently():
    found = target(tiny.model("gemma3"))
    assert (found.layers, found.others) == ((1,), (0, 2))
    assert target(tiny.model("gemma2")).layers == (0, 1, 2)
    assert target_or_none(tiny.model("gpt2")) is None


@pytest.mark.parametrize("factor", [1.0, 4.0, 16.0])
def test_dynamic_ntk_slows_the_slowest_pair_by_its_square_at_the_wanted_length(factor):
    changed = under(SIXTEEN, ContextExtension("dynamic", factor), int(256 * factor))
    slower = SIXTEEN.frequencies[-1] / changed.frequencies[-1]
    assert slower == pytest.approx(factor**2 - factor + 1, rel=1e-4)


def test_linear_interpolation_disturbs_texts_within_the_trained_length_too():
    """Why it is meant to be followed by training: the bundled model, untrained for it."""
    model = tiny.model("llama")
    found = attention_under(model, TEXT, 0, 0, ContextExtension("linear", 4.0))
    same = attention_under(model, TEXT, 0, 0, ContextExtension("dynamic", 4.0))
    assert found.logit_change > 0.01 > same.logit_change == 0


def test_linear_stretching_is_reading_at_positions_divided_by_the_factor():
    model = tiny.model("llama")
    ids = model.encode(TEXT)
    other = extended(model, ContextExtension("linear", 4.0), len(ids))
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
    found = under(rope, ContextExtension(way, 4.0), length).frequencies
    np.testing.assert_allclose(found[: len(expected)], expected, rtol=2e-3)


@pytest.mark.parametrize("way", [way for way in NAMES if way != "trained"])
def test_our_cos_and_sin_are_those_of_transformers_past_the_context(way):
    extension, length = ContextExtension(way, 4.0), 1000
    changed = under(SIXTEEN, extension, length)
    config = LlamaConfig(
        head_dim=16,
        max_position_embeddings=256 if way == "dynamic" else 1024,
        rope_parameters=parameters_for(SIXTEEN, extension),
    )
    cos, sin = LlamaRotaryEmbedding(config)(torch.zeros(1), torch.arange(length)[None])
    ones, zeros = np.zeros(16, np.float32), np.arange(length, dtype=np.float32)
    ones[:8] = 1
    ours = rotated(ones, zeros, changed)
    np.testing.assert_allclose(ours[:, :8], cos[0, :, :8].numpy(), atol=2e-6)
    np.testing.assert_allclose(ours[:, 8:], sin[0, :, :8].numpy(), atol=2e-6)


def test_by_parts_is_yarn_without_its_temperature():
    yarn, parts = (under(SIXTEEN, ContextExtension(way, 4.0), 1024) for way in ("yarn", "by_parts"))
    np.testing.assert_array_equal(yarn.frequencies, parts.frequencies)
    assert (parts.scaling, yarn.scaling > 1.1) == (1.0, True)


def test_yarn_warms_the_scores_and_theta_slows_the_slowest_pair_by_the_factor():
    assert under(SIXTEEN, ContextExtension("yarn", 4.0), 1024).scaling == pytest.approx(
        0.1 * np.log(4) + 1
    )
    slower = SIXTEEN.frequencies / under(SIXTEEN, ContextExtension("theta", 4.0), 1024).frequencies
    assert slower[0] == pytest.approx(1)
    assert slower[-1] == pytest.approx(4, rel=1e-4)
    assert (np.diff(slower) > 0).all()


@pytest.mark.parametrize(
    "extension", [ContextExtension("linear", 0.5), ContextExtension("linear", 17.0)]
)
def test_a_factor_out_of_range_is_refused(extension):
    with pytest.raises(InspectionError, match="factors 1 to 16"):
        under(SIXTEEN, extension, 100)


def test_one_pair_cannot_be_stretched():
    with pytest.raises(InspectionError, match="at least two"):
        attention_under(tiny.model("gpt_neox"), TEXT, 0, 0, ContextExtension("dynamic"))


def test_a_head_that_does_not_exist_is_refused():
    with pytest.raises(InspectionError, match="no head 9"):
        attention_under(tiny.model("llama"), TEXT, 0, 9, ContextExtension("yarn"))


@pytest.mark.sabotage("handed the angles of the frequencies shown, the network answers as ever")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("wrong", ["frequencies", "scaling", "swapped"])
@pytest.mark.parametrize("family", ["llama", "gptj", "gemma3"])
def test_other_angles_than_the_model_s_turn_the_check_red(family, wrong, dtype, monkeypatch):
    own = module.turns_of

    def otherwise(speeds, scaling, tokens):
        if wrong == "frequencies":
            return own(speeds * 3, scaling, tokens)
        if wrong == "scaling":
            return own(speeds, scaling * 2, tokens)
        return (
            1j * own(speeds, scaling, tokens).conj() if tokens > 1 else own(speeds, scaling, tokens)
        )

    monkeypatch.setattr(module, "turns_of", otherwise)
    if dtype == "bfloat16" and wrong != "scaling":
        pytest.skip("what that changes in these random networks is below bfloat16's noise")
    model = tiny.model(family, dtype)
    ids = model.encode("the dog bit the man, and the man bit it")
    found = extended_attention.rebuilt_check(model, ids)
    assert found.verdict == "fails"


@pytest.mark.parametrize(
    ("rope", "said"),
    [
        (replace(SIXTEEN, kind="proportional"), "leaves a share of its pairs unrotated"),
        (replace(SIXTEEN, kind="unknown", theta=float("nan")), "for any base"),
        (replace(SIXTEEN, frequencies=SIXTEEN.frequencies[:1]), "at least two"),
    ],
)
def test_what_cannot_be_stretched_is_explained(rope, said):
    with pytest.raises(InspectionError, match=said):
        under(rope, ContextExtension("yarn", 4.0), 100)
