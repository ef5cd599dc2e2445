"""What the tests of the tour's questions ask, and of whom: each model once."""

from functools import cache

from components.inspection.machine.question import Question, Seen
from components.inspection.machine.questions import seen_of, tour_questions
from tests import tiny

TEXT, TARGET = "the keys near", "the dog"
DTYPES = ("float32", "bfloat16", "float16")
STACKS = [
    (family, stack)
    for family in tiny.FAMILIES
    for stack in ("encoder", "decoder")
    if tiny.FAMILIES[family][2] in ("seq2seq", "causal" if stack == "decoder" else "masked")
    or (family, stack) == ("bert_classifier", "encoder")
]


def given(family, dtype="float32"):
    model = tiny.model(family, dtype)
    return model, TEXT, TARGET if len(model.anatomy.stacks) == 2 else None


@cache
def seen(family, stack="decoder", place=6, dtype="float32") -> Seen:
    return seen_of(*given(family, dtype), stack, place)


@cache
def asked(family, stack="decoder", place=6, dtype="float32") -> tuple[Question, ...]:
    return tour_questions(*given(family, dtype), stack, place)


def place_of(answer: str) -> int:
    return int(answer.rsplit("(token ", 1)[1][:-1])
