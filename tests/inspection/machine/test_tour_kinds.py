"""Kinds of models, as the tour tells them apart: measured, of families that are known."""

import pytest

from components.inspection.machine.questions import seen_of, tour_questions
from components.inspection.machine.tour import tour
from components.inspection.machine.tour_kinds import KINDS, tour_kinds
from tests import tiny

EXPECTED = {
    ("llama", "decoder"): set(),
    ("gpt2", "decoder"): {"learned positions"},
    ("gptj", "decoder"): {"parallel"},
    ("olmo2", "decoder"): {"no norm first"},
    ("bloom", "decoder"): {"alibi"},
    ("mixtral", "decoder"): {"mixture"},
    ("bert", "encoder"): {
        "post-norm",
        "encoder",
        "learned positions",
        "no norm first",
        "no push",
        "masked",
        "no writing",
    },
    ("bert_classifier", "encoder"): {
        "post-norm",
        "encoder",
        "learned positions",
        "no norm first",
        "no push",
        "classifier",
        "no writing",
    },
    ("t5", "decoder"): {"decoder beside", "relative"},
    ("t5", "encoder"): {
        "encoder beside",
        "encoder",
        "relative",
        "no push",
        "no answer",
        "no writing",
    },
}


@pytest.mark.parametrize(("family", "stack"), EXPECTED)
def test_kinds_are_measured(family, stack):
    model = tiny.model(family)
    target = "the dog" if len(model.anatomy.stacks) == 2 else None
    found = tour_kinds(seen_of(model, "the keys near", target, stack, 5))
    assert set(found) == EXPECTED[family, stack]
    assert list(found) == [name for name in KINDS if name in found]


def test_a_tour_is_all_of_it_in_one():
    model = tiny.model("llama")
    found = tour(model, "the keys near", None, "decoder", 6)
    assert found.questions == tour_questions(model, "the keys near", None, "decoder", 6)
    assert found.kinds == ()
    assert found.questions[3].asks.startswith(f"Layer {found.layer}, head {found.head}:")
