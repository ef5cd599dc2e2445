"""Labels without training: each sentence takes the label whose vector is nearest to its own.

Nobody has labelled anything: the words of a label say what is meant by it (Yin, Hay and Roth,
"Benchmarking Zero-shot Text Classification", EMNLP 2019).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float32, Int32
from scipy.stats import binomtest

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.embeddings.search import bound, by_definition, cosines
from components.inspection.errors import InspectionError

MOST: Final = 20
"""Labels that a table of them has room for."""
NEAREST: Final = "no sentence has a nearer label than its own, computed in float64"
WHOLE: Final = "the table of kinds and labels counts each sentence once"
SURE: Final = 0.95


@dataclass(frozen=True, eq=False)
class Labelled:
    """Which label each sentence took."""

    labels: tuple[str, ...]
    scores: Float32[np.ndarray, "sentence label"]
    """Cosine of a sentence's vector with a label's, -1 to 1."""
    chosen: Int32[np.ndarray, " sentence"]
    """The place of the label with the largest cosine; of equal ones the first."""
    margin: Float32[np.ndarray, " sentence"]
    """By how much its cosine is above the second's; 0 where there is one label."""
    checks: tuple[Check, ...]


@dataclass(frozen=True, eq=False)
class Graded:
    """How often the label taken is the kind that a sentence is known to be of."""

    kinds: tuple[str, ...]
    counts: Int32[np.ndarray, "kind label"]
    """Sentences of a kind that took a label."""
    right: int
    of: int
    low: float
    """The share that is right is between `low` and `high` in 95 of 100 cases, for sentences drawn
    like these (Wilson's interval)."""
    high: float
    checks: tuple[Check, ...]

    @property
    def accuracy(self) -> float:
        """The share that is right, 0 to 1."""
        return self.right / self.of


def nearest_label(
    vectors: Float32[np.ndarray, "sentence width"],
    labels: tuple[str, ...],
    meanings: Float32[np.ndarray, "label width"],
) -> Labelled:
    """Give each sentence the label whose vector (`meanings`) has the largest cosine with its own.

    Raises:
        InspectionError: there is no sentence, or some numbers are none.
    """
    if not len(vectors):
        raise InspectionError("There is no sentence to label: write some, one a line.")
    rounding.require_numbers(vectors, meanings)
    scores = cosines(vectors, meanings)
    chosen = scores.argmax(1).astype(np.int32)
    second = np.partition(scores, -2, axis=1)[:, -2] if len(labels) > 1 else scores[:, 0]
    exact = by_definition(vectors, meanings)
    taken = exact[np.arange(len(exact)), chosen]
    return Labelled(
        labels,
        scores,
        chosen,
        scores.max(1) - second,
        (
            Check(
                NEAREST,
                float((exact.max(1) - taken).max()),
                2 * bound(vectors.shape[1]),
                "Some sentences have another label than the nearest.",
            ),
        ),
    )


def read_labels(text: str) -> tuple[str, ...]:
    r"""Return the labels in a text, one a line; empty lines are left out.

    >>> read_labels("food\n\n weather ")
    ('food', 'weather')

    Raises:
        InspectionError: there are fewer than two, too many, or two alike.
    """
    found = tuple(filter(None, (line.strip() for line in text.splitlines())))
    if len(found) < 2:
        raise InspectionError(
            f"Labels are chosen among, and here {'is one' if found else 'is none'}. Write two or "
            "more, one a line."
        )
    if len(found) > MOST:
        raise InspectionError(f"These are {len(found)} labels; at most {MOST} are told apart here.")
    twice = next((each for each in found if found.count(each) > 1), None)
    if twice is not None:
        raise InspectionError(f"The label {twice[:60]!r} is there twice. Write it once.")
    return found


def graded(kinds: Sequence[str], chosen: Sequence[int], labels: int) -> Graded:
    """Compare the labels taken (`chosen`, by place) with known `kinds`.

    The kinds stand in the order of the alphabet; the label at a kind's place is the right one.
    """
    names = tuple(sorted(set(kinds)))
    place = {name: at for at, name in enumerate(names)}
    counts = np.zeros((len(names), labels), np.int32)
    for kind, label in zip(kinds, chosen, strict=True):
        counts[place[kind], label] += 1
    right = int(np.trace(counts))
    between = binomtest(right, len(kinds)).proportion_ci(SURE, "wilson")
    return Graded(
        names,
        counts,
        right,
        len(kinds),
        float(between.low),
        float(between.high),
        (Check(WHOLE, float(_missing(kinds, chosen, counts)), 0.0, "Some are counted wrong."),),
    )


def _missing(kinds: Sequence[str], chosen: Sequence[int], counts: np.ndarray) -> int:
    """Return by how much the table's edges differ from what they must sum to."""
    names = sorted(set(kinds))
    rows = [list(kinds).count(name) for name in names]
    columns = [list(chosen).count(label) for label in range(counts.shape[1])]
    return int(np.abs(counts.sum(1) - rows).sum() + np.abs(counts.sum(0) - columns).sum())
