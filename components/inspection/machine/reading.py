"""What the drawing is of: which ids each stack reads, and at which token the model is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from components.inspection.anatomy import StackName
from components.inspection.attribution.phrase import write
from components.inspection.decoding import require_writing
from components.inspection.errors import InspectionError
from components.inspection.machine.token_path import asked_place
from components.inspection.masking import with_mask
from components.inspection.model import Model

FIRST: Final = 8
"""Tokens that the decoder of an encoder-decoder has written when the drawing opens."""


@dataclass(frozen=True)
class Reading:
    """One text, as the stacks of one model read it."""

    ids: tuple[int, ...]
    """Of the stack that reads the prompt."""
    target: tuple[int, ...] | None
    """What an encoder-decoder's decoder reads after its start token; None without one."""
    tokens: dict[StackName, int]
    """How many tokens each stack reads."""
    answers: StackName
    """The stack that gives the answer."""
    place: int
    """The token of that stack at which the model is asked."""
    writes: bool
    """The model writes on from a text."""
    written: int | None
    """The first token of that stack that the reader had the model write; None if there is none."""


def reading(model: Model, text: str, written: Sequence[int] = ()) -> Reading:
    """Return what is read of `text`, with the ids `written` behind it.

    A masked model needs a mask; one is added where there is none. The decoder of an
    encoder-decoder begins with what it would write itself.

    Raises:
        InspectionError: the text is empty or too long, or an id is not the model's.
    """
    writes = _writes(model)
    more = model.checked(written) if written and writes else []
    if len(model.anatomy.stacks) == 2:
        begun = list(write(model, text, FIRST)) if writes else []
        ids, target = model.encode(text), [*begun, *more]
        return Reading(
            tuple(ids),
            tuple(target),
            {"encoder": len(ids), "decoder": len(target) + 1},
            "decoder",
            len(target),
            writes,
            1 + len(begun) if more else None,
        )
    ids = [*model.encode(with_mask(model, text)), *more]
    model.checked(ids)
    (stack,) = model.anatomy.stacks
    return Reading(
        tuple(ids),
        None,
        {stack: len(ids)},
        stack,
        asked_place(model, ids),
        writes,
        len(ids) - len(more) if more else None,
    )


def _writes(model: Model) -> bool:
    try:
        require_writing(model)
    except InspectionError:
        return False
    return True
