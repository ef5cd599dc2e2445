"""How distances concentrate: the more dimensions, the more alike all distances and angles are.

Two independent directions at random in d dimensions have a cosine whose mean is 0 and whose
standard deviation is exactly 1 / sqrt(d). Distances of Gaussian vectors spread ever less about
their mean: by about 1 / sqrt(2 d) of it. Beyer, Goldstein, Ramakrishnan and Shaft, "When Is
Nearest Neighbor Meaningful?" (1999).
"""

from dataclasses import dataclass
from math import exp, lgamma, log, sqrt
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, Int64
from torch import Tensor

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.embeddings.geometry import CERTAIN
from components.inspection.embeddings.table import table_of
from components.inspection.errors import InspectionError
from components.inspection.model import Model

PAIRS: Final = 2_000
"""Pairs of vectors; of the Gaussian ones no two share a vector, so that they are independent."""
MOST: Final = 4_096
"""Dimensions up to which is measured."""


@dataclass(frozen=True, eq=False)
class Concentration:
    """How much angles and distances of pairs differ, by the number of dimensions."""

    dimensions: Int64[np.ndarray, " dimension"]
    cosine_spread: Float32[np.ndarray, " dimension"]
    """Standard deviation of the cosine of two of the table's rows, of their first d columns in an
    order drawn at random."""
    distance_spread: Float32[np.ndarray, " dimension"]
    """Standard deviation of their distances as a share of the mean distance."""
    gaussian_cosine: Float32[np.ndarray, " dimension"]
    """The same of vectors of independent Gaussian numbers: root mean square of the cosine."""
    gaussian_distance: Float32[np.ndarray, " dimension"]
    by_formula: Float32[np.ndarray, " dimension"]
    """1 / sqrt(d)."""
    distance_by_formula: Float32[np.ndarray, " dimension"]
    """Of the length of a Gaussian vector, as `spread_of_length`."""
    checks: tuple[Check, ...]


def concentration(model: Model, seed: int = 0) -> Concentration:
    """Measure pairs of the table's rows, and of Gaussian vectors, in ever more dimensions.

    Raises:
        InspectionError: the table is too small, or holds what is no number.
    """
    table = table_of(model, "input")
    width = min(table.shape[1], MOST)
    if width < 2 or len(table) < 3:
        raise InspectionError(f"The table of '{model.name}' has too few vectors, or dimensions.")
    draw = np.random.default_rng(seed)
    columns = draw.permutation(table.shape[1])[:width]
    first = draw.integers(len(table), size=PAIRS)
    second = (first + draw.integers(1, len(table), size=PAIRS)) % len(table)
    real = (_rows(table, first, columns), _rows(table, second, columns))
    rounding.require_numbers(*real)
    drawn = (draw.standard_normal((PAIRS, width)), draw.standard_normal((PAIRS, width)))
    dimensions = np.unique([*(2**power for power in range(1, 13) if 2**power < width), width])
    found = np.array([_spreads(*real, d) for d in dimensions], np.float32)
    gaussian = np.array([_spreads(*drawn, d) for d in dimensions], np.float32)
    squares = np.array([_mean_square(*drawn, d) for d in dimensions])
    return Concentration(
        dimensions=dimensions.astype(np.int64),
        cosine_spread=found[:, 0],
        distance_spread=found[:, 1],
        gaussian_cosine=np.sqrt(squares).astype(np.float32),
        gaussian_distance=gaussian[:, 1],
        by_formula=(dimensions**-0.5).astype(np.float32),
        distance_by_formula=np.array([spread_of_length(int(d)) for d in dimensions], np.float32),
        checks=(_cosine_check(dimensions, squares), _distance_check(dimensions, gaussian[:, 1])),
    )


def spread_of_length(d: int) -> float:
    """Return standard deviation over mean of the length of a Gaussian vector of `d` numbers.

    The difference of two is Gaussian too, so it is that of their distance as well (a chi
    distribution's: mean sqrt(2) Gamma((d + 1) / 2) / Gamma(d / 2), mean square d).

    >>> round(spread_of_length(2), 4), round(spread_of_length(800) * 40, 3)
    (0.5227, 1.0)
    """
    logarithm = 0.5 * log(2) + lgamma((d + 1) / 2) - lgamma(d / 2)
    return sqrt(max(0.0, d / exp(2 * logarithm) - 1))


def _rows(
    table: Float[Tensor, "row width"],
    ids: Int64[np.ndarray, " pair_drawn"],
    columns: Int64[np.ndarray, " dimension"],
) -> Float64[np.ndarray, "pair_drawn dimension"]:
    rows = table[torch.from_numpy(ids).to(table.device)].to("cpu", torch.float64)
    return rows.numpy()[:, columns]


def _spreads(
    one: Float64[np.ndarray, "pair_drawn width"],
    other: Float64[np.ndarray, "pair_drawn width"],
    d: int,
) -> tuple[float, float]:
    """Return the standard deviation of the cosine, and that of the distance over its mean."""
    distances = np.linalg.norm(one[:, :d] - other[:, :d], axis=1)
    return float(_cosines(one, other, d).std()), float(distances.std() / distances.mean())


def _cosines(
    one: Float64[np.ndarray, "pair_drawn width"],
    other: Float64[np.ndarray, "pair_drawn width"],
    d: int,
) -> Float64[np.ndarray, " pair_drawn"]:
    a, b = one[:, :d], other[:, :d]
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    products: Float64[np.ndarray, " pair_drawn"] = (a * b).sum(axis=1) / lengths.clip(1e-300)
    return products


def _mean_square(
    one: Float64[np.ndarray, "pair_drawn width"],
    other: Float64[np.ndarray, "pair_drawn width"],
    d: int,
) -> float:
    return float((_cosines(one, other, d) ** 2).mean())


def _cosine_check(
    dimensions: Int64[np.ndarray, " dimension"], squares: Float64[np.ndarray, " dimension"]
) -> Check:
    """The square of the cosine has the mean 1 / d, and that of its fourth power is 3 / (d (d + 2)).

    So the mean of n independent squares is off by more than six of its standard deviations once in
    hundreds of millions.
    """
    d = dimensions.astype(np.float64)
    variance = 3 / (d * (d + 2)) - 1 / d**2
    return rounding.compared(
        "cosines of Gaussian vectors spread by 1 / sqrt(d)",
        squares,
        1 / d,
        CERTAIN * np.sqrt(variance / PAIRS),
        "The vectors are not drawn independently, or the cosines are computed wrongly.",
    )


def _distance_check(
    dimensions: Int64[np.ndarray, " dimension"], found: Float32[np.ndarray, " dimension"]
) -> Check:
    """Of n samples, deviation over mean is off by about c sqrt((k - 1) / 4n + c^2 / n) of itself
    (the delta method), k being the kurtosis: below 3.3 for lengths from two dimensions on."""
    expected = np.array([spread_of_length(int(d)) for d in dimensions])
    off = expected * np.sqrt(0.6 / PAIRS + expected**2 / PAIRS)
    return rounding.compared(
        "distances of Gaussian vectors spread as the chi distribution says",
        found,
        expected,
        CERTAIN * off,
        "The vectors are not drawn independently, or the distances are computed wrongly.",
    )
