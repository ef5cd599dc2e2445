"""Will it fit? Weights, cache and activations, against length, batch and number format."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from components.inspection.errors import InspectionError
from components.inspection.kv_cache.shapes import Shape

WEIGHT_BITS: Final = {"float32": 32.0, "float16 / bfloat16": 16.0, "8-bit": 8.0, "4-bit": 4.5}
"""Bits of one number in the blocks' matrices. 4-bit formats add a scale for each group: half a bit
with groups of 32 and 16-bit scales. Embeddings, head and norms stay in 16 bit with both."""
CACHE_BYTES: Final = {"float32": 4, "float16 / bfloat16": 2, "8-bit": 1}
MOST_BATCH: Final = 4_096
MOST_LENGTH: Final = 10_000_000
SPARE: Final = 0.9
"""The share of what torch reports that a model can have: CUDA's own libraries and the gaps between
tensors take the rest."""
GPUS: Final[dict[str, float]] = {
    "T4": 14.75,
    "L4": 22.03,
    "RTX 4090": 23.65,
    "RTX 5090": 31.37,
    "A100 40 GB": 39.39,
    "L40S": 44.42,
    "A100 80 GB": 79.15,
    "H100": 79.11,
    "H200": 139.80,
}
"""Memory in GiB as torch reports it ("GPU 0 has a total capacity of ..." in published messages, of
several the smallest; drivers differ by a tenth or two). The driver has had its part by then."""


@dataclass(frozen=True)
class Plan:
    """Bytes that writing takes at one length and batch."""

    weights: float
    """Exact in 32 and 16 bit; in 8 and 4 bit an estimate, of what usual loaders round."""
    cache: float
    """By the law that was counted; of two stacks with as long a text in the encoder."""
    activations: float
    """The most that is alive at once while the prompt is read: estimated, not measured."""
    scores: float
    """All heads' attention scores of one layer, if they are written out (eager attention)."""
    token: float
    """Bytes of cache that one more token of one text takes while no window is full."""

    @property
    def total(self) -> float:
        """Weights, cache and activations; the scores are in the activations if wanted."""
        return self.weights + self.cache + self.activations


def plan(
    shape: Shape, length: int, batch: int, weights: str, cache: str, eager: bool = False
) -> Plan:
    """Add up what `batch` texts of `length` tokens take. `eager` writes all scores out.

    Activations: while one block reads all prompts at once, the residual stream, its normed copy,
    and the larger of queries, keys, values and output, or the MLP's three intermediate products.

    Raises:
        InspectionError: a number or a format is out of range, or the cache grows by no known law.
    """
    for name, value, most in (("length", length, MOST_LENGTH), ("batch", batch, MOST_BATCH)):
        if not 1 <= value <= most:
            raise InspectionError(f"The {name} is {value:,}; it goes from 1 to {most:,}.")
    if weights not in WEIGHT_BITS or cache not in CACHE_BYTES:
        raise InspectionError(
            f"There is no format '{weights}' for weights with '{cache}' for the cache; there is: "
            f"{', '.join(WEIGHT_BITS)} and {', '.join(CACHE_BYTES)}."
        )
    number = 4 if weights == "float32" else 2  # what is computed with
    attention = shape.head_size * (2 * shape.heads + 2 * shape.kv_heads)
    widest = 2 * shape.width + max(attention, 3 * shape.mlp_width)
    scores = float(batch * shape.heads * number) * length * length
    logits = batch * shape.vocabulary * 4
    itemsize = CACHE_BYTES[cache]
    return Plan(
        weights=weight_bytes(shape, weights),
        cache=shape.cache_bytes(length, itemsize, batch)
        + batch * length * shape.cross_row * itemsize,
        activations=float(batch * length * widest * number + logits) + (scores if eager else 0),
        scores=scores,
        token=shape.token_bytes(itemsize),
    )


def weight_bytes(shape: Shape, form: str) -> float:
    """Return the bytes of all weights in the format `form`.

    In 8 and 4 bit only the blocks' matrices are rounded; embeddings, head and norms stay in 16, as
    bitsandbytes keeps them.
    """
    rounded = min(shape.block_matrices, shape.parameters)
    bits = WEIGHT_BITS[form]
    return (rounded * bits + (shape.parameters - rounded) * max(bits, 16.0)) / 8


@dataclass(frozen=True, eq=False)
class Growth:
    """A plan at many lengths."""

    lengths: NDArray[np.int64]
    """[length], in tokens."""
    weights: float
    """Bytes, the same at all lengths."""
    cache: NDArray[np.float64]
    """[length], in bytes."""
    activations: NDArray[np.float64]
    """[length], in bytes."""


def growth(
    shape: Shape, longest: int, batch: int, weights: str, cache: str, eager: bool = False
) -> Growth:
    """Plan from one token to `longest`."""
    lengths = np.unique(np.linspace(1, longest, 65).astype(np.int64))
    plans = [plan(shape, int(length), batch, weights, cache, eager) for length in lengths]
    return Growth(
        lengths=lengths,
        weights=plans[0].weights,
        cache=np.array([each.cache for each in plans]),
        activations=np.array([each.activations for each in plans]),
    )


def usable() -> dict[str, float]:
    """Return the bytes of each GPU that a model can have."""
    return {gpu: size * 2**30 * SPARE for gpu, size in GPUS.items()}


@dataclass(frozen=True)
class Fit:
    """One GPU."""

    gpu: str
    memory: float
    """GiB, as torch reports it."""
    left: float
    """Usable bytes that stay free, or (negative) that are missing."""
    longest: int
    """Tokens that fit at this batch, at most the model's context; 0 if none."""
    batch: int
    """Texts of this length that fit at once; 0 if none."""

    @property
    def fits(self) -> bool:
        """The plan fits."""
        return self.left >= 0


def fits(
    shape: Shape, length: int, batch: int, weights: str, cache: str, eager: bool = False
) -> tuple[Fit, ...]:
    """Say for each GPU what is left, how long a text fits, and how many at once."""
    wanted = plan(shape, length, batch, weights, cache, eager).total

    def with_length(tokens: int) -> float:
        return plan(shape, tokens, batch, weights, cache, eager).total

    def with_batch(texts: int) -> float:
        return plan(shape, length, texts, weights, cache, eager).total

    return tuple(
        Fit(
            gpu=gpu,
            memory=GPUS[gpu],
            left=room - wanted,
            longest=_largest(with_length, room, min(shape.context, MOST_LENGTH)),
            batch=_largest(with_batch, room, MOST_BATCH),
        )
        for gpu, room in usable().items()
    )


def _largest(takes: Callable[[int], float], room: float, most: int) -> int:
    """Return the largest number from 1 to `most` that fits, 0 if none: more never takes less."""
    return bisect_left(range(1, most + 1), True, key=lambda number: takes(number) > room)
