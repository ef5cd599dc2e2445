"""Queries that some sentence answers, and others: do their cosines tell them apart?"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from jaxtyping import Float32, Int32

from components.inspection.checks import Check, worst
from components.inspection.embeddings.search import EXACT, by_meaning

BEYOND: Final = 2.0**-20
"""How far beyond all cosines a threshold may lie."""


@dataclass(frozen=True, eq=False)
class Spread:
    """The cosines of some queries with all sentences."""

    five: Float32[np.ndarray, "asked 5"]
    """Of each query the smallest cosine, the three quartiles and the largest, -1 to 1."""
    nearest: Int32[np.ndarray, " asked"]
    """The sentence with the largest."""
    threshold: float
    """Taking only what is at least so near makes the fewest mistakes on these queries."""
    mistakes: int
    """Those: queries with an answer that lose it, and queries without that find something."""
    checks: tuple[Check, ...]


def spread(
    vectors: Float32[np.ndarray, "sentence width"],
    queries: Float32[np.ndarray, "asked width"],
    answered: tuple[bool | None, ...],
) -> Spread:
    """Compare each query with all sentences; of each it is known whether one of them answers it.

    None: that is not known, and it does not count.

    Raises:
        InspectionError: there is no sentence, or some numbers are none.
    """
    found = [by_meaning(vectors, query) for query in queries]
    five = [np.quantile(one.scores, [0, 0.25, 0.5, 0.75, 1]) for one in found]
    tops = [float(one.scores.max()) for one in found]
    threshold, mistakes = best_threshold(
        [top for top, known in zip(tops, answered, strict=True) if known],
        [top for top, known in zip(tops, answered, strict=True) if known is False],
    )
    return Spread(
        np.array(five, np.float32),
        np.array([one.order[0] for one in found], np.int32),
        threshold,
        mistakes,
        (worst([one.checks[0] for one in found], EXACT),),
    )


def best_threshold(answered: list[float], unanswered: list[float]) -> tuple[float, int]:
    """Return the threshold with the fewest mistakes, and how many: a half-way point between two
    neighbouring cosines, or beyond them all; the smallest of equally good ones.

    >>> best_threshold([0.75, 0.5], [0.25, 0.625])
    (0.375, 1)
    """
    values = sorted({-1.0 - BEYOND, *answered, *unanswered, 1.0 + BEYOND})
    halves = [(low + high) / 2 for low, high in pairwise(values)]

    def mistakes(threshold: float) -> int:
        lost = sum(value < threshold for value in answered)
        return lost + sum(value >= threshold for value in unanswered)

    best = min(halves, key=mistakes)
    return best, mistakes(best)
