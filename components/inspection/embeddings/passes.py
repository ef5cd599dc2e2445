"""Two ways to compare sentences: each is read once, or each pair together.

A bi-encoder reads n sentences in n passes, and compares vectors. A cross-encoder lets the words of
two sentences attend to each other, so each pair is a pass of its own: n (n - 1) / 2 of them.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float64, Int64

from components.inspection.checks import Check
from components.inspection.errors import InspectionError

MOST: Final = 1_000_000
"""Sentences that are reckoned with."""
SAYS: Final = "the pairs are as many as are counted, sentence by sentence"


@dataclass(frozen=True, eq=False)
class Passes:
    """How many passes each way takes."""

    sentences: int
    pairs: int
    """Passes of a cross-encoder that compares all with all."""
    numbers: Int64[np.ndarray, " point"]
    """Numbers of sentences, from 2 on."""
    crossed: Float64[np.ndarray, " point"]
    """Pairs of so many."""
    checks: tuple[Check, ...]


def passes(sentences: int) -> Passes:
    """Count the passes for `sentences` sentences, and for other numbers of them.

    >>> passes(10_000).pairs
    49995000

    Raises:
        InspectionError: there is no pair, or more than is reckoned with.
    """
    if not 2 <= sentences <= MOST:
        raise InspectionError(
            f"Pairs of {sentences:,} sentences cannot be counted here. Take from 2 to {MOST:,}."
        )
    numbers = np.unique(np.geomspace(2, max(100_000, sentences), 49).round().astype(np.int64))
    found = pairs(sentences)
    return Passes(
        sentences,
        found,
        numbers,
        np.array([pairs(int(each)) for each in numbers], np.float64),
        (Check(SAYS, float(abs(found - counted(sentences))), 0.0, "The formula is wrong."),),
    )


def pairs(sentences: int) -> int:
    """Return how many pairs there are, by the formula.

    >>> pairs(2), pairs(4)
    (1, 6)
    """
    return sentences * (sentences - 1) // 2


def counted(sentences: int) -> int:
    """Return how many there are by counting: each sentence is paired with those before it.

    >>> counted(4)  # 0 + 1 + 2 + 3
    6
    """
    return sum(range(sentences))
