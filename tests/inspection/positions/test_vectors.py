"""A model's own queries and keys: our rotation is transformers', for each type and family."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers as hf
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from components.inspection import tap
from components.inspection.anatomy import anatomy_of
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.positions.rope import rope_of, rotates
from components.inspection.positions.rotation import turned
from components.inspection.positions.spectrum import mixed, spectrum
from components.inspection.positions.vectors import rotated_vectors
from tests import tiny
from tests.inspection.positions.tools import state_of

TEXT = "to be, or not to be"
ROTATING = [name for name in tiny.FAMILIES if rotates(tiny.model(name))]
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


def llama(**changes: object) -> Model:
    """A tiny Llama with other settings than `tiny`'s."""
    arguments = tiny.FAMILIES["llama"][3] | changes
    return wrapped(hf.LlamaForCausalLM, hf.LlamaConfig(**arguments))


def wrapped(concrete: type, config: hf.PretrainedConfig) -> Model:
    """Build a network with random weights and wrap it as Vitrine does."""
    config._attn_implementation = tap.NAME
    torch.manual_seed(0)
    network = concrete(config).eval().requires_grad_(False)
    return Model(
        "tiny", "main", "causal", network, tiny.tokenizer(), anatomy_of(network), 64, watched=True
    )


def test_every_rope_type_of_transformers_is_tried():
    assert set(TYPES) == {"default", *ROPE_INIT_FUNCTIONS}


@pytest.mark.parametrize("kind", TYPES)
def test_our_rotation_is_transformers_for_every_rope_type(kind):
    model = llama(rope_parameters={"rope_type": kind, "rope_theta": 100.0, **TYPES[kind]})
    found = rotated_vectors(model, TEXT, layer=2)
    assert found.error <= found.tolerance < 1e-4
    assert found.rope.kind == kind


@pytest.mark.parametrize("family", ROTATING)
def test_our_rotation_is_the_model_s_in_every_family(family):
    model = tiny.model(family)
    found = rotated_vectors(model, TEXT, layer=1)
    assert found.error <= found.tolerance < 1e-4
    assert found.rope.convention == ("interleaved" if family == "gptj" else "split-half")
    if found.rope.pairs > 1:
        assert found.other_error > 1000 * found.error
    # Where nothing turns (position 0) before and after are the same.
    np.testing.assert_allclose(found.queries[:, 0], found.turned_queries[:, 0], atol=1e-6)
    assert np.abs(found.queries[:, 5] - found.turned_queries[:, 5]).max() > 0.1


def test_partial_rotary_leaves_the_rest_alone():
    assert {name: rope_of(tiny.model(name)).turned for name in ("gpt_neox", "phi", "gptj")} == {
        "gpt_neox": 2,
        "phi": 4,
        "gptj": 4,
    }
    found = rotated_vectors(tiny.model("phi"), TEXT, layer=0)
    np.testing.assert_allclose(found.queries[..., 4:], found.turned_queries[..., 4:], atol=1e-6)


def test_the_vectors_before_are_what_the_projections_give():
    model = tiny.model("llama")
    kept = {}
    attention = model.network.model.layers[1].self_attn
    hooks = [
        getattr(attention, name).register_forward_hook(
            lambda module, given, out, name=name: kept.update({name: out[0]})
        )
        for name in ("q_proj", "k_proj")
    ]
    try:
        with torch.no_grad():
            model.network(torch.tensor([model.encode(TEXT)]))
    finally:
        for hook in hooks:
            hook.remove()
    found = rotated_vectors(model, TEXT, layer=1)
    for name, ours in (("q_proj", found.queries), ("k_proj", found.keys)):
        theirs = kept[name].unflatten(-1, (-1, 6)).transpose(0, 1).numpy()
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_the_scores_of_turned_vectors_are_those_the_model_multiplies():
    found = rotated_vectors(tiny.model("llama"), TEXT, layer=0)
    right = mixed(found, head=3)
    np.testing.assert_allclose(right.right, found.weights[3], atol=1e-6)
    assert right.converted_error < 1e-5 < 0.1 < right.mistaken_error


def test_the_shared_model_is_left_as_it_was():
    for family in ("llama", "gemma3", "gptj", "falcon"):
        model = tiny.model(family)
        before = state_of(model)
        rotated_vectors(model, TEXT, layer=1)
        assert state_of(model) == before


def test_layers_that_differ_are_told_apart():
    model = tiny.model("gemma3")
    found = spectrum(model)
    assert sorted(layer for layers in found.layers for layer in layers) == [0, 1, 2]
    assert spectrum(tiny.model("llama")).layers == ((0, 1, 2),)
    differing = llama(
        rope_parameters={"rope_type": "linear", "rope_theta": 10_000.0, "factor": 2.0}
    )
    ours, plain = rope_of(differing).frequencies, rope_of(tiny.model("llama")).frequencies
    np.testing.assert_allclose(2 * ours, plain)


@pytest.mark.parametrize(
    ("family", "convention"),
    [("Cohere", "interleaved"), ("Glm", "interleaved"), ("Olmo", "split-half")],
)
def test_the_convention_of_a_family_without_a_row_is_found_out(family, convention):
    arguments = tiny.FAMILIES["llama"][3] | {"head_dim": 6}
    config = getattr(hf, f"{family}Config")(**arguments)
    model = wrapped(getattr(hf, f"{family}ForCausalLM"), config)
    found = rotated_vectors(model, TEXT, 1)
    assert found.rope.convention == convention
    assert found.error <= found.tolerance
    assert {rope.convention for rope in spectrum(model).ropes} == {convention}


def test_a_layer_without_rotation_says_so():
    arguments = tiny.FAMILIES["llama"][3] | {"no_rope_layers": [1, 0, 1]}
    arguments.pop("head_dim")
    model = wrapped(hf.SmolLM3ForCausalLM, hf.SmolLM3Config(**arguments))
    assert rotated_vectors(model, TEXT, 0).error < 1e-5
    with pytest.raises(InspectionError, match=r"Layer 1 .* does not rotate"):
        rotated_vectors(model, TEXT, 1)


@pytest.mark.parametrize(
    ("family", "said"),
    [
        ("gpt2", "adds a learned vector"),
        ("bert", "adds a learned vector"),
        ("bloom", "ALiBi"),
        ("falcon_alibi", "ALiBi"),
        ("t5", "T5's buckets"),
    ],
)
def test_a_model_that_does_not_rotate_says_what_it_does(family, said):
    with pytest.raises(InspectionError, match=said):
        rotated_vectors(tiny.model(family), TEXT, 0)


def test_a_layer_that_does_not_exist_is_refused():
    with pytest.raises(InspectionError, match="layers 0 to 2"):
        rotated_vectors(tiny.model("llama"), TEXT, 3)


def test_the_result_can_be_sent_elsewhere():
    found = rotated_vectors(tiny.model("llama"), TEXT, 0)
    again = pickle.loads(pickle.dumps(found))
    position = np.arange(len(again.tokens), dtype=np.float32)
    np.testing.assert_allclose(
        turned(again.queries, position, again.rope), found.turned_queries, atol=1e-5
    )


def test_in_16_bits_the_rounding_is_allowed_for_and_the_pairs_still_told_apart():
    network = tiny.network("llama").to(torch.bfloat16)
    found = rotated_vectors(replace(tiny.model("llama"), network=network), TEXT, 1)
    assert 1e-4 < found.error <= found.tolerance
    assert found.rope.convention == "split-half"
    assert found.other_error > 10 * found.error
