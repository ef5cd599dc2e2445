"""Attention on matrices small enough to follow by hand."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float64
from scipy.special import softmax

from components.inspection import rounding
from components.inspection.attention.record_checks import masked_check
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.typed_numbers import typed_number

MOST: Final = 8
"""Most tokens, and most numbers in a vector."""
EXAMPLE: Final = "1 0\n0 1\n1 1"
"""Q, K and V of the example in the source texts: [[1,0],[0,1],[1,1]]."""


@dataclass(frozen=True, eq=False)
class ToyAttention:
    """Each step of attention."""

    queries: Float64[np.ndarray, "query size"]
    keys: Float64[np.ndarray, "key size"]
    values: Float64[np.ndarray, "key value_size"]
    dots: Float64[np.ndarray, "query key"]
    """queries @ keys.T"""
    scaled: Float64[np.ndarray, "query key"]
    """`dots` over sqrt(size), if asked for, and over the temperature."""
    masked: Float64[np.ndarray, "query key"]
    """`scaled` with -inf where a token comes later, if asked for."""
    weights: Float64[np.ndarray, "query key"]
    """softmax of `masked` over each row: 0 to 1, rows sum to 1."""
    outputs: Float64[np.ndarray, "query value_size"]
    """weights @ values"""

    @property
    def checks(self) -> tuple[Check, ...]:
        """Rows of weights sum to 1, none on a masked pair."""
        sums, hidden = self.weights.sum(-1), np.isneginf(self.masked)
        rows = rounding.of_row_sum(self.weights.shape[-1], "float64")
        return (
            rounding.compared("every row of the softmax sums to 1", sums, np.ones_like(sums), rows),
            masked_check([self.weights.astype(np.float32)], [~hidden]),
        )


def toy_attention(
    queries: Float64[np.ndarray, "query size"],
    keys: Float64[np.ndarray, "key _size"],
    values: Float64[np.ndarray, "_key value_size"],
    scale: bool = True,
    causal: bool = True,
    temperature: float = 1.0,
) -> ToyAttention:
    """Attend, and keep every step.

    SciPy's softmax takes the largest score of a row off before the exponential, so large numbers
    do no harm (written without it, as in many a first attempt, exp(900) is infinite, the row NaN).

    Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.2.1.

    Raises:
        InspectionError: the matrices do not fit together.
    """
    if queries.shape[1] != keys.shape[1]:
        raise InspectionError(
            f"A query and a key must have as many numbers: Q has {queries.shape[1]} in a row, K "
            f"has {keys.shape[1]}. Make them alike, since their products are summed."
        )
    if len(keys) != len(values):
        raise InspectionError(
            f"Every key belongs to a value: K has {len(keys)} rows, V has {len(values)}. Give "
            "both as many."
        )
    if causal and len(queries) != len(keys):
        raise InspectionError(
            f"A causal mask needs as many queries as keys: Q has {len(queries)} rows, K has "
            f"{len(keys)}. Give both as many, or switch the mask off (cross-attention has none)."
        )
    if not temperature > 0:
        raise InspectionError(f"The temperature must be above 0; it is {temperature:g}.")
    dots = queries @ keys.T
    scaled = dots / (np.sqrt(queries.shape[1]) if scale else 1.0) / temperature
    later = np.triu(np.ones_like(scaled, dtype=bool), k=1)
    masked = np.where(later, -np.inf, scaled) if causal else scaled
    weights = softmax(masked, axis=-1)
    return ToyAttention(queries, keys, values, dots, scaled, masked, weights, weights @ values)


def matrix(text: str, name: str) -> Float64[np.ndarray, "row column"]:
    """Return the matrix in `text`: a row in each line, numbers separated by spaces or commas.

    >>> matrix("1 0\\n0, 1", "Q").tolist()
    [[1.0, 0.0], [0.0, 1.0]]

    Raises:
        InspectionError: it is empty, too large, ragged, or has something that is no number.
    """
    rows = [re.split(r"[\s,;]+", line.strip(" ,;\t[]")) for line in text.strip().splitlines()]
    rows = [row for row in rows if row != [""]]
    if not rows:
        raise InspectionError(f"{name} is empty. Write a row of numbers for each token: 1 0")
    sizes = {len(row) for row in rows}
    if len(sizes) > 1:
        raise InspectionError(
            f"The rows of {name} must be of the same length; they have "
            f"{' and '.join(str(size) for size in sorted(sizes))} numbers."
        )
    if len(rows) > MOST or sizes.pop() > MOST:
        raise InspectionError(
            f"{name} has {len(rows)} rows of {len(rows[0])} numbers; at most {MOST} of each can "
            "be followed by eye."
        )
    return np.array([[typed_number(cell, name) for cell in row] for row in rows])
