"""Which rotation leads from the vectors before to those after: found by trying, not by the name."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Float32

from components.inspection import rounding
from components.inspection.checks import Check, worst
from components.inspection.positions.rotation import (
    CONVENTIONS,
    Rope,
    other,
    places,
    rotated,
)
from components.inspection.positions.tables import Tables
from components.inspection.positions.twin import RotaryInputs

ROUNDINGS: Final = 8.0
"""Results that are rounded on the way from a vector to the turned one: cos, sin, both products,
their sum, and what some families do afterwards (a norm, a factor)."""
SAYS: Final = "turned by these angles, queries and keys become those the network multiplies"
Queries = Float32[np.ndarray, "head token size"]
Keys = Float32[np.ndarray, "kv_head token size"]
"""Of one layer, before or after it turns them."""
_MEANING: Final = "The rotation that is shown is not the one that this layer applies."


@dataclass(frozen=True, eq=False)
class Fit:
    """A rotation, and how well it leads from one to the other."""

    rope: Rope
    check: Check
    uncertain: float
    """By how much a frequency may be off, in radians, because the table that tells it is
    rounded."""


def rotation_check(
    before: tuple[Queries, Keys],
    after: tuple[Queries, Keys],
    rope: Rope,
    uncertain: float,
    dtype: str,
) -> Check:
    """Compare `before` (queries and keys), turned by us, with `after`.

    A number x and its partner y become x cos - y sin: rounded at each step by a share of
    |x| + |y|. The angle of position m is rounded by a share of itself, in float32, in their
    computation as in ours, and m times wrong by as much as its frequency is.
    """
    return worst(
        _compared(one, other, rope, uncertain, dtype)
        for one, other in zip(before, after, strict=True)
    )


def _compared(
    before: Float32[np.ndarray, "head token size"],
    after: Float32[np.ndarray, "head token size"],
    rope: Rope,
    uncertain: float,
    dtype: str,
) -> Check:
    positions = np.arange(before.shape[1], dtype=np.float32)
    sizes = np.abs(before).astype(np.float64)
    sizes[..., places(rope)] = sizes[..., places(rope)].sum(-1, keepdims=True) * rope.scaling
    angles = np.zeros((before.shape[1], rope.size))
    turns = positions.astype(np.float64)[:, None] * np.abs(rope.frequencies)
    angles[:, places(rope)] = (
        6 * rounding.unit("float32") * (1 + turns) + positions[:, None] * uncertain
    )[..., None]
    share = ROUNDINGS * rounding.unit(dtype) + angles
    return rounding.compared(
        SAYS,
        rotated(before, positions, rope),
        after,
        share * sizes + rounding.least(dtype),
        _MEANING,
    )


def fitted(
    before: tuple[Queries, Keys],
    after: tuple[Queries, Keys],
    handed: Sequence[RotaryInputs],
    dtype: str,
) -> Fit | None:
    """Return the rotation by one of the tables `handed` that leads best from `before` to `after`.

    Tried are both ways to form pairs, both directions, and the turned numbers standing first or
    last in a head. The fit's check says whether it leads there within what rounding may do. None if
    no table fits into a head.
    """
    size = before[0].shape[-1]
    tried = []
    for each in handed:
        tables = each.fine
        for rope in _candidates(tables, size):
            check = rotation_check(before, after, rope, tables.uncertain, dtype)
            tried.append(Fit(rope, check, tables.uncertain))
    # Where all are near (one pair turns alike either way), the paper's own comes first.
    return min(tried, key=lambda fit: (not fit.check.holds, fit.check.error), default=None)


def other_error(before: tuple[Queries, Keys], after: tuple[Queries, Keys], rope: Rope) -> float:
    """Return how far off the vectors would be if pairs were formed the other way."""
    positions = np.arange(before[0].shape[1], dtype=np.float32)
    return max(
        float(np.abs(rotated(one, positions, other(rope)) - there).max())
        for one, there in zip(before, after, strict=True)
    )


def _candidates(tables: Tables, size: int) -> list[Rope]:
    pairs, scaling = tables.pairs, tables.scaling
    if 2 * pairs > size:
        return []
    # A scaling of 1 is told by a table with the rounding of its numbers.
    scaling = 1.0 if abs(scaling - 1) < 4 * rounding.unit(tables.dtype) else scaling
    first = Rope(
        tables.frequencies.astype(np.float32), scaling, size, "split-half", "unknown", np.nan, 0
    )
    return [
        replace(first, convention=convention, start=start, direction=direction)
        for start in dict.fromkeys((0, size - 2 * pairs))
        for direction in (1, -1)
        for convention in (CONVENTIONS if pairs > 1 else CONVENTIONS[:1])
    ]
