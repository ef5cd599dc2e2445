"""The rows of a table nearest to some vectors: exact, block by block, where the table is."""

from typing import Final

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.embeddings.neighbours import Metric
from components.inspection.progress import Progress, silent

BLOCK: Final = 4 * 2**20
"""Numbers of a block of the table that are compared at a time."""


def nearest_rows(
    table: Float[Tensor, "row width"],
    vectors: Float[Tensor, "vector width"],
    most: int,
    metric: Metric = "cosine",
    progress: Progress = silent,
) -> tuple[Int64[Tensor, "vector near"], Float[Tensor, "vector near"]]:
    """Return for each vector the ids of the `most` rows nearest to it, the nearest first, and how
    near: cosines (-1 to 1), or Euclidean distances.

    A row of zeros has no direction: its cosine is 0.
    """
    vectors = vectors.float()
    best, where = _nothing(vectors), _nothing(vectors).long()
    if metric == "cosine":
        vectors = torch.nn.functional.normalize(vectors, dim=-1)
    squares = (vectors * vectors).sum(dim=-1, keepdim=True)
    step = max(most, BLOCK // table.shape[1])
    for first in range(0, len(table), step):
        progress(first / len(table), "Comparing with every token")
        rows = table[first : first + step].float()
        if metric == "cosine":
            found = vectors @ torch.nn.functional.normalize(rows, dim=-1).T
        else:
            # Squared, negative: the largest is the nearest in both.
            found = 2 * (vectors @ rows.T) - squares - (rows * rows).sum(dim=-1)
        ids = torch.arange(first, first + len(rows), device=table.device).expand_as(found)
        best, order = torch.cat([best, found], dim=1).topk(
            min(most, best.shape[1] + len(rows)), dim=1
        )
        where = torch.cat([where, ids], dim=1).gather(1, order)
    if metric == "euclidean":
        best = (-best).clamp_min(0).sqrt()
    return where, best


def triangle_check(
    rows: Float[Tensor, "near width"],
    vector: Float[Tensor, " width"],
    cosines: Float[Tensor, " near"],
) -> Check:
    """Compare cosines with those that the law of cosines gives: of lengths, in float64."""
    rows, vector = rows.cpu().double(), vector.cpu().double()
    lengths, length = rows.norm(dim=-1), vector.norm()
    apart = (rows - vector).square().sum(dim=-1)
    by_law = (lengths**2 + length**2 - apart) / (2 * lengths * length).clamp_min(1e-300)
    return rounding.compared(
        "each cosine is what the three sides of the triangle give",
        cosines.cpu().numpy(),
        by_law.numpy(),
        # The vectors were made unit length and multiplied in float32, where the sizes of the
        # products of two unit vectors add up to 1 at most.
        3 * rounding.summed(len(vector)) + 8 * rounding.unit("float32"),
        "The ranking is not by the angle between the vectors.",
    )


def _nothing(vectors: Float[Tensor, "vector width"]) -> Float[Tensor, "vector 0"]:
    return vectors.new_zeros(len(vectors), 0)
