"""The same vectors in other pictures: with another seed, and by the other methods."""

from dataclasses import dataclass, replace
from typing import Final, get_args

import numpy as np
from jaxtyping import Float32, Float64
from scipy.linalg import orthogonal_procrustes

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.embeddings.faithful import (
    NEIGHBOURS,
    Faithfulness,
    faithfulness,
    overlap,
)
from components.inspection.embeddings.maps import Method, Settings, reduced
from components.inspection.embeddings.neighbours import nearest
from components.inspection.embeddings.table import Which
from components.inspection.embeddings.token_map import sampled
from components.inspection.model import Model
from components.inspection.progress import Progress, silent

COMPARED: Final = 600
"""Tokens of which a map is made by every method; t-SNE of more takes long."""
STILL: Final = "turned, mirrored and scaled, a picture is laid over itself without a rest"


@dataclass(frozen=True, eq=False)
class OtherSeed:
    """Two pictures of the same vectors, one laid over the other."""

    seeds: tuple[int, int]
    first: Float32[np.ndarray, "point 2"]
    """About its middle, the mean distance from which is 1."""
    second: Float32[np.ndarray, "point 2"]
    """The same, turned, mirrored and scaled so that points move as little as possible."""
    stays: Float64[np.ndarray, " point"]
    """Of a point's nearest in the first picture, the share that are so in the second."""
    near: int
    moved: Float32[np.ndarray, " point"]
    """How far each point lies from itself."""
    checks: tuple[Check, ...]


def other_seed(
    model: Model,
    which: Which,
    most: int,
    settings: Settings,
    places: Float32[np.ndarray, "point 2"],
    seed: int,
    progress: Progress = silent,
) -> OtherSeed:
    """Make the map anew with another seed, and lay it over that of `places`.

    Raises:
        InspectionError: there is no such table, or what is in it are no numbers.
    """
    _, vectors, _ = sampled(model, which, most)
    again = reduced(vectors, replace(settings, seed=seed, components=2), progress)
    near = max(1, min(NEIGHBOURS, (len(vectors) - 1) // 2))
    before, after = (nearest(one, near, "euclidean", progress)[0] for one in (places, again))
    first, second = laid_over(places, again)
    turned = places @ np.array([[0.0, 2.0], [2.0, 0.0]], np.float32) + np.float32(1)
    return OtherSeed(
        seeds=(settings.seed, seed),
        first=first,
        second=second,
        stays=overlap(before, after),
        near=near,
        moved=np.linalg.norm(first - second, axis=1).astype(np.float32),
        checks=(still(places, turned),),
    )


def laid_over(
    one: Float32[np.ndarray, "point 2"], other: Float32[np.ndarray, "point 2"]
) -> tuple[Float32[np.ndarray, "point 2"], Float32[np.ndarray, "point 2"]]:
    """Return two pictures about one middle, `other` turned, mirrored and scaled so that the
    squares of all distances between a point here and there are least (Procrustes).
    """
    first, second = (_centred(each) for each in (one, other))
    turn, scale = orthogonal_procrustes(second, first)
    squares = float((second**2).sum())
    return first.astype(np.float32), (second @ turn * scale / (squares or 1)).astype(np.float32)


def _centred(places: Float32[np.ndarray, "point 2"]) -> Float64[np.ndarray, "point 2"]:
    around = places - places.mean(axis=0, dtype=np.float64)
    return np.asarray(around / (np.linalg.norm(around, axis=1).mean() or 1.0))


def still(places: Float32[np.ndarray, "point 2"], turned: Float32[np.ndarray, "point 2"]) -> Check:
    """Return the check that a picture that was only mirrored, scaled and pushed is the same."""
    first, second = laid_over(places, turned)
    # Each place was rounded as a share of its size, then seen from the middle.
    around = np.linalg.norm(places - places.mean(axis=0), axis=1).mean() or 1.0
    allowed = 32 * rounding.unit("float32") * float(np.abs(turned).max() + 1) / float(around)
    meaning = "What moves here is not the tokens: the pictures were laid over one another badly."
    return rounding.compared(STILL, first, second, allowed, meaning)


@dataclass(frozen=True, eq=False)
class EveryMethod:
    """How far each method's picture of the same tokens can be trusted."""

    points: int
    found: dict[Method, Faithfulness]

    @property
    def checks(self) -> tuple[Check, ...]:
        """They are the same of all: what is compared with is not made by a method."""
        return next(iter(self.found.values())).checks


def every_method(
    model: Model,
    which: Which,
    most: int,
    settings: Settings,
    methods: tuple[Method, ...] = get_args(Method),
    progress: Progress = silent,
) -> EveryMethod:
    """Make a map of up to `COMPARED` tokens by each method, and hold it against the vectors.

    Raises:
        InspectionError: there is no such table, or what is in it are no numbers.
    """
    _, vectors, _ = sampled(model, which, min(most, COMPARED))
    found: dict[Method, Faithfulness] = {}
    for method in methods:
        places = reduced(vectors, replace(settings, method=method, components=2), progress)
        found[method] = faithfulness(vectors, places, settings.metric, progress)
    return EveryMethod(len(vectors), found)
