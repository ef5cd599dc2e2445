"""The tour's questions: the last four, what cannot be asked, and a trained model."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from components.inspection.attention.record_checks import misplaced
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.load import load_model
from components.inspection.machine.lens import LensColumn
from components.inspection.machine.question import Question
from components.inspection.machine.questions import seen_of, tour_questions
from components.inspection.machine.questions_answers import (
    ALONE,
    leading,
    longer,
    readers,
)
from tests import tiny
from tests.inspection.breaking import fresh
from tests.inspection.machine.asked import TEXT, asked, given, seen


def given_to(network, module):
    kept = []
    hook = module.register_forward_pre_hook(lambda _, args: kept.append(args[0]))
    with torch.no_grad():
        network(torch.tensor([tiny.model("llama").encode(TEXT)]))
    hook.remove()
    return kept[0].reshape(14, -1)[6]


def test_neurons_above_zero_and_experts():
    where, network = seen("llama"), tiny.model("llama").network
    neurons = given_to(network, network.model.layers[where.layer].mlp.down_proj)
    assert asked("llama")[8].right == f"{(neurons > 0).float().mean():.0%}"
    where, network = seen("mixtral"), tiny.model("mixtral").network
    gate = network.model.layers[where.layer].mlp.gate
    logits = gate.weight @ given_to(network, gate)
    first, second = sorted(logits.topk(2).indices.tolist())
    question = asked("mixtral")[8]
    assert question.right == f"experts {first} and {second}"
    assert len(question.answers) == 4


def test_the_first_lead_is_the_first():
    of_last = np.array([0.1, 0.4, 0.2, 0.9], np.float32)
    top = np.array([[0.3], [0.4], [0.5], [0.9]], np.float32)
    nothing = np.zeros(4, np.float32)
    column = LensColumn((("a",),) * 4, top, of_last, nothing, 9, nothing, ())
    assert leading(column) == 1
    where, question = seen("gpt2"), asked("gpt2")[9]
    same = [row[0] == where.path.lens.answers[-1][0] for row in where.path.lens.answers]
    first = same.index(True)
    assert question.right == (f"after layer {first - 1}" if first else "before the first layer")


@pytest.mark.parametrize("family", ["gpt2", "bert", "bert_classifier", "bart"])
def test_of_the_bars_only_the_likeliest_grows(family):
    stack = "encoder" if "bert" in family else "decoder"
    model = tiny.model(family)
    logits = record(*given(family), keep=["logits"]).logits
    logits = logits if logits.ndim == 1 else logits[6]
    warm, cold = (torch.tensor(logits / heat).double().softmax(0).numpy() for heat in (1, 0.5))
    names = [f"“{text}”" for text in model.token_texts(range(len(logits)))]
    if family == "bert_classifier":
        names = [f"“LABEL_{number}”" for number in range(3)]
    question = asked(family, stack)[10]
    assert question.right == names[int(warm.argmax())]
    for answer in question.answers:
        if answer in names and names.count(answer) == 1:
            number = names.index(answer)
            assert (cold[number] > warm[number]) == (answer == question.right)


def test_one_more_token_stands_before_the_marks_that_end_a_text():
    model = tiny.model("bert")
    whole = seen_of(model, (1, 70, 80, 2), None, "encoder", 1)
    ids, target, at, new = longer(whole)
    assert (ids, target, at, new) == ([1, 70, 80, 80, 2], None, 3, 80)
    whole = seen("llama")
    logits = record(*given("llama"), keep=["logits"]).logits
    assert longer(whole)[0] == [*whole.ids, int(logits[-1].argmax())]
    ids, target, at, _ = longer(seen("bart", "decoder"))
    assert len(target) == 8 and at == 8 and len(ids) == 14


def test_some_rows_may_change_and_others_not(monkeypatch):
    """As in a network whose tokens read one token ahead."""
    from components.inspection.machine import questions_answers as module

    def moved(*arguments, **settings):
        found = record(*arguments, **settings)
        stream = found.stack().residual.copy()
        stream[-1, 11:] += 1
        return replace(found, stacks=(replace(found.stacks[0], residual=stream),))

    whole = seen("llama")
    monkeypatch.setattr(module, "_allowed", lambda *_: np.full(14, 1e-3))
    monkeypatch.setattr(module, "record", moved)
    question = module.recomputed(whole)
    assert question.right == "the new one's and 3 of the 14 others"
    assert len(question.answers) == 4


def test_readers_are_followed_through_the_layers():
    """In Mistral's three layers, windows of five: token 0 reaches twelve places on."""
    recording = record(*given("mistral"), keep=["attention"])
    assert readers(recording, "decoder", 0).tolist() == [True] * 13 + [False]
    assert readers(recording, "decoder", 13).sum() == 1
    assert readers(seen("bert", "encoder").recording, "encoder", 13).all()


def test_ids_are_asked_as_their_text_is():
    model = tiny.model("llama")
    assert tour_questions(model, tuple(model.encode(TEXT)), None, "decoder", 6) == asked("llama")


def test_what_cannot_be_asked_is_said():
    found = tour_questions(tiny.model("llama"), (70,), None, "decoder", 0)
    reasons = {one.stop: one.because for one in found if not one.asks}
    assert {3, 4, 6} <= set(reasons)
    assert "itself only" in reasons[4]
    full = tour_questions(tiny.model("llama"), (70,) * 64, None, "decoder", 5)
    assert "no room" in full[11].because and not full[11].asks
    with pytest.raises(InspectionError, match="no token 99"):
        tour_questions(tiny.model("llama"), TEXT, None, "decoder", 99)


def test_of_damaged_weights_nothing_is_asked():
    model = fresh("llama")
    model.network.model.layers[0].mlp.down_proj.weight[0, 0] = float("nan")
    with pytest.raises(InspectionError, match="off by nan"):
        tour_questions(model, TEXT, None, "decoder", 6)


def test_a_question_is_well_formed():
    Question(1, "How many?", ("1", "2"), "2", "Two.")
    Question(1, "", (), "", "There is none.")
    for wrong in (("1", "3"), ("2",), ("2", "2")):
        with pytest.raises(ValueError, match=r"alike|not one of"):
            Question(1, "How many?", wrong, "2", "")
    with pytest.raises(ValueError, match="Nothing is asked"):
        Question(1, "", ("1",), "1", "")


def test_the_bundled_storyteller_reads_names():
    model = load_model("storyteller")
    text = "Once upon a time, Mary and John went to the shop. Mary gave a drink to"
    found = tour_questions(model, text, None, "decoder", len(model.encode(text)) - 1)
    assert all(one.asks for one in found)
    assert not misplaced(record(model, text))
    assert found[3].right.startswith("“ John”")
    assert found[10].right == "“ John”"
    assert found[11].right == ALONE
