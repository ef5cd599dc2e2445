"""The measurements behind the card, on models whose figures one can tell beforehand."""

import math
from types import SimpleNamespace

import pytest
import torch

from components.teaching_models import probes
from components.teaching_models.card import card
from components.teaching_models.corpus import MIX, Document
from components.teaching_models.evaluation import (
    TOPICS,
    Evaluation,
    Heads,
    Loss,
    document_losses,
    head_scores,
    losses_by_kind,
    total_loss,
)

VOCABULARY = 50


class Scripted:
    """Stands in for a model: every position predicts what `says` returns for it."""

    config = SimpleNamespace(vocab_size=VOCABULARY)
    device = torch.device("cpu")

    def __init__(self, says=None, attentions=None):
        self.says, self.attentions = says, attentions

    def __call__(self, input_ids, **_options):
        logits = torch.zeros(*input_ids.shape, VOCABULARY)
        if self.says:
            guesses = self.says(input_ids)
            logits.scatter_(-1, guesses[..., None], 9.0)
        attentions = self.attentions(input_ids) if self.attentions else None
        return SimpleNamespace(logits=logits, attentions=attentions)


def spelled(text: str, **_options):
    """Stands in for a tokenizer: one token per letter behind the end token."""
    return SimpleNamespace(input_ids=[0, *(ord(letter) % VOCABULARY for letter in text)])


def document(text: str, cost: float, kind: str = "story") -> Document:
    return Document(kind, text, cost, frozenset())


def test_a_model_that_knows_nothing_loses_the_log_of_the_vocabulary():
    losses = document_losses(Scripted(), spelled, [document("abc", 1.0)])
    ((nats, tokens),) = losses
    assert tokens == 4  # three letters and the end
    assert nats == pytest.approx(4 * math.log(VOCABULARY), rel=1e-5)


def test_the_gap_is_loss_minus_cost_per_token():
    texts = [document("a", 3.0), document("b", 5.0, "code")]
    loss = total_loss(texts, [(6.0, 4), (6.0, 4)])
    assert (loss.model, loss.grammar, loss.gap) == (1.5, 1.0, 0.5)


def test_losses_by_kind_keep_kinds_apart():
    texts = [document("a", 1.0, kind) for kind in MIX] + [document("a", 3.0)]
    losses = losses_by_kind(texts, [(2.0, 1)] * len(texts))
    assert losses["story"].documents == 2
    assert losses["story"].grammar == 2.0
    assert losses["code"].grammar == 1.0


def test_a_perfect_copier_has_an_induction_accuracy_of_one():
    length = 12

    def copy(ids):
        return torch.roll(ids, length - 1, dims=1)

    assert probes.induction_accuracy(Scripted(copy), length, sequences=4) == 1.0
    assert probes.induction_accuracy(Scripted(), length, sequences=4) < 0.1


def test_heads_that_do_their_job_perfectly_score_one():
    length = 6

    def attend(ids):
        size = ids.shape[1]
        previous = torch.eye(size).roll(-1, dims=1)
        previous[0] = torch.eye(size)[0]
        induction = torch.eye(size)
        for reader in range(length + 1, size):
            induction[reader] = torch.eye(size)[reader - length + 1]
        layer = torch.stack([previous, induction])
        return (layer.expand(len(ids), -1, -1, -1),)

    scores = head_scores(Scripted(attentions=attend), length, sequences=2)
    assert scores.previous[0][0] == pytest.approx(1)
    assert scores.induction[0][1] == pytest.approx(1)
    assert scores.induction[0][0] == pytest.approx(0)


def test_questions_have_the_right_answers():
    for question in probes.counting_questions():
        *shown, last = question.prompt.rstrip(",").split(", ")
        if last.isdigit():
            step = int(last) - int(shown[-1])
            assert int(question.answer) == int(last) + step
    pairs = {(question.prompt, question.answer) for question in probes.calendar_questions()}
    assert ("Saturday, Sunday, Monday,", " Tuesday") in pairs
    assert ("The month after December is", " January") in pairs


def test_a_question_on_agreement_asks_for_the_number_of_the_first_noun():
    questions = probes.agreement_questions(seed=3)
    for _ in range(50):
        question = next(questions)
        first, second = question.prompt.split()[1], question.prompt.split()[-1]
        assert (question.answer in (" are", " were")) == (first.endswith("s") or first in PLURALS)
        assert question.rival not in ("", question.answer)
        assert first != second


PLURALS = {"mice", "geese"}


def test_the_card_marks_goals_that_were_not_reached():
    loss = Loss(1, 1, 1.25, 1.0)
    evaluation = Evaluation(
        parameters=3_000_000,
        held_out=loss,
        fresh=loss,
        by_kind={},
        induction={50: 0.5},
        heads=Heads([[0.9, 0.1]], [[0.2, 0.3]]),
        right={"capitals": (35, 36), "counting": (100, 100)},
        stories=["Once."],
    )
    repeats = {
        "first_share": 0.5,
        "last_share": 0.1,
        "falls_until": 0.3,
        "noise": 0.1,
        "longest": 9,
    }
    guidance = {"gone_at": 0.1, "full_until": 0.1, "weight": 1, "previous": [], "induction": []}
    size = {"layers": 1, "width": 8, "mlp_width": 8, "query_heads": 2, "key_heads": 1}
    size |= {"head_width": 4, "vocabulary": 9, "context": 9}
    recipe = {"size": size, "repeats": repeats, "guidance": guidance, "stages": [[1.0, 8]]}
    recipe |= {"tokens_per_step": 8, "weight_decay": 0, "clip": 1, "learning_rate": 1, "seed": 1}
    recipe |= {"warm_up": 0.1, "last_rate": 0.1}
    training = {"recipe": recipe, "step": 1, "tokens": 8, "minutes": 1, "hardware": "a computer"}
    text = card(evaluation, training | {"threads": 1, "torch": "2"})
    assert f"| capitals | {TOPICS['capitals'][0]} | 35 of 36 = **97.2%**" in text
    assert "100%: not reached" in text
    assert "100 of 100 = **100.0%**" in text
    assert "95%: reached" in text
    assert "| 1.250 | 1.000 | +0.250 |" in text
    assert "head 1 of layer 0 with 0.30 (50%: not reached)" in text
