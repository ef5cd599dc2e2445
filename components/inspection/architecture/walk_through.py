"""The first block's attention, stage by stage, with the norm or the mask left out.

A walk-through that hands the embeddings to attention as they are, without the norm that stands
before it and without the causal mask, gets rows that are nearly alike: small vectors have small
scores, small scores give equal weights, and equal weights give every token the same mean.

With both on, the walk must end where the network's own attention does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from jaxtyping import Float32, Float64
from scipy.special import softmax

from components.inspection import noise, rounding
from components.inspection.architecture.walk_parts import Parts, parts_of
from components.inspection.checks import Check
from components.inspection.model import Model
from components.inspection.positions.rotation import rotated
from components.inspection.progress import Progress, silent

Rows = Float64[np.ndarray, "..."]
Rough = Callable[[Rows, Rows], Rows]
"""Moves numbers a little, given the summed sizes of the terms that each was summed from."""
CONDITIONS: Final = tuple(product((True, False), repeat=2))
"""Norm, mask: both first, neither last."""
ENDS: Final = "with norm and mask, the walk ends with what the model's attention writes"
WEIGHTS: Final = "with norm and mask, the weights on the way are the model's"


@dataclass(frozen=True, eq=False)
class Walked:
    """What each way through the first block's attention gives, in the order of `CONDITIONS`."""

    tokens: tuple[str, ...]
    shapes: tuple[tuple[str, tuple[int, ...]], ...]
    """Of the stages, as recorded, the batch first."""
    weights: Float32[np.ndarray, "condition head query key"]
    writes: Float32[np.ndarray, "condition token width"]
    """What attention would add to the stream."""
    alike: tuple[float, ...]
    """Mean cosine of each two tokens' rows of `writes`: 1 is all alike."""
    apart: tuple[float, ...]
    """Largest difference of two rows of weights, in any head: 0 is all alike, 1 nothing shared."""
    sizes: tuple[float, float]
    """Mean size of a number that goes into the projections: with the norm, and without."""
    checks: tuple[Check, ...]

    def at(self, norm: bool, mask: bool) -> int:
        """Return which condition that is."""
        return CONDITIONS.index((norm, mask))


def walked(model: Model, text: str, progress: Progress = silent) -> Walked:
    """Walk through the first block's attention of `model` in all four ways.

    Raises:
        InspectionError: the block is built otherwise than norm, projections, softmax, projection.
    """
    progress(0.0, "Taking the first block apart")
    parts = parts_of(model, text)
    progress(0.8, "Walking through it")
    found = [walk(parts, norm, mask) for norm, mask in CONDITIONS]
    weights, writes = (np.stack(each) for each in zip(*found, strict=True))
    taken = parts.entered.astype(np.float64)
    length, width = taken.shape
    return Walked(
        tokens=parts.tokens,
        shapes=(
            ("embeddings", (1, *parts.embedded)),
            ("stream into the block", (1, length, width)),
            ("attention's write", (1, *parts.write.shape)),
        ),
        weights=weights.astype(np.float32),
        writes=writes.astype(np.float32),
        alike=tuple(_alike(each) for each in writes),
        apart=tuple(_apart(each) for each in weights),
        sizes=(float(np.abs(parts.normed(taken)).mean()), float(np.abs(taken).mean())),
        checks=_checks(parts, weights[0], writes[0]),
    )


def walk(
    parts: Parts, norm: bool, mask: bool, rough: Rough | None = None
) -> tuple[Float64[np.ndarray, "head query key"], Float64[np.ndarray, "query width"]]:
    """Return the weights and what is written; `rough` is put on each stage's numbers."""
    put = rough or (lambda rows, _sizes: rows)
    rows = parts.entered.astype(np.float64)
    if norm:
        rows = parts.normed(rows)
        rows = put(rows, np.abs(rows))
    queries, keys, values = (
        put(
            np.einsum("td,hsd->hts", rows, each.weight) + each.bias[:, None],
            np.einsum("td,hsd->hts", np.abs(rows), np.abs(each.weight)),
        )
        for each in (parts.queries, parts.keys, parts.values)
    )
    if parts.rope is not None:
        places = np.arange(len(rows), dtype=np.float32)
        turned = (
            rotated(each.astype(np.float32), places, parts.rope).astype(np.float64)
            for each in (queries, keys)
        )
        queries, keys = (put(each, np.abs(each)) for each in turned)
    group = len(queries) // len(keys)
    keys, values = (np.repeat(each, group, axis=0) for each in (keys, values))
    sizes = np.abs(queries) @ np.abs(keys).transpose(0, 2, 1) * abs(parts.rule.scale)
    scores = put(parts.rule.of_content(queries @ keys.transpose(0, 2, 1)), sizes)
    weights = softmax(np.where(parts.visible | (not mask), scores, -np.inf), axis=-1)
    weights = put(weights, weights)
    outputs = put(weights @ values, weights @ np.abs(values))
    slices = parts.projection.slices.astype(np.float64)
    written = np.einsum("hts,hsw->tw", outputs, slices) + parts.projection.bias
    sizes = np.einsum("hts,hsw->tw", np.abs(outputs), np.abs(slices))
    return weights, put(written, sizes)


def _checks(
    parts: Parts,
    weights: Float64[np.ndarray, "head query key"],
    writes: Float64[np.ndarray, "query width"],
) -> tuple[Check, ...]:
    """Compare the walk with what the network's own pass left.

    How far rounding at one stage leads at the end is measured, as in `noise`: each stage's numbers
    are moved at random by one unit in their last place, and by one of float32 of what they were
    summed from.
    """
    unit, fine = rounding.unit(parts.dtype), rounding.unit("float32")
    moved = [np.zeros_like(weights), np.zeros_like(writes)]
    for seed in range(noise.SEEDS):
        draw = np.random.default_rng(seed)

        def rough(rows: Rows, sizes: Rows, draw: np.random.Generator = draw) -> Rows:
            far = 2 * (unit * np.abs(rows) + fine * sizes)
            return np.asarray(rows + far * draw.uniform(-1, 1, rows.shape))

        for at, one in enumerate(walk(parts, True, True, rough)):
            moved[at] = np.maximum(moved[at], np.abs(one - (weights, writes)[at]))
    # Of a row, the largest: one number of it may by chance have moved by nothing.
    of_weights, of_writes = (
        noise.ROUNDINGS * (each.max(-1, keepdims=True) + rounding.least(parts.dtype))
        for each in moved
    )
    meaning = "The block does something else than these stages."
    seen = parts.visible
    bound = np.where(seen, of_weights + rounding.of_softmax(len(writes), parts.dtype), 0.0)
    return (
        rounding.compared(WEIGHTS, weights, parts.weights, bound, meaning),
        rounding.compared(
            ENDS, writes, parts.write, of_writes + unit * np.abs(parts.write), meaning
        ),
    )


def _alike(rows: Float64[np.ndarray, "token width"]) -> float:
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-30)
    count = len(rows)
    return float((np.square(unit.sum(0)).sum() - count) / max(count * (count - 1), 1))


def _apart(weights: Float64[np.ndarray, "head query key"]) -> float:
    """Return half the sum of the differences of two rows, for the two that differ most."""
    differ = np.abs(weights[:, :, None] - weights[:, None, :]).sum(-1) / 2
    return float(differ.max())
