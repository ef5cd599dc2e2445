"""Each check of attention is seen to turn red: the thing is broken, and it must notice."""

from dataclasses import replace

import numpy as np
import pytest

from components.inspection.attention import bertviz, combine, projection, steps
from components.inspection.attention.bertviz import bertviz_page
from components.inspection.attention.maps import attention_maps, groups, recorded_checks
from components.inspection.attention.projection import output_projection, writes_check
from components.inspection.attention.record_checks import (
    masked_check,
    outputs_check,
    rows_check,
    weights_check,
)
from components.inspection.attention.scores import score_rule
from components.inspection.attention.steps import attention_steps
from components.inspection.attention.toy import toy_attention
from components.inspection.attention.value_weighted import value_weighted
from components.inspection.attention.window import Window
from components.inspection.checks import Check
from components.inspection.forward_pass import record
from components.inspection.recording import AttentionRecord
from tests import tiny
from tests.inspection.positions import networks

TEXT = "the cat the cat"
DTYPES = ["float32", "bfloat16", "float16"]
FAMILIES = ["llama", "gpt2", "gemma2", "bloom", "bert", "t5", "mistral", "falcon"]


def records(family: str, dtype: str = "float32") -> list[AttentionRecord]:
    """The self-attention of one stack, with what is added to its scores."""
    model = tiny.model(family, dtype)
    target = "dog" if model.kind == "seq2seq" else None
    group = groups(model)[-2 if model.kind == "seq2seq" else 0]
    return list(record(model, TEXT, target, bare=True).of(group))


def fails(check: Check) -> bool:
    """Say that a check is red."""
    return check.verdict == "fails"


def spoilt(found: list[AttentionRecord], layer: int, **arrays) -> list[AttentionRecord]:
    """The records with some arrays of one layer changed."""
    return [replace(one, **arrays) if one.layer == layer else one for one in found]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_is_red_where_nothing_is_broken(family, dtype):
    assert [check.verdict for check in recorded_checks(records(family, dtype))] == ["holds"] * 4


@pytest.mark.sabotage("the weights are the softmax of the scores")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", FAMILIES)
def test_scores_without_their_scale(family, dtype):
    found = records(family, dtype)
    visible = found[1].visible
    halved = np.where(visible, found[1].scores * 0.5, found[1].scores)
    assert fails(weights_check(spoilt(found, 1, scores=halved)))


@pytest.mark.sabotage("the weights are the softmax of the scores")
def test_weights_of_the_head_beside(tiny_causal):
    found = records("llama")
    assert fails(weights_check(spoilt(found, 2, weights=found[2].weights[[1, 0, 2, 3]])))


@pytest.mark.sabotage("every row sums to 1")
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_that_lost_a_token(dtype):
    found = records("llama", dtype)
    assert rows_check(found).verdict == "holds"
    weights = found[1].weights.copy()
    weights[3, 7, 2] = 0
    assert fails(rows_check(spoilt(found, 1, weights=weights)))


@pytest.mark.sabotage("every row sums to 1, together with the learned sink")
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_normalised_twice_over_a_sink(dtype):
    """A learned sink takes its share: rows that sum to 1 without it were scaled up."""
    network = networks.of("GptOss", num_local_experts=4, num_experts_per_tok=2)
    made = networks.model(network, dtype=dtype)
    found = list(record(made, TEXT).of("decoder"))
    assert found[0].scores.shape[-1] == found[0].weights.shape[-1] + 1
    assert rows_check(found).verdict == "holds"
    scaled = found[0].weights / found[0].weights.sum(-1, keepdims=True)
    assert fails(rows_check(spoilt(found, 0, weights=scaled)))


@pytest.mark.sabotage("no weight stands on a masked pair")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ["llama", "mistral", "gpt2", "bloom", "gpt_neo"])
def test_a_mask_that_is_off_by_one(family, dtype):
    found = records(family, dtype)
    later = [np.roll(one.visible, 1, axis=-2) for one in found]
    assert fails(masked_check([one.weights for one in found], later))


@pytest.mark.sabotage("each head's output is its weights times the values")
@pytest.mark.parametrize("dtype", DTYPES)
def test_values_of_the_wrong_key_value_head(dtype, monkeypatch):
    """Tiled instead of repeated: heads 0 1 0 1 where neighbours share, 0 0 1 1."""
    found = records("llama", dtype)
    assert outputs_check(found).verdict == "holds"
    monkeypatch.setattr(AttentionRecord, "kv_head", lambda self, head: head % self.kv_heads)
    assert fails(outputs_check(found))


@pytest.mark.sabotage("scores are query · key × scale, and what is added for positions")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("family", "broken"),
    [
        ("llama", lambda one: {"keys": one.keys[:, ::-1].copy()}),
        ("llama", lambda one: {"queries": np.roll(one.queries, 1, axis=-1)}),
        ("gemma2", lambda one: {"stated": {"scaling": one.stated["scaling"]}}),  # the cap
        ("bloom", lambda one: {"bare": np.where(one.visible, 0, one.bare)}),  # the bias
        ("t5", lambda one: {"bare": np.where(one.visible, one.bare[::-1], one.bare)}),
    ],
)
def test_other_keys_no_cap_no_bias(family, broken, dtype):
    one = records(family, dtype)[1]
    assert score_rule(one).check.verdict == "holds"
    assert fails(score_rule(replace(one, **broken(one))).check)


@pytest.mark.sabotage("scores are query · key × scale, and what is added for positions")
def test_key_value_heads_tiled_in_the_scores(monkeypatch):
    one = records("llama")[1]
    monkeypatch.setattr(AttentionRecord, "kv_head", lambda self, head: head % self.kv_heads)
    assert fails(score_rule(one).check)


def follow(family: str, dtype: str = "float32"):
    """The steps of one head at one token."""
    return attention_steps(tiny.model(family, dtype), TEXT, None, "decoder", 1, 2, 9)


@pytest.mark.sabotage("the softmax of these scores is the model's weights")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma2", "bloom"])
def test_a_step_that_forgets_the_scale(family, dtype, monkeypatch):
    own = steps.score_rule
    assert follow(family, dtype).checks[1].verdict == "holds"
    monkeypatch.setattr(steps, "score_rule", lambda one: replace(own(one), scale=1.0, cap=None))
    assert fails(follow(family, dtype).checks[1])


@pytest.mark.sabotage("the softmax of these scores is the model's weights")
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_step_that_forgets_the_distance(dtype, monkeypatch):
    own = steps.score_rule
    monkeypatch.setattr(
        steps, "score_rule", lambda one: replace(rule := own(one), bias=np.zeros_like(rule.bias))
    )
    assert fails(follow("bloom", dtype).checks[1])


@pytest.mark.sabotage("these weights times these values are the head's output")
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_step_that_takes_another_heads_values(dtype, monkeypatch):
    own = steps._output_check
    assert follow("llama", dtype).checks[2].verdict == "holds"
    monkeypatch.setattr(
        steps,
        "_output_check",
        lambda one, head, place: own(replace(one, values=one.values[::-1].copy()), head, place),
    )
    assert fails(follow("llama", dtype).checks[2])


@pytest.mark.sabotage("the heads' writes sum to what attention added to the residual stream")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", ["llama", "gpt2", "bert", "gemma2", "olmo2"])
@pytest.mark.parametrize("broken", ["heads swapped", "bias left out", "norm twice", "no norm"])
def test_a_projection_cut_wrongly(family, broken, dtype):
    model = tiny.model(family, dtype)
    group = groups(model)[0]
    recording = record(model, TEXT)
    one = list(recording.of(group))[1]
    own = output_projection(model, group, 1, one.heads)
    added = recording.stack().attention_writes[1]
    assert writes_check(own, one.outputs, added, dtype).verdict == "holds"
    if broken == "heads swapped":
        other = replace(own, slices=own.slices[[1, 0, 2, 3]])
    elif broken == "bias left out":
        if not own.bias.any():
            pytest.skip("this family's projection has no bias")
        other = replace(own, bias=np.zeros_like(own.bias))
    else:
        if own.norm is None:
            pytest.skip("this family puts no norm behind the projection")
        other = replace(own, norm=None) if broken == "no norm" else own
        if broken == "norm twice":
            added = projection.Projection.added(own, one.outputs) * own.norm.weight.float().numpy()
    assert fails(writes_check(other, one.outputs, added, dtype))


def test_value_weights_are_checked_on_the_values_that_are_drawn(monkeypatch):
    model = tiny.model("llama")
    own = [check.verdict for check in value_weighted(model, TEXT, None, "decoder").checks]
    assert own == ["holds", "holds"]
    monkeypatch.setattr(AttentionRecord, "kv_head", lambda self, head: head % self.kv_heads)
    broken = value_weighted(model, TEXT, None, "decoder")
    assert [check.verdict for check in broken.checks] == ["fails", "holds"]


@pytest.mark.sabotage(
    "each row is where attention leads from its token, layer by layer, down to the input"
)
@pytest.mark.parametrize("family", ["llama", "bert"])
def test_layers_multiplied_in_the_wrong_order(family):
    model = tiny.model(family)
    maps = attention_maps(model, TEXT, None, groups(model)[0])
    flow = combine.rollout(maps, 2)
    assert combine.rollout_check(flow, maps, 2).verdict == "holds"
    wrong = np.eye(len(flow))
    for mixed in combine._mixed(maps, 2):
        wrong = wrong @ mixed
    assert fails(combine.rollout_check(wrong.astype(np.float32), maps, 2))


@pytest.mark.sabotage("the weights in the page are the model's")
@pytest.mark.sabotage("the queries in the page are the model's")
@pytest.mark.sabotage("the keys in the page are the model's")
def test_a_page_that_draws_something_else(tiny_causal, monkeypatch):
    own = bertviz._neuron_page

    def spoilt_page(weights, left, right, layers, *rest):
        other = [{name: one[name] * 1.001 for name in one} for one in layers]
        return own(np.roll(weights, 1, axis=1), left, right, other, *rest)

    monkeypatch.setattr(bertviz, "_neuron_page", spoilt_page)
    page = bertviz_page(
        tiny_causal, TEXT, None, "decoder", "neuron", 1, 2, Window(0, 16, 0, 16), False
    )
    assert [fails(check) for check in page.checks] == [True, True, True]


@pytest.mark.sabotage("every row of the softmax sums to 1")
def test_a_toy_whose_rows_do_not_sum_to_1():
    small = np.array([[1.0, 0], [0, 1], [1, 1]])
    toy = toy_attention(small, small, small)
    assert [check.verdict for check in toy.checks] == ["holds", "holds"]
    assert fails(replace(toy, weights=toy.weights * (1 + 1e-9)).checks[0])
    assert fails(replace(toy, weights=toy.weights[::-1]).checks[1])
