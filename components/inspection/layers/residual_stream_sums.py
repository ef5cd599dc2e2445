"""What each write is added to, and that the drawn norms and cosines lead from one to the next."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from jaxtyping import Float32

from components.inspection import rounding
from components.inspection.anatomy import StackName, part
from components.inspection.checks import Check
from components.inspection.layers.fact import PartName
from components.inspection.model import Model
from components.inspection.premises.stream import ROUNDINGS, through
from components.inspection.stacks import blocks_of

Writes = Mapping[PartName, Float32[np.ndarray, "layer token width"]]
FOLLOWS: Final = "each norm follows from the one before it, the writes' norms and their cosines"
DRAWN: Final = 8.0
"""Roundings of the norms and cosines themselves, which are float32: two or three in each term."""


def added_to(
    model: Model,
    stack: StackName,
    residual: Float32[np.ndarray, "boundary token width"],
    writes: Writes,
) -> dict[PartName, Float32[np.ndarray, "layer token width"]]:
    """Return for each kind of part the stream that its writes are added to.

    Parts are added in the order of `writes`. Where each sum is normed, the network's own norms
    make the next.
    """
    parts = model.anatomy.stacks[stack]
    blocks = blocks_of(model.network, parts)
    found, base = {}, residual[:-1]
    for number, (name, write) in enumerate(writes.items()):
        found[name] = base
        base = base + write
        if parts.post_norms and number < len(writes) - 1:
            path = parts.post_norms[number]
            norms = [part(blocks[layer % len(blocks)], path) for layer in range(len(base))]
            pairs = zip(norms, base, strict=True)
            base = np.stack([through(model, norm, rows) for norm, rows in pairs])
    return found


def norms_follow(
    norms: Float32[np.ndarray, "boundary token"],
    writes: Mapping[PartName, Float32[np.ndarray, "layer token"]],
    cosines: Mapping[PartName, Float32[np.ndarray, "layer token"]],
    dtype: str,
) -> Check:
    """Compare each norm with what the law of cosines makes of the one before it.

    The square of a sum's norm is |x|² + |w|² + 2 cos |x| |w|. The network rounded its sums, each
    number by a share of its terms, so the norm is off by at most that share of the terms' norms;
    and the square by that times both norms.
    """
    before, after = norms[:-1].astype(np.float64), norms[1:].astype(np.float64)
    square, sizes = before**2, before.copy()
    for name, write in writes.items():
        length = write.astype(np.float64)
        base = np.sqrt(np.maximum(square, 0.0))
        square = square + length**2 + 2 * cosines[name].astype(np.float64) * base * length
        sizes = sizes + length
    rounded = ROUNDINGS * rounding.unit(dtype) * (sizes + after)
    allowed = rounded * (after + np.sqrt(np.maximum(square, 0.0)))
    allowed = allowed + DRAWN * rounding.unit("float32") * (sizes + after) ** 2
    return rounding.compared(
        FOLLOWS,
        after**2,
        square,
        allowed,
        "A norm or a cosine that is drawn belongs to another vector.",
    )
