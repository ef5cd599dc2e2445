"""The tour of one text in one model: its questions, its kinds, and which block they are about."""

from collections.abc import Sequence
from dataclasses import dataclass

from components.inspection.anatomy import StackName
from components.inspection.machine.question import Question
from components.inspection.machine.questions import questions_about, seen_of
from components.inspection.machine.tour_kinds import tour_kinds
from components.inspection.model import Model


@dataclass(frozen=True)
class Tour:
    """What the tour's stops are made from."""

    questions: tuple[Question, ...]
    """One for each stop."""
    kinds: tuple[str, ...]
    """Names of `tour_kinds.KINDS`: what the stops must say otherwise."""
    layer: int
    """The block that stops 4 to 9 ask about: best opened when they are reached."""
    head: int | None
    """The query head; None where its attention cannot be drawn."""


def tour(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None,
    stack: StackName,
    place: int,
) -> Tour:
    """Return the tour about the token at `place` of `stack`.

    Raises:
        InspectionError: the text is empty or too long, or there is no such stack or token.
    """
    seen = seen_of(model, text, target, stack, place)
    return Tour(questions_about(seen), tour_kinds(seen), seen.layer, seen.head)
