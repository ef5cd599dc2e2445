"""A question of the tour: what it is, what its answers are made from, and how they are chosen."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float

from components.inspection.anatomy import StackName
from components.inspection.errors import InspectionError
from components.inspection.machine.token_path import TokenPath
from components.inspection.model import Model
from components.inspection.recording import AttentionRecord, Recording, StackRecord

CLEAR: Final = 0.95
"""A wrong answer is at most this share of the right one's number: what is nearly as large would be
a trap, and rounding could turn it."""
MOST_ANSWERS: Final = 4


@dataclass(frozen=True)
class Question:
    """One stop's question; tokens stand in it as they are, within “ and ”.

    Raises:
        ValueError: the right answer is not among the answers, or two answers are alike.
    """

    stop: int
    """From 1 to 12."""
    asks: str
    """Empty where this model, text or token leaves nothing to ask."""
    answers: tuple[str, ...]
    """In an order of their own: as numbers grow, or as tokens stand in the text."""
    right: str
    because: str
    """What makes it right, with its number; or why nothing is asked."""

    def __post_init__(self) -> None:
        if len(set(self.answers)) < len(self.answers):
            raise ValueError(f"Two answers are alike: {self.answers}.")
        if not self.asks:
            if self.answers or self.right:
                raise ValueError("Nothing is asked, so there are no answers.")
        elif len(self.answers) < 2 or self.right not in self.answers:
            raise ValueError(f"{self.right!r} is not one of several answers: {self.answers}.")


@dataclass(frozen=True, eq=False)
class Seen:
    """What was recorded of one text, and where in it the questions are asked."""

    model: Model
    text: str
    """As it was typed, or what its tokens stand for."""
    recording: Recording
    stack: StackName
    place: int
    path: TokenPath
    layer: int
    """The block that is asked about."""
    head: int | None
    """The query head; None where its attention cannot be drawn."""

    @property
    def read(self) -> StackRecord:
        """The stack that is asked about."""
        return self.recording.stack(self.stack)

    @property
    def ids(self) -> list[int]:
        """What the network was given to read."""
        return list(self.recording.stacks[0].ids)

    @property
    def target(self) -> list[int] | None:
        """What the decoder reads after its start token; None without an encoder beside it."""
        return list(self.recording.stacks[1].ids[1:]) if len(self.recording.stacks) == 2 else None

    @property
    def writes_target(self) -> bool:
        """The stack is a decoder beside an encoder: it reads `target`, not the text."""
        return len(self.recording.stacks) == 2 and self.stack == "decoder"

    @property
    def token(self) -> str:
        """The token that is asked about, in quotes."""
        return quoted(self.read.tokens[self.place])

    def named(self, place: int) -> str:
        """Return a token of the stack with its place, so that no two are alike."""
        return at_place(self.read.tokens[place], place)

    def attention(self) -> tuple[AttentionRecord, int]:
        """Return the attention that is asked about, and the head.

        Raises:
            InspectionError: it cannot be drawn.
        """
        found = [one for one in self.recording.of(self.stack) if one.layer == self.layer]
        if self.head is None or not found:
            raise InspectionError(
                f"No attention of '{self.model.name}' can be drawn here, so nothing is asked of it."
            )
        return found[0], self.head


def quoted(token: str) -> str:
    """Return a token in quotes.

    >>> quoted(" Mary")
    '“ Mary”'
    """
    return f"“{token}”"


def at_place(token: str, place: int) -> str:
    """Return a token with its place.

    >>> at_place(" Mary", 3)
    '“ Mary” (token 3)'
    """
    return f"{quoted(token)} (token {place})"


def digits(number: float) -> str:
    """Write a number with three digits that count.

    >>> digits(0.24999), digits(-1234.5), digits(0.0), digits(171.887)
    ('0.25', '−1,234', '0', '172')
    """
    size = abs(number)
    text = f"{size:,.0f}" if size >= 100 else f"{size:.3g}"
    return f"−{text}" if number < 0 and text != "0" else text


def share_of(share: float) -> str:
    """Write a share in percent.

    >>> share_of(0.4567), share_of(0.0123), share_of(1.0), share_of(0.9999), share_of(0.0001)
    ('46%', '1.2%', '100%', 'over 99.9%', 'under 0.1%')
    """
    if share in (0, 1):
        return f"{share:.0%}"
    if share < 0.001 or share > 0.999:
        return "under 0.1%" if share < 0.5 else "over 99.9%"
    text = f"{100 * share:.0f}" if 0.1 <= share < 0.99 else f"{100 * share:.1f}"
    return f"{text.removesuffix('.0')}%"


def numbers(right: float, others: Iterable[float]) -> tuple[str, ...]:
    """Return numbers as answers, from the smallest up; of `others` those that are written otherwise
    than what stands before them, as many as there is room for.

    >>> numbers(9, (7, 9, 12, 36, 40))
    ('7', '9', '12', '36')
    """
    found = {digits(right): right}
    for one in others:
        if len(found) < MOST_ANSWERS:
            found.setdefault(digits(one), one)
    return tuple(sorted(found, key=found.__getitem__))


def largest(sizes: Float[np.ndarray, " _"], tried: Iterable[int], nothing: str) -> list[int]:
    """Return the place of the largest number and of some clearly smaller ones, in their order.

    `tried` are the smaller ones that would be liked, the most liked first.

    Raises:
        InspectionError: none is clearly smaller; it says `nothing`.
    """
    best = int(np.argmax(sizes))
    clear = [
        one
        for one in dict.fromkeys(int(each) for each in tried)
        if one != best and sizes[one] <= CLEAR * sizes[best] and sizes[best] > 0
    ]
    if not clear:
        raise InspectionError(nothing)
    return sorted([best, *clear[: MOST_ANSWERS - 1]])
