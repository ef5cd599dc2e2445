"""Search by meaning: the sentences whose vectors point where the query's vector points.

The cosine of two vectors is their dot product over the product of their lengths: 1 for the same
direction, 0 for a right angle. Every sentence has one, so every query finds something.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float32, Float64, Int32

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.errors import InspectionError

BLOCK: Final = 1_000
"""Sentences that are computed at a time in float64."""
EXACT: Final = "each cosine is what its definition gives in float64"
RANKED: Final = "no sentence stands above one with a larger cosine"


@dataclass(frozen=True, eq=False)
class ByMeaning:
    """All sentences, ranked by the cosine of their vectors with the query's."""

    scores: Float32[np.ndarray, " sentence"]
    """The cosine, -1 to 1; 0 where a vector has no length."""
    order: Int32[np.ndarray, " sentence"]
    """The sentences, the largest cosine first; equal ones in their order."""
    checks: tuple[Check, ...]


def by_meaning(
    vectors: Float32[np.ndarray, "sentence width"], query: Float32[np.ndarray, " width"]
) -> ByMeaning:
    """Rank sentences by the cosine of their `vectors` with that of a `query`.

    Raises:
        InspectionError: there is no sentence, or some numbers are none.
    """
    if not len(vectors):
        raise InspectionError("There is no sentence to search in: write some, one a line.")
    rounding.require_numbers(vectors, query)
    scores = cosines(vectors, query[None])[:, 0]
    order = np.argsort(-scores, kind="stable").astype(np.int32)
    exact = by_definition(vectors, query[None])[:, 0]
    allowed = bound(vectors.shape[1])
    above = exact[order]
    return ByMeaning(
        scores,
        order,
        (
            Check(EXACT, float(np.abs(scores - exact).max()), allowed, "A number is miscomputed."),
            Check(
                RANKED,
                float((above[1:] - np.minimum.accumulate(above[:-1])).max(initial=0.0)),
                2 * allowed,
                "The ranking is not that of the cosines.",
            ),
        ),
    )


def cosines(
    vectors: Float32[np.ndarray, "row width"], others: Float32[np.ndarray, "column width"]
) -> Float32[np.ndarray, "row column"]:
    """Return the cosine of each of `vectors` with each of `others`, 0 where one has no length."""
    return np.clip(_unit(vectors) @ _unit(others).T, -1.0, 1.0)


def by_definition(
    vectors: Float32[np.ndarray, "row width"], others: Float32[np.ndarray, "column width"]
) -> Float64[np.ndarray, "row column"]:
    """Return the same by the definition, in float64: dot product over the product of lengths."""
    second = others.astype(np.float64)
    found = np.zeros((len(vectors), len(others)))
    for start in range(0, len(vectors), BLOCK):
        first = vectors[start : start + BLOCK].astype(np.float64)
        sizes = np.sqrt((first**2).sum(1))[:, None] * np.sqrt((second**2).sum(1))
        dots = np.einsum("rw,cw->rc", first, second)
        found[start : start + BLOCK] = np.where(sizes > 0, dots / np.where(sizes, sizes, 1), 0)
    return found


def bound(width: int) -> float:
    """Return how far a cosine of vectors of `width` numbers in float32 may be off: a sum of
    products whose sizes add up to 1 at most, of vectors that were each divided by a length (a root
    of such a sum, and a quotient)."""
    return 2 * rounding.summed(width) + 6 * rounding.unit("float32")


def _unit(vectors: Float32[np.ndarray, "row width"]) -> Float32[np.ndarray, "row width"]:
    # First by the largest number, so that no square is too large or too small for float32.
    largest = np.abs(vectors).max(axis=1, keepdims=True, initial=0.0)
    scaled = vectors / np.where(largest, largest, np.float32(1))
    sizes = np.linalg.norm(scaled, axis=1, keepdims=True)
    return scaled / np.where(sizes, sizes, np.float32(1))
