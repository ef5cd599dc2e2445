"""Step by step: equal to the model's own output, for every family."""

import numpy as np
import pytest
import torch

from components.inspection.attention.heads import head_scores
from components.inspection.attention.maps import attention_maps, groups
from components.inspection.attention.projection import output_projection
from components.inspection.attention.rotation import unturned
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


@pytest.mark.parametrize(("family", "group"), CASES)
def test_each_step_is_the_models_own(family, group):
    model = tiny.model(family)
    target = "dogs" if model.kind == "seq2seq" else None
    steps = attention_steps(model, TEXT, target, group, 1, 2, 4)
    assert steps.score_error < 1e-5
    assert steps.weight_error < 1e-5
    assert steps.output_error < 1e-5
    assert steps.write_error is not None and steps.write_error < 1e-5
    recording = record(model, TEXT, target)
    kind = "cross" if group == "cross" else "self"
    one = list(recording.of("decoder" if group == "cross" else group, kind))[1]
    np.testing.assert_array_equal(steps.weights, one.weights[2, 4])
    np.testing.assert_array_equal(steps.hidden, one.scores[2, 4, : len(steps.read)] < -1e9)


@pytest.mark.parametrize("family", ["llama", "qwen3", "gemma3", "gpt_neox", "phi"])
def test_turning_back_gives_the_queries_before_rope(family):
    model = tiny.model(family)
    seen: list[torch.Tensor] = []
    block = model.network.base_model.layers[0]
    if family == "gpt_neox":
        # One matrix makes all three, head by head.
        module, heads_first = block.attention.query_key_value, False
    else:
        own = block.self_attn
        module, heads_first = getattr(own, "q_norm", own.q_proj), family == "gemma3"

    def keep(_module, _args, output):
        tokens = output.shape[2 if heads_first else 1]
        heads = output[0] if heads_first else output[0].reshape(tokens, 4, -1).transpose(0, 1)
        seen.append(heads[..., :8] if family == "gpt_neox" else heads)

    with module.register_forward_hook(keep):
        one = record(model, TEXT).attentions[0]
    before = seen[0].numpy()
    np.testing.assert_allclose(unturned(model, 0, one.queries), before, atol=1e-5)
    assert np.abs(one.queries - before).max() > 0.01


@pytest.mark.parametrize("family", ["gpt2", "bert", "bloom", "t5"])
def test_a_model_that_does_not_rotate_has_nothing_to_turn_back(family):
    model = tiny.model(family)
    one = record(model, TEXT).attentions[0]
    assert unturned(model, 0, one.queries) is None


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
    tower = model.anatomy.towers[group]
    one = list(record(model, TEXT).of(group))[1]
    projection = output_projection(model, group, 1, one.heads)
    module = model.network.base_model.get_submodule(f"{tower.blocks}.1.{tower.attention_write}")
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
    assert found.error < 1e-5
    np.testing.assert_allclose(found.shares.sum(-1), 1, rtol=1e-5)
    one = list(record(model, TEXT).of(group))[1]
    projection = output_projection(model, group, 1, one.heads)
    value = one.values[3 // (one.heads // one.kv_heads), 4]
    by_hand = np.linalg.norm(one.weights[3, 7, 4] * value @ projection.slices[3])
    assert found.moved[1, 3, 7, 4] == pytest.approx(by_hand, rel=1e-4)
    np.testing.assert_array_equal(found.maps.weights[1], one.weights)


def test_scores_of_real_maps_are_shares(tiny_causal):
    scores = head_scores(attention_maps(tiny_causal, TEXT, None, "decoder"))
    for share in scores.shares.values():
        assert np.nanmin(share) >= 0 and np.nanmax(share) <= 1 + 1e-6
    assert np.nanmax(scores.spread) <= 1 + 1e-6
