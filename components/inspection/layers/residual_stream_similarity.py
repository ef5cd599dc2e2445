"""How alike the stream is at two boundaries: cosines, with and without a few giant dimensions.

A cosine is a sum over dimensions, so what a few of them make of it can be told apart. Where one
dimension holds most of a vector's norm, all cosines are near 1, whatever the others do.

Source: Timkey and van Schijndel, "All Bark and No Bite: Rogue Dimensions in Transformer Language
Models Obscure Representational Quality" (2021).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float32, Float64

from components.inspection import rounding
from components.inspection.anatomy import StackName
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.layers.residual_stream import (
    giants,
    recorded_stream,
    squared_shares,
)
from components.inspection.model import Model

MOST_COSINES: Final = 2_000_000
"""Of all tokens together: 128 boundaries of 120 tokens."""
DISTANCE: Final = "each cosine is 1 less half the squared distance of the two directions"
PARTS: Final = "what the giant dimensions add and what the others add make up each cosine"


@dataclass(frozen=True, eq=False)
class StreamSimilarity:
    """Cosines of one token's stream at two boundaries, -1 to 1, for each token."""

    tokens: tuple[str, ...]
    giants: tuple[int, ...]
    """The dimensions that hold most of the norm, the largest first; often none."""
    cosines: Float32[np.ndarray, "token boundary boundary"]
    without: Float32[np.ndarray, "token boundary boundary"]
    """The same with the giant dimensions left out of both vectors."""
    of_giants: Float32[np.ndarray, "token boundary boundary"]
    """What the giant dimensions add to `cosines`."""
    checks: tuple[Check, ...]


def stream_similarity(
    model: Model, text: str, target: str | None, stack: StackName
) -> StreamSimilarity:
    """Let `model` read `text` once, and compare each token's stream at all pairs of boundaries.

    Raises:
        InspectionError: the text is empty or too long, or there is no one stream.
    """
    _, found, residual = recorded_stream(model, text, target, stack)
    boundaries, tokens, width = residual.shape
    if boundaries**2 * tokens > MOST_COSINES:
        raise InspectionError(
            f"{tokens:,} tokens at {boundaries} boundaries have "
            f"{boundaries**2 * tokens:,} cosines; at most {MOST_COSINES:,} are computed here. "
            "Shorten the text."
        )
    large = giants(squared_shares(residual[1:]).mean((0, 1)).astype(np.float32))
    rows = residual.transpose(1, 0, 2).astype(np.float64)
    units = _directions(rows)
    cosines = _products(units)
    few = list(large)
    of_giants = _products(units[..., few])
    others = np.delete(units, few, axis=-1)
    rest = _products(others)
    fine = 4 * rounding.summed(width, "float64")
    drawn = 2 * rounding.unit("float32")
    return StreamSimilarity(
        tokens=found.tokens,
        giants=large,
        cosines=cosines.astype(np.float32),
        without=_products(_directions(others)).astype(np.float32),
        of_giants=of_giants.astype(np.float32),
        checks=(
            rounding.compared(
                DISTANCE,
                cosines.astype(np.float32),
                _by_distance(rows),
                fine + drawn,
                "These are no cosines of the stream.",
            ),
            rounding.compared(
                PARTS,
                of_giants + rest,
                cosines,
                fine,
                "A dimension is missing or counted twice.",
            ),
        ),
    )


def _directions(rows: Float64[np.ndarray, "*axes width"]) -> Float64[np.ndarray, "*axes width"]:
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.maximum(lengths, np.finfo(np.float64).tiny)


def _products(
    rows: Float64[np.ndarray, "token boundary _"],
) -> Float64[np.ndarray, "token boundary boundary"]:
    return np.einsum("tbw,tcw->tbc", rows, rows, optimize=True)


def _by_distance(
    rows: Float64[np.ndarray, "token boundary width"],
) -> Float64[np.ndarray, "token boundary boundary"]:
    """Return the cosines by how far apart the two vectors' ends are, each at length 1."""
    found = []
    for one in rows:
        ends = one / np.maximum(np.sqrt(np.square(one).sum(-1, keepdims=True)), 1e-300)
        apart = [np.square(ends - end).sum(-1) for end in ends]
        found.append(1 - np.stack(apart) / 2)
    return np.stack(found)
