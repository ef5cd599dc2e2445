"""From ids back to text: each by itself, all together, and whether the text has these ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.tokenizer.opening import Holder, ready
from components.inspection.tokenizer.pieces import EncodedText

MOST: Final = 200
"""Ids that are read at a time."""


@dataclass(frozen=True)
class DecodedId:
    """One id, and what the vocabulary has under it."""

    id: int
    piece: str
    """The vocabulary's raw string."""
    alone: str
    """What it decodes to by itself."""
    raw: bytes | None
    """The bytes it stands for, as far as the vocabulary fixes them."""
    special: bool


@dataclass(frozen=True)
class DecodedIds:
    """Ids read as text."""

    ids: tuple[DecodedId, ...]
    text: str
    """What all of them decode to, together."""
    again: tuple[int, ...]
    """The ids of that text, tokenized anew."""
    lossless: bool
    """The tokenizer is made so that every text comes back."""
    back: str
    """The text that `again` decodes to."""

    @property
    def checks(self) -> tuple[Check, ...]:
        """That the text, tokenized and decoded once more, is the same text."""
        return (
            Check(
                "the text of these ids, tokenized and decoded again, is the same text",
                float(self.back != self.text),
                0.0 if self.lossless else None,
                "Decoding does not undo tokenizing.",
            ),
        )


def decode_ids(holder: Holder, ids: Sequence[int]) -> DecodedIds:
    """Return what the tokenizer of `holder` makes of `ids`.

    Raises:
        InspectionError: there are none, or more than `MOST`; or the vocabulary lacks one.
    """
    tokenizer = ready(holder)
    if not 0 < len(ids) <= MOST:
        raise InspectionError(f"{len(ids):,} ids were given; type 1 to {MOST}, such as 40 262 13.")
    found = tuple(
        DecodedId(
            id_, tokenizer.piece(id_), alone, tokenizer.bytes_of(id_), id_ in tokenizer.special_ids
        )
        for id_, alone in zip(ids, tokenizer.alone(ids), strict=True)
    )
    text = tokenizer.backend.decode(list(ids), skip_special_tokens=False)
    again = tokenizer.backend.encode(text, add_special_tokens=False).ids
    back = tokenizer.backend.decode(again, skip_special_tokens=False)
    return DecodedIds(found, text, tuple(again), tokenizer.lossless, back)


def entries(holder: Holder, encoded: EncodedText) -> dict[int, str]:
    """Return the vocabulary entry of every id that a text has."""
    tokenizer = ready(holder)
    return {int(id_): tokenizer.piece(int(id_)) for id_ in np.unique(encoded.ids)}


def parsed_ids(typed: str) -> tuple[int, ...]:
    """Return the ids in a line of whole numbers, parted by spaces or commas.

    >>> parsed_ids("40, 262 13"), parsed_ids("[1, 2]")
    ((40, 262, 13), (1, 2))

    Raises:
        InspectionError: a part of the line is no whole number from 0 on.
    """
    parts = typed.replace(",", " ").replace("[", " ").replace("]", " ").split()
    for part in parts:
        if not (part.isascii() and part.isdigit() and len(part) < 10):
            raise InspectionError(
                f"'{part[:20]}' is no id; an id is a whole number from 0 on. Type some, such as "
                "40 262 13."
            )
    return tuple(map(int, parts))
