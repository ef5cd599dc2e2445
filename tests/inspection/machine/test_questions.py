"""The tour's questions: each right answer against another way to it, over many families."""

from dataclasses import replace

import numpy as np
import pytest

from components.inspection.forward_pass import record
from components.inspection.machine.question import CLEAR, Seen
from components.inspection.machine.questions import tour_questions
from components.inspection.machine.questions_answers import (
    ALL,
    ALONE,
    recomputed,
)
from components.inspection.machine.questions_attention import asked_head, masks, sums_to
from tests import tiny
from tests.inspection.breaking import fresh
from tests.inspection.machine.asked import DTYPES, STACKS, TEXT, asked, given, place_of, seen


@pytest.mark.parametrize(("family", "stack"), STACKS)
def test_there_are_twelve_each_with_an_answer_or_a_reason(family, stack):
    found = asked(family, stack)
    assert [one.stop for one in found] == list(range(1, 13))
    for one in found:
        assert one.because
        assert bool(one.asks) == bool(one.answers) == bool(one.right)
        assert not one.asks or (one.right in one.answers and 2 <= len(one.answers) <= 4)
    # What every family has is asked of every family.
    always = {1, 2, 4, 6, 7, 8, 12}
    assert always <= {one.stop for one in found if one.asks}


def test_the_right_answer_is_not_always_at_the_same_place():
    places = [one.answers.index(one.right) for one in asked("llama") if one.asks]
    assert len(set(places)) >= 3


@pytest.mark.parametrize(("family", "stack"), STACKS)
def test_tokens_and_rows_are_those_that_are_read(family, stack):
    model, text, target = given(family)
    ids = record(model, text, target, keep=["logits"]).stack(stack).ids
    first, second = asked(family, stack)[:2]
    assert first.right == str(len(model.encode(text))) == "14"
    assert "1 special token" in first.because
    assert second.right == str(ids[6])
    assert "6" in second.answers, "the place of the token is the likeliest mistake"


@pytest.mark.parametrize(("family", "stack"), STACKS)
def test_the_loudest_is_the_longest_vector_half_way(family, stack):
    stream = record(*given(family), keep=["residual"]).stack(stack).residual
    lengths = np.sqrt(np.square(stream[len(stream) // 2].astype(np.float64)).sum(-1))
    question = asked(family, stack)[2]
    if not question.asks:
        assert (np.delete(lengths, lengths.argmax()) > CLEAR * lengths.max()).all()
        return
    best = place_of(question.right)
    assert best == lengths.argmax()
    others = [place_of(one) for one in question.answers if one != question.right]
    assert all(lengths[one] <= CLEAR * lengths[best] for one in others)


@pytest.mark.parametrize(("family", "stack"), STACKS)
def test_the_head_looks_most_where_is_said(family, stack):
    recording = record(*given(family), keep=["attention"])
    layer, head = asked_head(recording, stack, 6)
    others = [
        (weight, one.layer, number)
        for one in recording.of(stack)
        for number, row in enumerate(one.weights[:, 6])
        for key, weight in enumerate(row)
        if key not in (0, 6)
    ]
    assert max(others)[0] == max(w for w, *where in others if where == [layer, head])
    (one,) = (each for each in recording.of(stack) if each.layer == layer)
    question = asked(family, stack)[3]
    assert question.asks.startswith(f"Layer {layer}, head {head}:")
    assert place_of(question.right) == one.weights[head, 6].argmax()
    assert all(one.visible[head, 6, place_of(answer)] for answer in question.answers)


def test_the_clocks_turn_as_the_formula_says():
    """Llama's tiny heads have 6 numbers and the base 10,000: the slowest turns by its -2/3."""
    right = asked("llama")[4].right
    fast, slow = (float(part.rstrip("°")) for part in right.split(" and "))
    assert fast == 172
    assert slow == pytest.approx(np.degrees(3 * 10_000 ** (-2 / 3)), rel=5e-3)
    # Two of GPT-NeoX's eight numbers turn: there is one clock.
    assert asked("gpt_neox")[4].answers == ("0°", "57.3°", "172°", "344°")


def test_without_clocks_what_is_there_is_asked():
    bloom = asked("bloom")[4]
    slope = 2.0 ** (-2 * (1 + seen("bloom").head))
    assert float(bloom.right) == pytest.approx(3 * slope, rel=5e-3)
    gpt2 = asked("gpt2")[4]
    table = tiny.model("gpt2").network.transformer.wpe.weight.numpy()
    assert gpt2.right.startswith("another")
    assert f"differ by {np.linalg.norm(table[6] - table[9]):.3g};" in gpt2.because
    for stack in ("encoder", "decoder"):
        where = seen("t5", stack)
        table = getattr(tiny.model("t5").network, stack).block[0].layer[0].SelfAttention
        near, far = table.relative_attention_bias.weight[[1, 4], where.head].tolist()
        expected = "the token just before" if near > far else "the one 3 places farther away"
        assert asked("t5", stack)[4].right == expected


def test_a_vector_without_its_place_stays_the_same():
    model = fresh("gpt2")
    model.network.transformer.wpe.weight[9] = model.network.transformer.wpe.weight[6]
    question = tour_questions(model, TEXT, None, "decoder", 6)[4]
    assert question.right == "the same vector"


FORBIDDEN = {
    "gpt2": "all after the row's token",
    "llama": "all after the row's token",
    "mistral": "all after the row's token, or over 4 places before it",
    "bert": "none",
    "bert_classifier": "none",
}


@pytest.mark.parametrize("family", FORBIDDEN)
def test_forbidden_cells_are_those_of_the_mask(family):
    stack = "encoder" if "bert" in family else "decoder"
    question = asked(family, stack)[5]
    assert question.right == FORBIDDEN[family]
    visible = np.tri(14, dtype=bool) & ~np.tri(14, k=-5, dtype=bool)
    hidden = {"mistral": int((~visible).sum()), "gpt2": 91, "llama": 91}.get(family, 0)
    assert question.because.startswith(f"{hidden} of the 196" if hidden else "All 196")


def test_a_window_on_both_sides_is_told_apart():
    band = np.abs(np.subtract.outer(np.arange(9), np.arange(9))) <= 2
    (says,) = (says for says, mask in masks(band).items() if np.array_equal(mask, band))
    assert says == "all over 2 places away"
    # In a text within its window, a window forbids no more than the causal mask.
    short = masks(np.tri(3, dtype=bool))
    (first, *_) = (says for says, mask in short.items() if np.array_equal(mask, np.tri(3)))
    assert first == "all after the row's token"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("family", "stack"), STACKS)
def test_rows_sum_to_one_and_what_another_token_changes_is_measured(family, stack, dtype):
    model, text, target = given(family, dtype)
    recording = record(model, text, target)
    layer, head = asked_head(recording, stack, 6)
    # What it would answer is not asked for here.
    whole = Seen(model, text, recording, stack, 6, None, layer, head)  # type: ignore[arg-type]
    assert sums_to(whole).right == "1"
    looks_ahead = whole.attention()[0].visible[:, 0, 1].any()
    assert looks_ahead == (stack == "encoder")
    question = recomputed(whole)
    assert question.right == (ALL if looks_ahead else ALONE), question.because


def test_what_a_sink_takes_is_not_in_the_sum():
    whole = seen("llama")
    one, head = whole.attention()
    sink = replace(
        one,
        weights=one.weights * np.float32(0.75),
        scores=np.pad(one.scores, ((0, 0), (0, 0), (0, 1))),
    )
    broken = replace(whole, recording=replace(whole.recording, attentions=(sink,)))
    broken = replace(broken, layer=sink.layer)
    question = sums_to(broken)
    assert question.right == "0.75" and "1" in question.answers
    assert "sink takes the other 25%" in question.because
    assert head == broken.head


@pytest.mark.parametrize("family", ["llama", "mistral", "qwen3_moe"])
def test_the_head_that_writes_most(family):
    where = seen(family)
    one, _ = where.attention()
    matrix = tiny.model(family).network.model.layers[where.layer].self_attn.o_proj.weight
    slices = matrix.T.reshape(4, 6, 24).numpy()
    lengths = [np.linalg.norm(one.outputs[head, 6] @ slices[head]) for head in range(4)]
    question = asked(family)[7]
    assert question.right == f"head {np.argmax(lengths)}"
    assert all(
        lengths[int(each.split()[1])] <= CLEAR * max(lengths)
        for each in question.answers
        if each != question.right
    )
