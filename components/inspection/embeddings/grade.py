"""How well clusters fit kinds that are known: the adjusted Rand index, and which kind went where.

Of all pairs of sentences the index counts those that are together in both, or in neither, less
what chance would give (Hubert and Arabie, "Comparing Partitions", 1985): 1 for the same division,
about 0 for one drawn by lot.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Int, Int32, Shaped
from sklearn.metrics import adjusted_rand_score

from components.inspection.checks import Check
from components.inspection.embeddings.clusters import NOISE

OF_TABLE: Final = "the adjusted Rand index is that of the table, counted pair by pair"
COUNTED: Final = "the table counts every sentence once"
BOUND: Final = 1e-9
"""Whole numbers are counted; some quotients of them are rounded in float64."""


@dataclass(frozen=True, eq=False)
class Grade:
    """Kinds of sentences against clusters."""

    kinds: tuple[str, ...]
    """In alphabetical order."""
    clusters: tuple[int, ...]
    """The columns: labels in order, noise (-1), if there is any, last."""
    table: Int32[np.ndarray, "kind cluster"]
    """How many sentences of a kind are in a cluster."""
    rand: float
    """The adjusted Rand index over all sentences, noise as one more cluster."""
    rand_without_noise: float
    """The same over the sentences that are in clusters; NaN where none is."""
    kept: float
    """The share of sentences that are in clusters, from 0 to 1."""
    checks: tuple[Check, ...]


def against_kinds(labels: Int32[np.ndarray, " sentence"], kinds: tuple[str, ...]) -> Grade:
    """Grade the `labels` of sentences, whose true `kinds` these are."""
    names, clusters = tuple(sorted(set(kinds))), np.unique(labels)
    clusters = np.concatenate([clusters[clusters != NOISE], clusters[clusters == NOISE]])
    table = _table(kinds, labels.tolist(), names, clusters.tolist())
    inside = labels != NOISE
    of = np.array(kinds)
    rand = agreement(of, labels)
    without = agreement(of[inside], labels[inside]) if inside.any() else float("nan")
    off = abs(rand - index_of(table))
    if inside.any():
        off = max(off, abs(without - index_of(table[:, clusters != NOISE])))
    return Grade(
        kinds=names,
        clusters=tuple(clusters.tolist()),
        table=table,
        rand=rand,
        rand_without_noise=without,
        kept=float(inside.mean()),
        checks=(
            Check(OF_TABLE, off, BOUND, "Grade and table are not of the same clusters."),
            Check(
                COUNTED,
                float(abs(int(table.sum()) - len(kinds))),
                0.0,
                "A sentence is missing from the table, or stands there twice.",
            ),
        ),
    )


def _table(
    kinds: tuple[str, ...], labels: list[int], names: tuple[str, ...], clusters: list[int]
) -> Int32[np.ndarray, "kind cluster"]:
    table = np.zeros((len(names), len(clusters)), np.int32)
    for kind, label in zip(kinds, labels, strict=True):
        table[names.index(kind), clusters.index(label)] += 1
    return table


def agreement(
    first: Shaped[np.ndarray, " sentence"], second: Shaped[np.ndarray, " sentence"]
) -> float:
    """Return the adjusted Rand index of two divisions of the same sentences, from -0.5 to 1."""
    return float(adjusted_rand_score(first, second))


def index_of(table: Int[np.ndarray, "kind cluster"]) -> float:
    """Return the adjusted Rand index from a table of counts, as it is defined.

    >>> index_of(np.array([[2, 0], [0, 2]])), round(index_of(np.array([[1, 1], [1, 1]])), 9)
    (1.0, -0.5)
    """
    both = _pairs(table.ravel())
    rows, columns = _pairs(table.sum(1)), _pairs(table.sum(0))
    everything = _pairs(table.sum(keepdims=True).ravel())
    chance = rows * columns / everything if everything else 0.0
    most = (rows + columns) / 2
    return 1.0 if most == chance else (both - chance) / (most - chance)


def _pairs(counts: Int[np.ndarray, " cluster"]) -> float:
    """Return how many pairs can be made within groups of these sizes."""
    return float(sum(size * (size - 1) // 2 for size in counts.tolist()))
