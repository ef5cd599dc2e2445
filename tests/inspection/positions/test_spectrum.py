"""The rotations of all layers, and attention with pairs formed the wrong way."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers as hf

from components.inspection.errors import InspectionError
from components.inspection.positions import spectrum as spectra
from components.inspection.positions.fitting import rotation_check
from components.inspection.positions.labels import formula_check
from components.inspection.positions.spectrum import compare_pairings, spectrum
from components.inspection.positions.vectors import RotatedVectors, rotated_vectors
from tests import tiny
from tests.inspection.positions import networks
from tests.inspection.positions.test_measured import ROTATING

TEXT = "to be, or not to be"
DTYPES = ["float32", "bfloat16", "float16"]


def llama(**changes: object):
    """A tiny Llama with other settings than `tiny`'s, as a model."""
    return networks.model(networks.llama(**changes))


def verdicts(found) -> list[str]:
    return [check.verdict for check in found.checks]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ["llama", "gemma2", "mistral", "gpt_neox", "gptj", "phi"])
def test_attention_of_turned_vectors_is_the_model_s_with_cap_window_and_sharing(family, dtype):
    model = tiny.model(family, dtype)
    for layer in (0, 1):
        found = compare_pairings(model, TEXT, layer, head=3)
        assert verdicts(found) == ["holds", "holds"]
        if found.rope.pairs > 1:
            assert found.mistaken_error > 0.1


@pytest.mark.parametrize("dtype", DTYPES)
def test_attention_of_turned_vectors_leaves_a_sink_its_share(dtype):
    network = networks.of(
        "GptOss",
        num_local_experts=4,
        num_experts_per_tok=2,
        sliding_window=5,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
    )
    found = compare_pairings(networks.model(network, dtype=dtype), TEXT, 0, 2)
    assert verdicts(found) == ["holds", "holds"]
    assert found.right.sum(-1).max() < 0.999


def test_layers_that_differ_are_told_apart():
    found = spectrum(tiny.model("gemma3"))
    assert sorted(found.layers) == [(0, 2), (1,)]
    by_layer = dict(zip(found.layers, found.ropes, strict=True))
    config = tiny.model("gemma3").network.config.rope_parameters
    assert by_layer[0, 2].theta == config["sliding_attention"]["rope_theta"]
    assert by_layer[1,].theta == config["full_attention"]["rope_theta"]
    assert spectrum(tiny.model("llama")).layers == ((0, 1, 2),)
    differing = llama(rope_parameters={"rope_type": "linear", "rope_theta": 1e4, "factor": 2.0})
    ours, plain = (spectrum(m).ropes[0].frequencies for m in (differing, tiny.model("llama")))
    np.testing.assert_allclose(2 * ours, plain, rtol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", sorted(ROTATING))
def test_the_spectrum_s_checks_hold(family, dtype):
    found = spectrum(tiny.model(family, dtype))
    for rope, checks in zip(found.ropes, found.checks, strict=True):
        assert rope.kind == "default"
        assert [check.verdict for check in checks] == ["holds", "holds"]


def test_frequencies_of_no_base_are_said_to_be_of_none():
    network = networks.llama()
    rotary = network.model.rotary_emb
    rotary.inv_freq.copy_(torch.tensor([1.0, 0.4, 0.1]))
    found = spectrum(networks.model(network))
    assert found.ropes[0].kind == "unknown"
    assert np.isnan(found.ropes[0].theta)
    assert [check.verdict for check in found.checks[0]] == ["holds"]


def test_a_base_that_the_layer_does_not_use_is_not_shown():
    """The configuration states one, the module was made with another."""
    network = networks.llama()
    network.model.rotary_emb.inv_freq.copy_(500.0 ** -(torch.arange(3) / 3))
    assert spectrum(networks.model(network)).ropes[0].theta == pytest.approx(500, rel=1e-5)


@pytest.mark.sabotage(
    "turned by these angles, queries and keys become those the network multiplies"
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_frequencies_of_the_other_layer_type_turn_the_check_red(dtype):
    model = tiny.model("gemma3", dtype)
    found = rotated_vectors(model, TEXT, 0)
    (full,) = (rope for rope, layers in zip(*_of(spectrum(model)), strict=True) if 1 in layers)
    pairs = (found.queries, found.keys), (found.rotated_queries, found.rotated_keys)
    assert rotation_check(*pairs, full, 0.0, dtype).verdict == "fails"


def _of(found):
    return found.ropes, found.layers


@pytest.mark.sabotage("the frequencies are those of the formula")
@pytest.mark.parametrize("dtype", DTYPES)
def test_another_base_turns_the_formula_red(dtype):
    rope = spectrum(tiny.model("llama", dtype)).ropes[0]
    assert formula_check(rope, 0.0).verdict == "holds"
    assert formula_check(replace(rope, theta=10_500.0), 0.0).verdict == "fails"


@pytest.mark.sabotage("attention by the model's own pairs is the model's")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("wrong", ["key-value heads", "scale", "mask"])
def test_another_key_scale_or_mask_turns_attention_red(wrong, dtype, monkeypatch):
    if wrong == "key-value heads":
        # Tiled instead of repeated.
        monkeypatch.setattr(RotatedVectors, "key_head", lambda self, head: head % len(self.keys))
    own = spectra._attention

    def otherwise(found, head, dots):
        if wrong == "scale":
            return own(found, head, dots * 2)
        if wrong == "mask":
            scores = np.array(found.attention.scores)
            scores[..., -1, 0] = -1e9
            return own(
                replace(found, attention=replace(found.attention, scores=scores)), head, dots
            )
        return own(found, head, dots)

    monkeypatch.setattr(spectra, "_attention", otherwise)
    assert compare_pairings(tiny.model("llama", dtype), TEXT, 0, 2).checks[0].verdict == "fails"


@pytest.mark.sabotage("vectors and pairs both put the other way, all scores agree")
def test_vectors_left_as_they_are_would_be_seen(monkeypatch):
    monkeypatch.setattr(spectra, "permutation", lambda rope: np.arange(rope.size))
    assert compare_pairings(tiny.model("llama"), TEXT, 0, 2).checks[1].verdict == "fails"


def test_a_head_that_does_not_exist_is_refused():
    with pytest.raises(InspectionError, match="no head 4: layer 0 has 4 heads"):
        compare_pairings(tiny.model("llama"), TEXT, 0, 4)


def test_a_rope_type_of_a_family_with_several_is_that_of_the_layer():
    config = hf.Gemma3TextConfig(
        **tiny.FAMILIES["gemma3"][3]
        | {
            "rope_parameters": {
                "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
                "full_attention": {"rope_type": "linear", "rope_theta": 1e6, "factor": 8.0},
            }
        }
    )
    found = spectrum(networks.model(tiny.built(hf.Gemma3ForCausalLM, config)))
    assert {rope.kind: layers for rope, layers in zip(*_of(found), strict=True)} == {
        "default": (0, 2),
        "linear": (1,),
    }
