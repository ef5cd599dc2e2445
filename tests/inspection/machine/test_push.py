"""Direct logit attribution: its terms sum, and each is what taking the part away shows."""

from dataclasses import replace

import numpy as np
import pytest

from components.inspection.attention.projection import output_projection
from components.inspection.edits import Edit
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.load import load_model
from components.inspection.machine import push as module
from components.inspection.machine.push import HEADS, SUMS, Push, push
from components.inspection.machine.readout import frozen_norm
from components.inspection.model import Model
from tests import tiny
from tests.inspection.breaking import fresh

TEXT, TARGET, PLACE = "the keys near", "the dog", 4
TOWARD, RATHER = 70, 90
NORMED = ("gemma2", "gemma3", "olmo2")
"""A norm stands between their heads and the stream."""
REFUSED = {
    "bert": "norms its stream",
    "distilbert": "norms its stream",
    "roberta": "norms its stream",
    "bart": "norms its stream",
    "bert_classifier": "gives no token a logit",
}
TOLD = tuple(family for family in tiny.FAMILIES if family not in REFUSED)
PARALLEL = ("gptj", "phi", "gpt_neox", "falcon")
"""Attention of a block is not read by its own MLP."""
DTYPES = ("float32", "bfloat16", "float16")


def pushed(model: Model, toward: int = TOWARD, rather: int = RATHER, place: int = PLACE) -> Push:
    stacks = list(model.anatomy.stacks)
    return push(
        model, TEXT, TARGET if len(stacks) == 2 else None, stacks[-1], place, toward, rather
    )


def terms(found: Push) -> np.ndarray:
    """All terms of a result, one after the other."""
    cross = [] if found.cross is None else [found.cross]
    parts = [[found.embedding], found.attention, *cross, found.mlp, [found.constant]]
    return np.concatenate(parts)


def difference(model: Model, toward: int = TOWARD, rather: int = RATHER, edits=()) -> float:
    """The difference of two logits, by a pass of its own."""
    target = TARGET if len(model.anatomy.stacks) == 2 else None
    logits = record(model, TEXT, target, keep=["logits"], edits=edits).logits[PLACE]
    return float(logits[toward]) - float(logits[rather])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", TOLD)
def test_terms_sum_to_the_difference_of_the_logits(family, dtype):
    model = tiny.model(family, dtype)
    found = pushed(model)
    heads = family not in NORMED
    assert [check.says for check in found.checks] == [SUMS, HEADS][: 1 + heads]
    assert all(check.holds for check in found.checks), found.checks
    assert (found.heads is not None) == (found.attention_bias is not None) == heads
    assert bool(found.without_heads) != heads
    assert found.attention.shape == found.mlp.shape == (model.facts.layers - (family == "t5"),)
    assert (found.cross is not None) == (family == "t5")
    assert found.capped == (family == "gemma2")
    close = {"float32": 1e-5, "bfloat16": 0.05, "float16": 0.005}[dtype]
    assert terms(found).sum() == pytest.approx(found.difference, abs=close)
    if not found.capped:
        assert found.difference == difference(model)
    if heads:
        assert found.heads.shape == (len(found.mlp), 4)
        whole = found.heads.sum(1) + found.attention_bias
        np.testing.assert_allclose(whole, found.attention, atol=close)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("family", REFUSED)
def test_who_has_no_sum_says_so(family, dtype):
    with pytest.raises(InspectionError, match=REFUSED[family]):
        pushed(tiny.model(family, dtype))


def deviation(model: Model, edits=()) -> float:
    """Standard deviation or root mean square of the last stream, as the last norm takes it."""
    target = TARGET if len(model.anatomy.stacks) == 2 else None
    found = record(model, TEXT, target, keep=["residual"], edits=edits).stack()
    row = found.residual[-1, PLACE].astype(np.float64)
    parts = model.anatomy.stacks[found.name]
    kind = frozen_norm(model, parts, found.residual[-1], PLACE).kind
    return float(row.std() if kind == "layer" else np.sqrt(np.square(row).mean()))


def shown(model: Model, found: Push, edit: Edit) -> float:
    """What a part adds, by taking it away: the norm's scale, which changes too, is undone."""
    before, after = deviation(model), deviation(model, (edit,))
    left = (difference(model, edits=(edit,)) - found.constant) * after / before
    return found.difference - found.constant - left


@pytest.mark.parametrize("family", [one for one in TOLD if one != "gemma2"])
def test_the_last_mlp_adds_what_its_absence_shows(family):
    model = tiny.model(family)
    found = pushed(model)
    last = len(found.mlp) - 1
    assert shown(model, found, Edit("mlp", last, "zero")) == pytest.approx(found.mlp[-1], abs=1e-4)


@pytest.mark.parametrize("family", PARALLEL)
def test_a_head_adds_what_its_absence_shows(family):
    model = tiny.model(family)
    found = pushed(model)
    assert found.heads is not None
    last = len(found.mlp) - 1
    for head in range(4):
        taken = shown(model, found, Edit("head", last, "zero", head=head))
        assert taken == pytest.approx(found.heads[-1, head], abs=1e-4)


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma2", "t5"])
def test_one_against_another_is_minus_the_other_way_and_adds_up(family):
    model = tiny.model(family)
    ab, ba, bc, ac = (pushed(model, *pair) for pair in ((70, 90), (90, 70), (90, 33), (70, 33)))
    np.testing.assert_allclose(terms(ab), -terms(ba), atol=1e-5)
    np.testing.assert_allclose(terms(ab) + terms(bc), terms(ac), atol=1e-4)


def test_other_places_have_other_terms_and_ids_read_as_their_text():
    model = tiny.model("llama")
    first, last = pushed(model, place=0), pushed(model, place=PLACE)
    assert not np.allclose(terms(first), terms(last), atol=0.01)
    assert all(check.holds for check in first.checks)
    ids = tuple(model.encode(TEXT))
    again = push(model, ids, None, "decoder", PLACE, TOWARD, RATHER)
    np.testing.assert_array_equal(terms(again), terms(last))


def test_biases_stand_by_themselves():
    biased, bare = pushed(tiny.model("gpt2")), pushed(tiny.model("llama"))
    assert np.abs(biased.attention_bias).min() > 1e-4 and biased.constant != 0
    assert not bare.attention_bias.any() and bare.constant == 0


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("decoder", 99, 70, 90), r"has 14 tokens: choose one from 0 to 13"),
        (("decoder", -1, 70, 90), "Place -1 was asked for"),
        (("decoder", 4, 70, 70), "two different ids from 0 to 260"),
        (("decoder", 4, 70, 261), "Tokens 70 and 261"),
        (("encoder", 4, 70, 90), "come from its decoder"),
    ],
)
def test_what_is_not_there_is_said(asked, says):
    with pytest.raises(InspectionError, match=says):
        push(tiny.model("llama"), TEXT, None, *asked)


def test_the_encoder_of_two_has_no_logits():
    with pytest.raises(InspectionError, match="come from its decoder; a place in the encoder"):
        push(tiny.model("t5"), TEXT, TARGET, "encoder", 1, 70, 90)


def test_a_model_that_answers_with_no_token_is_refused():
    with pytest.raises(InspectionError, match="gives no token a logit"):
        pushed(replace(tiny.model("llama"), kind="headless"))


def test_a_stream_that_is_no_sum_is_refused():
    model = fresh("llama")
    model.network.model.layers[1].mlp.register_forward_hook(lambda *given: 1.1 * given[-1])
    with pytest.raises(InspectionError, match="not the sum of what its attention and MLP write"):
        pushed(model)


def broken(monkeypatch, change) -> None:
    """Let what was recorded of the stack be changed before it is read."""

    def recorded(*given, **more):
        found = record(*given, **more)
        stack = found.stacks[-1]
        return replace(found, stacks=(*found.stacks[:-1], change(stack)))

    monkeypatch.setattr(module, "record", recorded)


@pytest.mark.sabotage(SUMS)
@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma2", "t5"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_writes_that_are_lost_turn_red(monkeypatch, family, dtype):
    def lost(stack):
        return replace(stack, mlp_writes=0 * stack.mlp_writes)

    model = tiny.model(family, dtype)
    assert pushed(model).checks[0].holds
    broken(monkeypatch, lost)
    assert not pushed(model).checks[0].holds


@pytest.mark.sabotage(SUMS)
def test_a_write_that_is_no_number_turns_red(monkeypatch):
    model = tiny.model("llama")
    assert pushed(model).checks[0].holds
    broken(
        monkeypatch,
        lambda stack: replace(stack, attention_writes=stack.attention_writes * np.float32("nan")),
    )
    assert not pushed(model).checks[0].holds


@pytest.mark.sabotage(SUMS)
def test_a_direction_that_keeps_the_mean_turns_red(monkeypatch):
    def uncentred(*given):
        return replace(frozen_norm(*given), kind="rms")

    model = tiny.model("gpt2")
    assert pushed(model).checks[0].holds
    monkeypatch.setattr(module, "frozen_norm", uncentred)
    assert not pushed(model).checks[0].holds


@pytest.mark.sabotage(HEADS)
@pytest.mark.parametrize("family", ["llama", "gpt2", "t5"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_slices_of_other_heads_turn_red(monkeypatch, family, dtype):
    def swapped(*given):
        found = output_projection(*given)
        return replace(found, slices=np.roll(found.slices, 1, axis=0))

    model = tiny.model(family, dtype)
    assert pushed(model).checks[1].holds
    monkeypatch.setattr(module, "output_projection", swapped)
    found = pushed(model)
    assert [check.holds for check in found.checks] == [True, False]


def test_storyteller_says_john_by_one_head_of_its_third_layer():
    model = load_model("storyteller", dtype="float32")
    text = "When Mary and John went to the shop, Mary gave a drink to"
    john, mary = (model.ids_of(name, special=False)[0] for name in (" John", " Mary"))
    found = push(model, text, None, "decoder", len(model.encode(text)) - 1, john, mary)
    assert found.difference == pytest.approx(11.39, abs=0.01)
    assert np.unravel_index(found.heads.argmax(), found.heads.shape) == (2, 1)
    assert found.heads[2, 1] == pytest.approx(4.35, abs=0.01)
    assert found.mlp[3] == pytest.approx(6.45, abs=0.01)
    assert all(check.holds for check in found.checks)
