"""Counting by hand: positions and operations of writing on, for any shape."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from jaxtyping import Float64, Int64

from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.kv_cache.shapes import Shape, unusual

Way = Literal["with", "without"]

BOOK: Final = (26, 100, 4.5, 21.8)
"""Phi-3-mini on one GPU (Alammar and Grootendorst 2024, chapter 3): tokens of prompt (the 25 ids
that the book prints, and the start token before them), new tokens, seconds with a cache, seconds
without."""


def positions(start: int, steps: int, way: Way) -> int:
    """Return how many positions go through the blocks to write `steps` tokens after `start`.

    With a cache: all of the prompt once, then one for each token but the last, which is only
    written. Without: everything so far, each time.

    >>> positions(20, 100, "with"), positions(20, 100, "without")
    (119, 6950)
    """
    if way == "with":
        return start + steps - 1
    return steps * start + steps * (steps - 1) // 2


def solid_check(start: int, steps: int, solid: int) -> Check:
    """Compare the two formulas with the `solid` cells of a picture that shows each position."""
    counted = positions(start, steps, "with") + positions(start, steps, "without")
    return Check(
        "the formulas count the cells that are drawn solid",
        float(abs(solid - counted)),
        0.0,
        "The picture and the formulas tell of different positions.",
    )


def extra_position_seconds(
    start: int, steps: int, cached: float, bare: float
) -> tuple[float, float]:
    """Return the seconds of a step, and of each further position in a pass.

    If a pass of n positions takes base + n x more, then the totals of both ways give the two:
    a step with a cache takes the first; without, there are on average `start + (steps - 1) / 2`
    positions in a pass.

    >>> step, more = extra_position_seconds(*BOOK)
    >>> f"{step * 1e3:.0f} ms, {more * 1e3:.1f} ms"
    '45 ms, 2.3 ms'
    """
    step = cached / steps
    return step, (bare / steps - step) / (start + (steps - 1) / 2 - 1)


def pass_operations(shape: Shape, many: int, read: int) -> int | None:
    """Return the operations of a pass of `many` positions that read `read` tokens.

    Two for each number of the blocks' matrices and position; two products of a query with each key
    and value read; the vocabulary's logits at one position. None where the cache is no keys and
    values for each head: then neither are the products.
    """
    if not shape.usual:
        return None
    scores_and_sum = sum(
        4 * shape.heads * shape.head_size * many * _seen(window, many, read)
        for window in shape.windows
    )
    weights = sum(shape.attention_weights) + sum(shape.mlp_weights)
    return 2 * weights * many + scores_and_sum + 2 * shape.vocabulary * shape.width


def _seen(window: int | None, many: int, read: int) -> int:
    # Eager code multiplies a whole prompt with itself and hides what is out of the window.
    return read if window is None or many > 1 else min(read, window)


@dataclass(frozen=True, eq=False)
class Shares:
    """Operations of one token in one block, against the length of the text before it."""

    lengths: Int64[np.ndarray, " length"]
    """Tokens before the one that is computed."""
    projections: float
    """Queries, keys, values and output: the same at any length."""
    mlp: float
    """The same at any length."""
    scores_and_sum: Float64[np.ndarray, " length"]
    """Scores and the sum of values: grows with the length."""
    equals_projections: float
    """Length at which the mixing takes as much as the projections."""
    equals_weights: float
    """Length at which it takes as much as projections and MLP together."""


def shares(shape: Shape, longest: int, points: int = 200) -> Shares:
    """Say when attention is the most expensive part of the first block: not before a text is long.

    Raises:
        InspectionError: the network's products are others than those of queries, keys and values
            for each head.

    >>> from components.inspection.kv_cache.published import PUBLISHED
    >>> found = shares(PUBLISHED["Phi-3-mini"], 32_768)
    >>> found.equals_projections, found.equals_weights
    (6144.0, 18432.0)
    """
    if not shape.usual:
        raise InspectionError(
            f"For {shape.name} this cannot be said by a formula: {unusual(shape)}. Choose another "
            "model in the list."
        )
    lengths = np.unique(np.linspace(1, longest, points).astype(np.int64))
    each = 4 * shape.heads * shape.head_size
    projections, mlp = 2.0 * shape.attention_weights[0], 2.0 * shape.mlp_weights[0]
    return Shares(
        lengths=lengths,
        projections=projections,
        mlp=mlp,
        scores_and_sum=each * lengths.astype(np.float64),
        equals_projections=projections / each,
        equals_weights=(projections + mlp) / each,
    )
