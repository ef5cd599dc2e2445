"""How far a picture of vectors can be trusted: which neighbours it shows, makes up and loses.

Trustworthiness and continuity: Venna and Kaski, "Neighborhood preservation in nonlinear projection
methods: an experimental study" (2001); the one punishes neighbours in the picture that are far away
in truth, the other true neighbours that are far away in the picture.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Float32, Float64, Int32
from scipy.stats import spearmanr
from sklearn.metrics.pairwise import euclidean_distances

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.embeddings.neighbours import Metric, directed, nearest
from components.inspection.progress import Progress, silent

NEIGHBOURS: Final = 10
"""Neighbours of a point that are compared."""
MOST_ASKED: Final = 3_000
"""Points whose neighbours are ranked among all: a sample of more is as good."""
PAIRS: Final = 20_000
"""Pairs of points whose distances are compared."""
EXACT: Final = 20
"""Points whose neighbours are looked for by the definition, in float64."""
BLOCK: Final = 256
DEFINED: Final = "the neighbours are as near as those by the definition, computed in float64"


@dataclass(frozen=True)
class Scores:
    """How well a picture keeps neighbours."""

    trustworthiness: float
    """1 where each neighbour in the picture is a true one; about 0.5 of a picture by chance."""
    continuity: float
    """1 where each true neighbour is one in the picture."""
    kept: float
    """Of a point's neighbours in the picture, the share that are true ones, on the average."""


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """A picture held against the vectors that it was made of."""

    true: Int32[np.ndarray, "point near"]
    """The nearest of each point in the full space, nearest first."""
    far: Float32[np.ndarray, "point near"]
    """How far they are there."""
    seen: Int32[np.ndarray, "point near"]
    """The nearest in the picture."""
    seen_far: Float32[np.ndarray, "point near"]
    """How far those are in the full space."""
    scores: Scores
    chance: Scores
    """The same of the picture with its points shuffled."""
    correlation: float
    """Spearman's rank correlation of distances in the picture and in the full space, -1 to 1."""
    pairs: Int32[np.ndarray, "pair 2"]
    """The pairs of points that it was computed over."""
    distances: Float32[np.ndarray, "pair 2"]
    """How far each pair is in the full space, and in the picture."""
    asked: int
    """Points that the scores are an average over."""
    checks: tuple[Check, ...]

    @property
    def near(self) -> int:
        """How many neighbours are compared."""
        return int(self.true.shape[1])

    def kept(self, point: int) -> int:
        """Return how many neighbours of a point in the picture are true ones."""
        return len(set(self.true[point].tolist()) & set(self.seen[point].tolist()))


def faithfulness(
    vectors: Float32[np.ndarray, "point width"],
    picture: Float32[np.ndarray, "point component"],
    metric: Metric = "cosine",
    progress: Progress = silent,
) -> Faithfulness:
    """Compare neighbours and distances in `picture` with those of the `vectors`.

    Raises:
        InspectionError: there are fewer than three points, or some numbers are none.
    """
    near = max(1, min(NEIGHBOURS, (len(vectors) - 1) // 2))
    progress(0.0, "Comparing the picture with the vectors")
    true, far = nearest(vectors, near, metric, progress)
    seen, _ = nearest(picture, near, "euclidean", progress)
    space = directed(vectors) if metric == "cosine" else vectors
    draw = np.random.default_rng(0)
    asked = draw.permutation(len(vectors))[:MOST_ASKED].astype(np.int32)
    shuffled = picture[draw.permutation(len(vectors))]
    by_chance, _ = nearest(shuffled, near, "euclidean", progress)
    pairs = _pairs(len(vectors), draw)
    distances = np.stack(
        [_between(vectors, pairs, metric), _between(picture, pairs, "euclidean")], axis=1
    )
    every = np.arange(len(vectors), dtype=np.int32).repeat(near)
    return Faithfulness(
        true=true,
        far=far,
        seen=seen,
        seen_far=_between(vectors, np.stack([every, seen.ravel()], axis=1), metric).reshape(
            seen.shape
        ),
        scores=_scores(space, picture, true, seen, asked, progress),
        chance=_scores(space, shuffled, true, by_chance, asked, progress),
        correlation=_rank_correlation(distances),
        pairs=pairs,
        distances=distances,
        asked=len(asked),
        checks=(as_defined(vectors, far, metric),),
    )


def overlap(
    one: Int32[np.ndarray, "point near"], other: Int32[np.ndarray, "point near"]
) -> Float64[np.ndarray, " point"]:
    """Return which share of each point's neighbours in `one` are among those in `other`.

    >>> overlap(np.array([[1, 2]], np.int32), np.array([[2, 3]], np.int32))
    array([0.5])
    """
    return np.asarray((one[:, :, None] == other[:, None, :]).any(axis=2).mean(axis=1))


def outranked(
    space: Float32[np.ndarray, "point width"],
    near: Int32[np.ndarray, "point near"],
    asked: Int32[np.ndarray, " asked"],
    progress: Progress = silent,
) -> float:
    """Return 1 where the points `near` to each are the nearest in `space`, less the farther down
    they rank there: trustworthiness, averaged over the points that are `asked`.

    With the neighbours in the picture, and the vectors as the space, this is trustworthiness; with
    the true ones, and the picture as the space, continuity.
    """
    points, k = near.shape
    beyond = 0
    for start in range(0, len(asked), BLOCK):
        progress(start / len(asked), "Ranking the neighbours")
        rows = asked[start : start + BLOCK]
        far = euclidean_distances(space[rows], space, squared=True)
        far[np.arange(len(rows)), rows] = np.inf
        there = np.take_along_axis(far, near[rows], axis=1)
        ranks = np.stack([(far < there[:, [each]]).sum(axis=1) + 1 for each in range(k)])
        beyond += int(np.maximum(ranks - k, 0).sum())
    return 1 - 2 * beyond / (len(asked) * k * (2 * points - 3 * k - 1))


def as_defined(
    vectors: Float32[np.ndarray, "point width"],
    far: Float32[np.ndarray, "point near"],
    metric: Metric,
) -> Check:
    """Return the check of some points' nearest distances against the definition, in float64."""
    some = np.random.default_rng(1).permutation(len(vectors))[:EXACT]
    fine = vectors.astype(np.float64)
    norms = np.linalg.norm(fine, axis=1)
    expected = []
    for point in some:
        others = np.arange(len(fine)) != point
        if metric == "cosine":
            with np.errstate(invalid="ignore", divide="ignore"):
                all_of_them = 1 - fine[others] @ fine[point] / (norms[others] * norms[point])
            none = (norms[others] == 0) & (norms[point] == 0)
            all_of_them = np.where(np.isnan(all_of_them), np.where(none, 0.0, 1.0), all_of_them)
        else:
            all_of_them = np.sqrt(((fine[others] - fine[point]) ** 2).sum(axis=1))
        expected.append(np.sort(all_of_them)[: far.shape[1]])
    unit = rounding.unit("float32")
    size = 1.0 if metric == "cosine" else float(norms.max())
    # Each length is a sum in float32; distances are differences of such, rounded once more.
    allowed = (rounding.summed(vectors.shape[1]) + 8 * unit) * size
    return rounding.compared(
        DEFINED, far[some], np.array(expected), allowed, "Some neighbours were missed."
    )


def _scores(
    space: Float32[np.ndarray, "point width"],
    picture: Float32[np.ndarray, "point component"],
    true: Int32[np.ndarray, "point near"],
    seen: Int32[np.ndarray, "point near"],
    asked: Int32[np.ndarray, " asked"],
    progress: Progress,
) -> Scores:
    return Scores(
        outranked(space, seen, asked, progress),
        outranked(picture, true, asked, progress),
        float(overlap(seen, true).mean()),
    )


def _pairs(points: int, draw: np.random.Generator) -> Int32[np.ndarray, "pair 2"]:
    first = draw.integers(0, points, PAIRS)
    second = (first + draw.integers(1, points, PAIRS)) % points
    return np.stack([first, second], axis=1).astype(np.int32)


def _between(
    vectors: Float32[np.ndarray, "point width"],
    pairs: Int32[np.ndarray, "pair 2"],
    metric: Metric,
) -> Float32[np.ndarray, " pair"]:
    """Return how far the two of each pair are, a block of pairs at a time."""
    seen = directed(vectors) if metric == "cosine" else vectors
    found = np.empty(len(pairs), np.float32)
    for start in range(0, len(pairs), 20 * BLOCK):
        block = slice(start, start + 20 * BLOCK)
        one, other = seen[pairs[block, 0]], seen[pairs[block, 1]]
        found[block] = np.linalg.norm(one - other, axis=1)
    return found**2 / 2 if metric == "cosine" else found


def _rank_correlation(distances: Float[np.ndarray, "pair 2"]) -> float:
    if (distances.min(axis=0) == distances.max(axis=0)).any():
        return 0.0  # all are equally far: there is no order to agree with
    return float(spearmanr(distances[:, 0], distances[:, 1]).statistic)
