"""How far rounding may put a stream from the sum of what was written to it, number by number."""

import numpy as np
from jaxtyping import Float, Float32, Float64

from components.inspection import rounding
from components.inspection.attention.projection import Projection
from components.inspection.recording import StackRecord


def stream_off(
    stack: StackRecord, place: int, layers: int, dtype: str
) -> Float64[np.ndarray, "sum width"]:
    """Return how far each sum of the first `layers` blocks may have been rounded at one place.

    Each sum of stream and write (or of two writes) was rounded by a share of itself; each number by
    itself, so over all numbers, sums and layers the roundings do not conspire.
    """
    assert stack.residual is not None
    size = np.abs(stack.residual[:layers, place]).astype(np.float64)
    each = (stack.attention_writes, stack.cross_writes, stack.mlp_writes)
    known = [one[:layers, place] for one in each if one is not None]
    for writes in known:
        size = size + np.abs(writes)
    return np.repeat(rounding.unit(dtype) * size, len(known), axis=0)


def heads_off(
    projection: Projection,
    outputs: Float32[np.ndarray, "head value_size"],
    write: Float[np.ndarray, " width"],
    dtype: str,
) -> Float64[np.ndarray, " width"]:
    """Return how far what attention wrote may be from the sum of what its heads write."""
    sizes = np.einsum("hs,hsw->w", np.abs(outputs), np.abs(projection.slices))
    return product_off(sizes + np.abs(projection.bias), outputs.size, write, dtype)


def product_off(
    sizes: Float[np.ndarray, " width"], terms: int, write: Float[np.ndarray, " width"], dtype: str
) -> Float64[np.ndarray, " width"]:
    """Return how far a `write` may be from the sum of `terms` products whose sizes add to `sizes`.

    Products are summed in float32; a GPU may round partial sums to the model's format, and the
    result is rounded to it.
    """
    sizes = sizes.astype(np.float64)
    return rounding.summed(terms) * sizes + rounding.unit(dtype) * (np.abs(write) + sizes)
