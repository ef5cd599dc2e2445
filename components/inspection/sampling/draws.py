"""Many draws from one distribution, held against the exact probabilities."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import chi2

from components.inspection.errors import InspectionError
from components.inspection.sampling.reshape import reshape
from components.inspection.sampling.settings import Settings

MOST_DRAWS: Final = 100_000
LEAST_EXPECTED: Final = 5
"""A bin in which fewer draws than this are expected is pooled with others (Cochran 1954)."""


@dataclass(frozen=True, eq=False)
class Draws:
    """How often each token was drawn, and Pearson's test against its exact probability.

    `counts[token]` sum to `drawn`; `probabilities[token]`, float64, sum to 1. The test puts
    tokens with at least `LEAST_EXPECTED` expected draws in a bin each and all others in one:
    `statistic` is the sum over `bins` of (drawn - expected)**2 / expected, with `bins` - 1
    degrees of freedom. `p_value` is the share of honest runs that would be at least as far
    off; None if there is but one bin, which cannot be off.
    """

    drawn: int
    counts: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    bins: int
    statistic: float
    p_value: float | None

    @property
    def degrees_of_freedom(self) -> int:
        """One less than the bins, since the counts must sum to `drawn`."""
        return self.bins - 1


def draws(
    logits: NDArray[np.float32], history: tuple[int, ...], settings: Settings, count: int
) -> Draws:
    """Draw `count` tokens from `logits` reshaped by `settings`, with the seed of `settings`.

    Raises:
        InspectionError: if `count` is out of range.
    """
    if not 1 <= count <= MOST_DRAWS:
        raise InspectionError(
            f"{count} draws were asked for, but from 1 to {MOST_DRAWS:,} can be made: "
            f"choose a number from 1 to {MOST_DRAWS:,}."
        )
    exact = reshape(logits, history, settings).after.astype(np.float64)
    exact /= exact.sum()
    generator = torch.Generator().manual_seed(settings.seed)
    drawn = torch.multinomial(torch.from_numpy(exact), count, replacement=True, generator=generator)
    counts = np.bincount(drawn.numpy(), minlength=len(exact))
    observed, expected = pooled(counts, exact * count)
    statistic = float(((observed - expected) ** 2 / expected).sum())
    bins = len(expected)
    p_value = float(chi2.sf(statistic, bins - 1)) if bins > 1 else None
    return Draws(count, counts, exact, bins, statistic, p_value)


def pooled(
    counts: NDArray[np.int64], expected: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return counts and expected counts by bin, small bins pooled as `Draws` says.

    Should the pool itself expect too little, the smallest other bin joins it.
    """
    order = np.argsort(-expected, kind="stable")
    alone = int((expected >= LEAST_EXPECTED).sum())
    rest = float(expected[order[alone:]].sum())
    if 0 < rest < LEAST_EXPECTED and alone:
        alone -= 1
        rest += float(expected[order[alone]])
    groups = [order[[place]] for place in range(alone)]
    if rest > 0:
        groups.append(order[alone:])
    return (
        np.array([counts[group].sum() for group in groups], dtype=np.float64),
        np.array([expected[group].sum() for group in groups]),
    )
