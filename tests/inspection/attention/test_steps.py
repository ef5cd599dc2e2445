"""Step by step: equal to the model's own output, for every family."""

import numpy as np
import pytest
import torch

from components.inspection.attention.heads import head_scores
from components.inspection.attention.maps import attention_maps, groups
from components.inspection.attention.projection import output_projection
from components.inspection.attention.rotation import unrotated
from components.inspection.attention.steps import attention_steps
from components.inspection.attention.value_weighted import value_weighted
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from tests import tiny

TEXT = "the cat the cat"
CASES = [
    (family, group)
    for family in tiny.FAMILIES
    for group in (
        ("encoder", "decoder", "cross")
        if tiny.FAMILIES[family][2] == "seq2seq"
        else ("encoder",)
        if tiny.FAMILIES[family][2] in ("masked", "classifier")
        else ("decoder",)
    )
]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize(("family", "group"), CASES)
def test_each_step_is_the_models_own(family, group, dtype):
    model = tiny.model(family, dtype)
    target = "dogs" if model.kind == "seq2seq" else None
    steps = attention_steps(model, TEXT, target, group, 1, 2, 4)
    assert len(steps.checks) == 4
    assert [check.verdict for check in steps.checks] == ["holds"] * 4, steps.checks
    recording = record(model, TEXT, target)
    kind = "cross" if group == "cross" else "self"
    one = list(recording.of("decoder" if group == "cross" else group, kind))[1]
    np.testing.assert_array_equal(steps.weights, one.weights[2, 4])
    # What the network's own mask says, by hand: a decoder sees no later token, Mistral's window,
    # Gemma's and GPT-Neo's local layers four tokens back.
    ahead = np.arange(len(steps.read)) > 4
    window = {"mistral": 5, "gpt_neo": 5}.get(family, 99)
    back = 4 - np.arange(len(steps.read)) >= window
    expected = (ahead | back) if group == "decoder" else np.zeros_like(ahead)
    np.testing.assert_array_equal(steps.hidden, expected)


@pytest.mark.parametrize("family", ["gpt2", "bert", "bloom", "t5"])
def test_a_model_that_does_not_rotate_has_nothing_to_turn_back(family):
    model = tiny.model(family)
    assert unrotated(model, model.encode(TEXT), 0) is None


@pytest.mark.parametrize("family", ["llama", "qwen3", "gemma3", "gpt_neox", "phi", "gptj"])
def test_the_effect_of_position_alone_can_be_told(family):
    """At one's own place both are turned alike: there and only there the products are equal."""
    model = tiny.model(family)
    steps = attention_steps(model, TEXT, None, "decoder", 1, 2, 6)
    assert steps.unrotated_dots is not None
    change = np.abs(steps.unrotated_dots - steps.dots)
    assert change[6] < 1e-4 < change[:6].max()


def test_the_distance_bias_of_alibi_is_a_straight_line():
    steps = attention_steps(tiny.model("bloom"), TEXT, None, "decoder", 0, 1, 12)
    assert steps.bias is not None
    falls = np.diff(steps.bias[:13])
    np.testing.assert_allclose(falls, falls[0], atol=1e-5)
    assert falls[0] > 0  # nearer tokens get more


def test_the_cap_of_gemma_2_is_one_of_the_steps():
    steps = attention_steps(tiny.model("gemma2"), TEXT, None, "decoder", 1, 0, 8)
    assert steps.cap == 2.0
    assert np.abs(steps.scores[~steps.hidden]).max() < 2


def test_query_heads_share_their_key_value_head(tiny_causal):
    one = attention_steps(tiny_causal, TEXT, None, "decoder", 0, 2, 5)
    other = attention_steps(tiny_causal, TEXT, None, "decoder", 0, 3, 5)
    assert (one.kv_head, other.kv_head) == (1, 1)
    np.testing.assert_array_equal(one.keys, other.keys)
    assert np.abs(one.query - other.query).max() > 0


@pytest.mark.parametrize(
    ("layer", "head", "place", "name"), [(9, 0, 0, "layer"), (0, 4, 0, "head"), (0, 0, 99, "token")]
)
def test_what_is_not_there_is_explained(tiny_causal, layer, head, place, name):
    with pytest.raises(InspectionError, match=f"no {name}"):
        attention_steps(tiny_causal, TEXT, None, "decoder", layer, head, place)


@pytest.mark.parametrize("family", ["gpt2", "llama", "falcon", "opt", "bert", "mpt", "gpt_neo"])
def test_the_heads_writes_are_the_projection_of_each_head_alone(family):
    """Oracle: the family's own projection module, run with all other heads' outputs at zero."""
    model = tiny.model(family)
    group = groups(model)[0]
    parts = model.anatomy.stacks[group]
    one = list(record(model, TEXT).of(group))[1]
    projection = output_projection(model, group, 1, one.heads)
    module = model.network.base_model.get_submodule(f"{parts.blocks}.1.{parts.attention_write}")
    alone = np.zeros_like(one.outputs)
    alone[2] = one.outputs[2]
    joined = torch.from_numpy(alone).transpose(0, 1).reshape(alone.shape[1], -1)
    with torch.no_grad():
        theirs = module(joined).numpy() - projection.bias
    np.testing.assert_allclose(projection.writes(one.outputs)[2], theirs, atol=1e-5)


@pytest.mark.parametrize("family", ["gpt2", "llama", "gemma2", "olmo2", "bert", "opt"])
def test_value_weighted_attention_is_the_length_of_what_is_moved(family):
    model = tiny.model(family)
    group = groups(model)[0]
    found = value_weighted(model, TEXT, None, group)
    assert [check.verdict for check in found.checks] == ["holds", "holds"]
    np.testing.assert_allclose(found.shares.sum(-1), 1, rtol=1e-5)
    one = list(record(model, TEXT).of(group))[1]
    projection = output_projection(model, group, 1, one.heads)
    for head in range(4):
        # Neighbouring heads share a key-value head: 0 0 1 1 of two, 0 1 2 3 of four.
        value = one.values[head * one.kv_heads // 4, 4]
        by_hand = np.linalg.norm(one.weights[head, 7, 4] * value @ projection.slices[head])
        assert found.moved[1, head, 7, 4] == pytest.approx(by_hand, rel=1e-4)
    np.testing.assert_array_equal(found.maps.weights[1], one.weights)


def test_scores_of_real_maps_are_shares(tiny_causal):
    scores = head_scores(attention_maps(tiny_causal, TEXT, None, "decoder"))
    for share in scores.shares.values():
        assert np.nanmin(share) >= 0 and np.nanmax(share) <= 1 + 1e-6
    assert np.nanmax(scores.spread) <= 1 + 1e-6
