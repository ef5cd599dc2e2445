"""The nearest neighbours of each vector: exact, all against all, a block at a time."""

from typing import Final, Literal

import numpy as np
from jaxtyping import Float, Float32, Int32
from sklearn.neighbors import NearestNeighbors

from components.inspection.errors import InspectionError
from components.inspection.progress import Progress, silent

Metric = Literal["cosine", "euclidean"]
BLOCK: Final = 1024
"""Vectors whose neighbours are looked for between two words on how far it is."""


def nearest(
    vectors: Float32[np.ndarray, "point width"],
    k: int,
    metric: Metric = "cosine",
    progress: Progress = silent,
) -> tuple[Int32[np.ndarray, "point near"], Float32[np.ndarray, "point near"]]:
    """Return the `k` nearest others of each vector, nearest first, and how far they are.

    The cosine distance is 1 less the cosine, from 0 to 2. A vector of zeros, which has no
    direction, is 1 away from all but its like. Of others that are equally far any may be taken.

    Raises:
        InspectionError: there are not `k` others, or some numbers are none.
    """
    require_points(vectors, k + 1)
    asked = directed(vectors) if metric == "cosine" else vectors
    # Brute force on unit vectors: the order of the cosine is that of the distance, and scikit-learn
    # computes that one four times as fast, in float64.
    found = NearestNeighbors(n_neighbors=k + 1, algorithm="brute", metric="euclidean").fit(asked)
    near = np.empty((len(vectors), k), np.int32)
    far = np.empty((len(vectors), k), np.float32)
    for start in range(0, len(vectors), BLOCK):
        progress(start / len(vectors), "Looking for the nearest neighbours")
        block = slice(start, start + BLOCK)
        distances, indices = found.kneighbors(asked[block])
        own = indices == np.arange(start, start + len(indices))[:, None]
        # Among many equal vectors it may not be among the nearest: then the last one goes.
        own[~own.any(axis=1), -1] = True
        near[block] = indices[~own].reshape(-1, k)
        far[block] = distances[~own].reshape(-1, k)
    return near, far**2 / 2 if metric == "cosine" else far


def directed(
    vectors: Float[np.ndarray, "point width"],
) -> Float[np.ndarray, "point _"]:
    """Return vectors of length 1 in the same directions, with one number more that is 1 where there
    is no direction: so far from all others as what is at a right angle.

    >>> directed(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8, 0.0], [0.0, 0.0, 1.0]]
    """
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    none = norms == 0
    return np.concatenate([vectors / np.where(none, 1, norms), none], axis=1).astype(vectors.dtype)


def require_points(vectors: Float[np.ndarray, "point width"], least: int) -> None:
    """Go on if there are at least so many vectors, all of numbers.

    Raises:
        InspectionError: there are fewer, or some numbers are infinite or none.
    """
    if len(vectors) < least:
        raise InspectionError(
            f"There are {len(vectors):,} vectors, and at least {least:,} are needed. Take more, or "
            "look at fewer neighbours."
        )
    if not np.isfinite(vectors).all():
        broken = int((~np.isfinite(vectors)).any(axis=1).sum())
        raise InspectionError(
            f"{broken:,} of {len(vectors):,} vectors hold what is no number (infinite, or NaN): "
            "nothing is near to those. The model's weights are damaged, or too large for float16."
        )
