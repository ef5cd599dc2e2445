"""What settings decide: the same sentences with other sizes of clusters, other seeds, in another
order, and without UMAP."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Float32, Float64, Int32
from sklearn.metrics import pairwise_distances

from components.inspection import rounding
from components.inspection.checks import Check, worst
from components.inspection.embeddings.clusters import NOISE, flattened, hdbscan, sound
from components.inspection.embeddings.grade import agreement
from components.inspection.embeddings.maps import Settings
from components.inspection.errors import InspectionError
from components.inspection.progress import Progress, silent

SIZES: Final = (2, 3, 4, 5, 7, 10, 14, 20, 28, 40, 56, 80, 112, 160)
"""Least sizes of clusters that are tried, each about 1.4 times the one before."""
MOST_WHOLE: Final = 3_000
"""Sentences of which all distances are kept: 72 MB."""
LARGE_EACH: Final = "at each size every cluster has at least as many sentences as were asked for"
ITSELF: Final = "each clustering agrees with itself, and two agree both ways alike"
REPEATED: Final = "with the same seed UMAP puts every sentence at the same place again"
BOUND: Final = 1e-6
"""An index is rounded to float32."""


@dataclass(frozen=True, eq=False)
class BySize:
    """How many clusters HDBSCAN finds as they may be smaller or must be larger."""

    sizes: tuple[int, ...]
    count: Int32[np.ndarray, "space least"]
    """Clusters found: after UMAP, and on the whole vectors."""
    noise: Float32[np.ndarray, "space least"]
    """The share of sentences in no cluster, from 0 to 1."""
    rand: Float32[np.ndarray, "space least"]
    """The adjusted Rand index against the known kinds; NaN where none are known."""
    checks: tuple[Check, ...]


@dataclass(frozen=True, eq=False)
class BySeed:
    """Clusterings by the seed of UMAP."""

    seeds: tuple[int, ...]
    count: Int32[np.ndarray, " seed"]
    """Clusters found with each seed."""
    noise: Float32[np.ndarray, " seed"]
    """The share of sentences in no cluster."""
    agreement: Float32[np.ndarray, "seed seed"]
    """The adjusted Rand index of two of them, noise as one more cluster."""
    reversed: float
    """The same of the first and of its sentences read from the last to the first: HDBSCAN breaks
    ties by their order."""
    rounded: float
    """The same of the first and of vectors of which each number was rounded once more."""
    checks: tuple[Check, ...]


def by_size(
    places: Float32[np.ndarray, "sentence component"],
    vectors: Float32[np.ndarray, "sentence width"],
    least: int,
    kinds: tuple[str, ...] = (),
    progress: Progress = silent,
) -> BySize:
    """Look for clusters of `least` sentences or more, and of some other sizes, among `places` and
    among the whole `vectors`, made equally long; `kinds` are the true ones, if they are known.

    Raises:
        InspectionError: there are more sentences than all distances can be kept of.
    """
    if len(vectors) > MOST_WHOLE:
        raise InspectionError(
            f"Without UMAP all distances of all sentences are kept: of at most {MOST_WHOLE:,} "
            f"sentences, and these are {len(vectors):,}. Take fewer."
        )
    sizes = sizes_of(least, len(places))
    distances = distances_of(vectors)
    count = np.zeros((2, len(sizes)), np.int32)
    noise, rand = (np.full((2, len(sizes)), np.nan, np.float32) for _ in range(2))
    checks: list[Check] = []
    for column, size in enumerate(sizes):
        for way in range(2):
            progress((2 * column + way) / (2 * len(sizes)), "Looking for clusters of other sizes")
            labels, _ = hdbscan((places, distances)[way], size, distances=way == 1)
            count[way, column] = len(set(labels[labels != NOISE].tolist()))
            noise[way, column] = (labels == NOISE).mean()
            if kinds:
                rand[way, column] = agreement(np.array(kinds), labels)
            checks += sound(labels, size)[:1]
    return BySize(sizes, count, noise, rand, (worst(checks, LARGE_EACH),))


def sizes_of(least: int, sentences: int) -> tuple[int, ...]:
    """Return the least sizes that are tried of so many sentences: `least`, and those of `SIZES` of
    which there might be three clusters.

    >>> sizes_of(15, 36)
    (2, 3, 4, 5, 7, 10, 15)
    """
    return tuple(sorted({least, *(size for size in SIZES if size <= max(2, sentences // 3))}))


def distances_of(
    vectors: Float32[np.ndarray, "sentence width"],
) -> Float64[np.ndarray, "sentence sentence"]:
    """Return the Euclidean distances of the vectors, each made one long: 0 to 2, in the order of
    their cosines."""
    fine = vectors.astype(np.float64)
    fine /= np.linalg.norm(fine, axis=1, keepdims=True).clip(1e-30)
    return np.asarray(pairwise_distances(fine), np.float64)


def by_seed(
    places: Float32[np.ndarray, "sentence component"],
    vectors: Float32[np.ndarray, "sentence width"],
    sentences: tuple[str, ...],
    settings: Settings,
    least: int,
    seeds: int,
    progress: Progress = silent,
) -> BySeed:
    """Look for clusters with `seeds` seeds of UMAP, from that of `settings` on, whose `places` are
    known already and are computed once more.

    Raises:
        InspectionError: as `flattened`.
    """
    tried = tuple(settings.seed + more for more in range(seeds))
    signs = np.random.default_rng(0).choice([-1, 1], vectors.shape)
    once_more = (vectors * (1 + signs * 2 * rounding.unit("float32"))).astype(np.float32)
    ways = [(vectors, seed, f"Seed {seed}") for seed in tried]
    ways.append((once_more, settings.seed, "Rounded once more"))
    flat, found = [], []
    for done, (given, seed, name) in enumerate(ways):

        def tell(share: float, phrase: str, done: int = done, name: str = name) -> None:
            progress((done + share) / len(ways), f"{name}. {phrase}")

        flat.append(flattened(given, sentences, replace(settings, seed=seed), tell))
        found.append(hdbscan(flat[-1], least)[0])
    off = float(np.abs(flat[0] - places).max())
    rounded = agreement(found[0], found.pop())
    table = [[agreement(one, other) for other in found] for one in found]
    turned = hdbscan(places[::-1], least)[0][::-1]
    return BySeed(
        seeds=tried,
        count=np.array([len(set(each[each != NOISE].tolist())) for each in found], np.int32),
        noise=np.array([(each == NOISE).mean() for each in found], np.float32),
        agreement=np.array(table, np.float32),
        reversed=agreement(found[0], turned),
        rounded=rounded,
        checks=_checks(np.array(table), off),
    )


def _checks(table: Float64[np.ndarray, "seed seed"], off: float) -> tuple[Check, ...]:
    uneven = max(float(np.abs(table - table.T).max()), float(np.abs(table.diagonal() - 1).max()))
    return (
        Check(REPEATED, off, 0.0, "UMAP drew other lots than its seed says."),
        Check(ITSELF, uneven, BOUND, "The index was taken of other clusterings than are shown."),
    )
