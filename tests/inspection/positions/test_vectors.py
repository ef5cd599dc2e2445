"""A model's own queries and keys: our rotation is transformers', for each type and family."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from components.inspection.errors import InspectionError
from components.inspection.positions.fitting import rotation_check
from components.inspection.positions.rotation import other, rotated
from components.inspection.positions.spectrum import spectrum
from components.inspection.positions.vectors import RotatedVectors, rotated_vectors
from tests import tiny
from tests.inspection.positions import networks
from tests.inspection.positions.test_measured import ROTATING
from tests.inspection.positions.tools import state_of

TEXT = "to be, or not to be"
DTYPES = ["float32", "bfloat16", "float16"]
TYPES = {
    "default": {},
    "linear": {"factor": 4.0},
    "dynamic": {"factor": 4.0},
    "yarn": {"factor": 4.0, "original_max_position_embeddings": 16},
    "longrope": {
        "factor": 4.0,
        "original_max_position_embeddings": 16,
        "short_factor": [1.0, 1.1, 1.3],
        "long_factor": [1.0, 2.0, 4.0],
    },
    "llama3": {
        "factor": 8.0,
        "original_max_position_embeddings": 32,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
    },
    "proportional": {"partial_rotary_factor": 0.7},
}


def llama(**changes: object):
    """A tiny Llama with other settings than `tiny`'s, as a model."""
    return networks.model(networks.llama(**changes))


def verdicts(found) -> list[str]:
    return [check.verdict for check in found.checks]


def test_every_rope_type_of_transformers_is_tried():
    assert set(TYPES) == {"default", *ROPE_INIT_FUNCTIONS}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", TYPES)
def test_our_rotation_is_transformers_for_every_rope_type(kind, dtype):
    """The text is longer than what YaRN and LongRoPE were first trained for."""
    network = networks.llama(
        rope_parameters={"rope_type": kind, "rope_theta": 100.0, **TYPES[kind]}
    )
    expected = network.model.rotary_emb
    model = networks.model(network, dtype=dtype)
    found = rotated_vectors(model, TEXT, layer=2)
    assert verdicts(found) == ["holds", "holds"]
    assert found.rope.kind == kind
    with torch.no_grad():
        expected(torch.zeros(1, 1), torch.arange(len(found.tokens))[None])
    np.testing.assert_allclose(found.rope.frequencies, expected.inv_freq.float(), rtol=2e-6)
    assert found.rope.scaling == pytest.approx(float(expected.attention_scaling), rel=1e-6)


def test_a_rotation_of_the_text_s_length_is_that_of_this_text():
    model = llama(
        rope_parameters={"rope_type": "longrope", "rope_theta": 100.0, **TYPES["longrope"]}
    )
    short, long = (rotated_vectors(model, text, 0).rope for text in ("to be", TEXT))
    np.testing.assert_allclose(
        short.frequencies / long.frequencies, [1, 2 / 1.1, 4 / 1.3], rtol=1e-5
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", sorted(ROTATING))
def test_our_rotation_is_the_model_s_in_every_family(family, dtype):
    model = tiny.model(family, dtype)
    found = rotated_vectors(model, TEXT, layer=1)
    assert verdicts(found) == ["holds", "holds"]
    assert found.rope.convention == ("interleaved" if family == "gptj" else "split-half")
    if found.rope.pairs > 1:
        assert found.other_error > 10 * found.checks[0].error
    # Where nothing turns (position 0) before and after are the same.
    np.testing.assert_allclose(
        found.queries[:, 0], found.rotated_queries[:, 0], rtol=2e-2, atol=1e-6
    )
    assert np.abs(found.queries[:, 5] - found.rotated_queries[:, 5]).max() > 0.1
    # Of one token nothing can be told of pairs; they are known from a longer text.
    one = rotated_vectors(model, "a", 1)
    assert one.rope.convention == found.rope.convention
    assert verdicts(one) == ["holds", "holds"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("network", "convention", "start", "direction"),
    [
        (lambda: networks.of("Cohere"), "interleaved", 0, 1),
        (lambda: networks.of("Glm", partial_rotary_factor=1.0), "interleaved", 0, 1),
        (lambda: networks.of("Olmo"), "split-half", 0, 1),
        (lambda: networks.of("NanoChat"), "split-half", 0, -1),
        (networks.llama4, "interleaved", 0, 1),
        (networks.deepseek_v2, "interleaved", 4, 1),
        (networks.deepseek_v3, "split-half", 4, 1),
        (networks.qwen3_next, "split-half", 0, 1),
    ],
)
def test_the_rotation_of_a_family_without_a_row_is_found_out(
    network, convention, start, direction, dtype
):
    model = networks.model(network(), dtype=dtype)
    found = rotated_vectors(model, TEXT, 1)
    assert (found.rope.convention, found.rope.start, found.rope.direction) == (
        convention,
        start,
        direction,
    )
    assert verdicts(found) == ["holds", "holds"]
    assert {rope.convention for rope in spectrum(model).ropes} == {convention}


def test_a_multiplier_of_the_family_s_own_is_the_scale():
    """Granite states one; DeepSeek's is of the whole head, rotated numbers or not."""
    model = networks.model(networks.of("Granite", attention_multiplier=0.3))
    assert rotated_vectors(model, TEXT, 0).scale == pytest.approx(0.3, rel=1e-6)
    latent = rotated_vectors(networks.model(networks.deepseek_v3()), TEXT, 0)
    assert latent.scale == pytest.approx(10**-0.5, rel=1e-6)
    assert rotated_vectors(tiny.model("gemma2"), TEXT, 0).cap == 2.0


def test_partial_rotary_leaves_the_rest_alone():
    turned_numbers = {
        name: spectrum(tiny.model(name)).ropes[0].rotated for name in ("gpt_neox", "phi", "gptj")
    }
    assert turned_numbers == {"gpt_neox": 2, "phi": 4, "gptj": 4}
    found = rotated_vectors(tiny.model("phi"), TEXT, layer=0)
    np.testing.assert_array_equal(found.queries[..., 4:], found.rotated_queries[..., 4:])


def test_the_shared_model_is_left_as_it_was():
    for family in ("llama", "gemma3", "gptj", "falcon"):
        model = tiny.model(family)
        before = state_of(model)
        rotated_vectors(model, TEXT, layer=1)
        assert state_of(model) == before


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (1, r"Layer 1 .* does not turn .* Choose one of layers 0 and 2"),
        (3, "layers 0 to 2"),
        (-1, "layers 0 to 2"),
    ],
)
def test_a_layer_without_rotation_says_so(layer, said):
    model = networks.model(networks.smollm3())
    assert verdicts(rotated_vectors(model, TEXT, 0)) == ["holds", "holds"]
    with pytest.raises(InspectionError, match=said):
        rotated_vectors(model, TEXT, layer)


def test_a_layer_without_attention_says_so():
    with pytest.raises(InspectionError, match=r"Layer 0 .* no attention .* Choose one of layer 1"):
        rotated_vectors(networks.model(networks.qwen3_next()), TEXT, 0)


@pytest.mark.parametrize(
    ("family", "said"),
    [
        ("gpt2", "adds a vector for its position"),
        ("bert", "adds a vector for its position"),
        ("bloom", "ALiBi"),
        ("falcon_alibi", "ALiBi"),
        ("t5", "T5's buckets"),
    ],
)
def test_a_model_that_does_not_rotate_says_what_it_does(family, said):
    with pytest.raises(InspectionError, match=said):
        rotated_vectors(tiny.model(family), TEXT, 0)


def test_the_result_can_be_sent_elsewhere():
    found = rotated_vectors(tiny.model("llama"), TEXT, 0)
    again = pickle.loads(pickle.dumps(found))
    position = np.arange(len(again.tokens), dtype=np.float32)
    np.testing.assert_allclose(
        rotated(again.queries, position, again.rope), found.rotated_queries, atol=1e-5
    )


@pytest.fixture(scope="module", params=DTYPES)
def vectors(request) -> tuple[RotatedVectors, str]:
    return rotated_vectors(tiny.model("phi", request.param), TEXT, 1), request.param


@pytest.mark.sabotage(
    "turned by these angles, queries and keys become those the network multiplies"
)
@pytest.mark.parametrize(
    "wrong",
    [
        other,
        lambda rope: replace(rope, direction=-1),
        lambda rope: replace(rope, start=4),
        lambda rope: replace(rope, scaling=1.1),
        lambda rope: replace(rope, frequencies=rope.frequencies * np.float32(1.1)),
        lambda rope: replace(rope, frequencies=rope.frequencies[:1]),
        lambda rope: replace(rope, frequencies=rope.frequencies[::-1].copy()),
    ],
    ids=[
        "the other pairs",
        "backwards",
        "the last numbers",
        "scaled",
        "another base",
        "one pair",
        "slow pairs first",
    ],
)
def test_another_rotation_turns_the_check_red(wrong, vectors):
    found, dtype = vectors
    pairs = (found.queries, found.keys), (found.rotated_queries, found.rotated_keys)
    assert rotation_check(*pairs, found.rope, 0.0, dtype).verdict == "holds"
    assert rotation_check(*pairs, wrong(found.rope), 0.0, dtype).verdict == "fails"
