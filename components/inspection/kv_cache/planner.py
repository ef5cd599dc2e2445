"""Will it fit? Weights, cache and activations, against length, batch and number format."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float64, Int64

from components.inspection.errors import InspectionError
from components.inspection.kv_cache.hardware import offered
from components.inspection.kv_cache.shapes import Shape
from components.inspection.kv_cache.spread import Pieces

WEIGHT_BITS: Final = {"float32": 32.0, "float16 / bfloat16": 16.0, "8-bit": 8.0, "4-bit": 4.5}
"""Bits of one number in the blocks' matrices. 4-bit formats add a scale for each group: half a bit
with groups of 32 and 16-bit scales. Embeddings, head and norms stay in 16 bit with both."""
CACHE_BYTES: Final = {"float32": 4, "float16 / bfloat16": 2, "8-bit": 1}
MOST_BATCH: Final = 4_096
MOST_LENGTH: Final = 10_000_000


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
    rounded = _rounded(shape)
    bits = WEIGHT_BITS[form]
    return (rounded * bits + (shape.parameters - rounded) * max(bits, 16.0)) / 8


def _rounded(shape: Shape) -> int:
    """Return the numbers that 8- and 4-bit formats round."""
    return min(shape.block_matrices, shape.parameters)


@dataclass(frozen=True, eq=False)
class Growth:
    """A plan at many lengths."""

    lengths: Int64[np.ndarray, " length"]
    """In tokens."""
    weights: float
    """Bytes, the same at all lengths."""
    cache: Float64[np.ndarray, " length"]
    """In bytes."""
    activations: Float64[np.ndarray, " length"]
    """In bytes."""


def growth(
    shape: Shape, longest: int, batch: int, weights: str, cache: str, eager: bool = False
) -> Growth:
    """Plan from one token to `longest`."""
    lengths = np.unique(np.linspace(1, longest, 65).astype(np.int64))
    plans = [plan(shape, int(length), batch, weights, cache, eager) for length in lengths]
    return Growth(
        lengths=lengths,
        weights=plans[0].weights,
        cache=np.array([each.cache for each in plans], dtype=np.float64),
        activations=np.array([each.activations for each in plans]),
    )


def pieces(
    shape: Shape, length: int, batch: int, weights: str, cache: str, eager: bool = False
) -> Pieces:
    """Cut a plan into what can lie on a GPU of its own; together they take what the plan takes.

    Blocks are taken as equally heavy; what is computed takes as much on each GPU.
    """
    made = plan(shape, length, batch, weights, cache, eager)
    bits, itemsize = max(WEIGHT_BITS[weights], 16.0), CACHE_BYTES[cache]
    rest = (shape.parameters - _rounded(shape)) * bits / 8
    first = min(rest, shape.vocabulary * shape.width * bits / 8)
    own = (made.weights - rest + batch * length * shape.cross_row * itemsize) / shape.layers
    kept = {law: law.bytes(length, itemsize, batch) for law in set(shape.cache)}
    blocks = tuple(own + kept[law] for law in shape.cache)
    return Pieces((first, *blocks, rest - first), made.activations)


@dataclass(frozen=True)
class Fit:
    """One kind of device, and one or several of them."""

    gpu: str
    memory: float
    """GiB of one, as torch reports it."""
    gpus: int
    """How many share the model."""
    left: float
    """Usable bytes that stay free on the fullest, or (negative) that are missing there."""
    needed: int
    """How many of them the plan needs; 0 where not even a single block fits, or where only one
    can be had and that is too small."""
    longest: int
    """Tokens that fit at this batch, at most the model's context; 0 if none."""
    batch: int
    """Texts of this length that fit at once; 0 if none."""

    @property
    def fits(self) -> bool:
        """The plan fits."""
        return 0 < self.needed <= self.gpus


def fits(
    shape: Shape,
    length: int,
    batch: int,
    weights: str,
    cache: str,
    eager: bool = False,
    gpus: int = 1,
) -> tuple[Fit, ...]:
    """Say for each device, or `gpus` of it, what is left, how long a text fits, and how many at
    once."""
    wanted = pieces(shape, length, batch, weights, cache, eager)
    fullest = wanted.fullest(gpus)

    def length_needs(tokens: int, room: float) -> int:
        return pieces(shape, tokens, batch, weights, cache, eager).needed(room)

    def batch_needs(texts: int, room: float) -> int:
        return pieces(shape, length, texts, weights, cache, eager).needed(room)

    def found(name: str, memory: float, room: float, alone: bool) -> Fit:
        needed = wanted.needed(room)
        return Fit(
            gpu=name,
            memory=memory,
            gpus=gpus,
            left=room - fullest,
            needed=0 if alone and needed > 1 else needed,
            longest=_largest(length_needs, room, gpus, min(shape.context, MOST_LENGTH)),
            batch=_largest(batch_needs, room, gpus, MOST_BATCH),
        )

    return tuple(found(each.name, each.memory, each.usable, each.alone) for each in offered(gpus))


def _largest(needs: Callable[[int, float], int], room: float, gpus: int, most: int) -> int:
    """Return the largest number from 1 to `most` that fits, 0 if none: more never takes less."""

    def too_much(number: int) -> bool:
        return not 0 < needs(number, room) <= gpus

    return bisect_left(range(1, most + 1), True, key=too_much)
