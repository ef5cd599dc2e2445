"""What is added to scores for the distance of two tokens, read off what a network really adds.

ALiBi (Press et al., 2022) takes off a slope times the distance, T5 (Raffel et al., 2020) adds a
learned number for each bucket of distances. Neither is looked up: a recording tells what would
have gone into the softmax, had queries times keys been 0.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from components.inspection import rounding
from components.inspection.recording import HIDDEN, AttentionRecord

ROUNDINGS: Final = 4.0
"""Results that are rounded on the way: the slope, its product with the distance, the sum with what
else is added, and the difference from a token's own place."""


@dataclass(frozen=True, eq=False)
class DistanceBias:
    """What one attention sublayer adds to a score."""

    kind: Literal["linear", "by distance", "other"]
    """A slope times the distance, any number for each distance, or more than the distance tells."""
    distances: Int64[np.ndarray, " distance"]
    """Place of the key token minus place of the query token, as far as any is seen."""
    added: Float32[np.ndarray, "#head distance"]
    """What is added; against the token's own place where rows are shifted."""
    slopes: Float32[np.ndarray, "#head"] | Float32[np.ndarray, " 0"]
    """By how much the score falls for each step away; of kind "linear" only, else empty."""
    allowed: float
    """By how much rounding may have changed any of these numbers."""


def distance_bias(one: AttentionRecord) -> DistanceBias | None:
    """Return what `one`, recorded with `bare`, adds for positions; None if that makes no
    difference.

    What is the same for all keys of a query is nothing to a softmax.
    """
    if one.bare is None:
        return None
    tokens = one.weights.shape[-1]
    bare = one.bare[..., :tokens].astype(np.float64)
    seen = one.visible & (bare > HIDDEN)
    size = float(np.abs(bare[seen]).max(initial=0.0))
    allowed = ROUNDINGS * rounding.unit(one.dtype) * size
    if _same_in_each_row(bare, seen, allowed):
        return None
    for numbers in (bare, bare - np.diagonal(bare, axis1=1, axis2=2)[..., None]):
        found = _by_distance(numbers, seen, allowed)
        if found is not None:
            distances, added = found
            slopes = _slopes(distances, added, allowed)
            return DistanceBias(
                "by distance" if slopes is None else "linear",
                distances,
                added.astype(np.float32),
                np.zeros(0, np.float32) if slopes is None else slopes.astype(np.float32),
                allowed,
            )
    nothing = np.zeros(0, np.int64)
    return DistanceBias(
        "other", nothing, np.zeros((one.heads, 0), np.float32), np.zeros(0, np.float32), allowed
    )


def _same_in_each_row(
    bare: Float64[np.ndarray, "#head query key"],
    seen: Bool[np.ndarray, "head query key"],
    allowed: float,
) -> bool:
    high = np.where(seen, bare, -np.inf).max(-1)
    low = np.where(seen, bare, np.inf).min(-1)
    some = seen.any(-1)
    return bool((high[some] - low[some] <= allowed).all())


def _by_distance(
    numbers: Float64[np.ndarray, "#head query key"],
    seen: Bool[np.ndarray, "head query key"],
    allowed: float,
) -> tuple[Int64[np.ndarray, " distance"], Float64[np.ndarray, "head distance"]] | None:
    """Return distances and each head's number for them, if `numbers` depend on nothing else."""
    rows, columns = numbers.shape[1:]
    distances, added = [], []
    for distance in range(-rows + 1, columns):
        there = np.diagonal(numbers, distance, axis1=1, axis2=2)
        known = np.diagonal(seen, distance, axis1=1, axis2=2)
        if not known.any(axis=1).all():
            continue
        high = np.where(known, there, -np.inf).max(1)
        low = np.where(known, there, np.inf).min(1)
        if (high - low > allowed).any():
            return None
        distances.append(distance)
        added.append((high + low) / 2)
    return np.array(distances), np.stack(added, axis=1)


def _slopes(
    distances: Int64[np.ndarray, " distance"],
    added: Float64[np.ndarray, "head distance"],
    allowed: float,
) -> Float64[np.ndarray, " head"] | None:
    """Return each head's slope, if its numbers fall by as much for each step away, either way."""
    if 0 not in distances or len(distances) < 3:
        return None
    away = np.abs(distances)
    fallen = added[:, distances == 0] - added
    # From the farthest token the slope is told best.
    far = int(away.argmax())
    slopes = fallen[:, far] / away[far]
    expected = slopes[:, None] * away
    return slopes if bool((np.abs(fallen - expected) <= 2 * allowed).all()) else None
