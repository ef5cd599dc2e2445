"""Clusters of sentences: their vectors by UMAP in a few numbers, then HDBSCAN; nothing is said of
how many there are, and what belongs nowhere is noise.

UMAP: McInnes, Healy, Melville, 2018. HDBSCAN: Campello, Moulavi, Sander, 2013; here scikit-learn's,
euclidean, clusters by excess of mass ("eom").
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Float32, Int32
from sklearn.cluster import HDBSCAN

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.embeddings import maps
from components.inspection.errors import InspectionError
from components.inspection.progress import Progress, silent

FEWEST: Final = 12
"""Different sentences that a map can be made of."""
ALIKE: Final = 1e-5
"""Vectors that differ by less than this share of their length differ by rounding alone."""
NOISE: Final = -1
"""The label of what is in no cluster."""
LARGE: Final = "every cluster has at least as many sentences as were asked for"
ALL: Final = "clusters and noise together are all sentences"
AGAIN: Final = "the labels are the same when computed again"


@dataclass(frozen=True, eq=False)
class Clusters:
    """Which sentence is in which cluster."""

    labels: Int32[np.ndarray, " sentence"]
    """The cluster of each, counted from 0; `NOISE` for none."""
    membership: Float32[np.ndarray, " sentence"]
    """How firmly each belongs to its cluster, from 0 (noise) to 1 (its densest part)."""
    least: int
    """Sentences that a cluster was to have."""
    checks: tuple[Check, ...]

    @property
    def count(self) -> int:
        """The number of clusters: of different labels, but for `NOISE`."""
        return len(self.sizes)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Sentences of each cluster."""
        return tuple(np.bincount(self.labels[self.labels >= 0]).tolist())

    @property
    def noise(self) -> float:
        """The share of sentences in no cluster, from 0 to 1."""
        return float((self.labels == NOISE).mean())


def flattened(
    vectors: Float32[np.ndarray, "sentence width"],
    sentences: tuple[str, ...],
    settings: maps.Settings,
    progress: Progress = silent,
) -> Float32[np.ndarray, "sentence component"]:
    """Return the sentences' vectors in a few numbers each, as `settings` say; near stays near.

    Raises:
        InspectionError: there are too few different sentences, or their vectors are all alike.
    """
    require_different(vectors, sentences)
    return maps.reduced(vectors, settings, progress)


def require_different(
    vectors: Float32[np.ndarray, "sentence width"], sentences: tuple[str, ...]
) -> None:
    """Go on if there is something to be told apart.

    Raises:
        InspectionError: there are too few different sentences, or their vectors are all alike.
    """
    rounding.require_numbers(vectors)
    different = len(set(sentences))
    if different < FEWEST:
        raise InspectionError(
            f"Clusters need at least {FEWEST} different sentences, and here "
            f"{'is' if different == 1 else 'are'} {different}. Add more, one on each line, or "
            "take the bundled ones."
        )
    first = vectors[0].astype(np.float64)
    if np.abs(vectors - first).max() <= ALIKE * np.abs(first).max():
        raise InspectionError(
            f"The vectors of all {len(sentences):,} sentences are the same, so there is nothing "
            "to tell them apart by. Choose another pooling or another model."
        )


def clustered(
    places: Float32[np.ndarray, "sentence component"], least: int, progress: Progress = silent
) -> Clusters:
    """Return the clusters of sentences that stand at `places`, each of `least` or more, from 2.

    Raises:
        InspectionError: there are fewer sentences than one cluster is to have.
    """
    if len(places) < least:
        raise InspectionError(
            f"A cluster is to have at least {least:,} sentences, and there are {len(places):,} in "
            "all. Ask for smaller clusters, or add sentences."
        )
    rounding.require_numbers(places)
    progress(0.0, "Looking for clusters")
    labels, membership = hdbscan(places, least)
    progress(0.5, "Looking for clusters")
    again, _ = hdbscan(places, least)
    return Clusters(
        labels=labels,
        membership=membership,
        least=least,
        checks=(
            *sound(labels, least),
            Check(
                AGAIN,
                float((labels != again).sum()),
                0.0,
                "HDBSCAN draws no lots: the places must have changed in between.",
            ),
        ),
    )


def sound(labels: Int32[np.ndarray, " sentence"], least: int) -> tuple[Check, ...]:
    """Check that `labels` are a clustering with `least` sentences or more in each cluster."""
    sizes = np.unique(labels[labels >= 0], return_counts=True)[1]
    smallest = int(sizes.min(initial=len(labels)))
    missing = len(labels) - int(sizes.sum()) - int((labels == NOISE).sum())
    return (
        Check(
            LARGE,
            float(max(0, least - smallest)),
            0.0,
            "A group was called a cluster that is smaller than asked for.",
        ),
        Check(ALL, float(abs(missing)), 0.0, "A sentence was lost, or counted twice."),
    )


def hdbscan(
    places: Float[np.ndarray, "sentence component"], least: int, distances: bool = False
) -> tuple[Int32[np.ndarray, " sentence"], Float32[np.ndarray, " sentence"]]:
    """Return label and membership of each sentence; `places` may be all their `distances`."""
    found = HDBSCAN(
        min_cluster_size=least,
        metric="precomputed" if distances else "euclidean",
        cluster_selection_method="eom",
        copy=True,
    ).fit(places)
    return found.labels_.astype(np.int32), found.probabilities_.astype(np.float32)
