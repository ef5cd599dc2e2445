"""Many draws from one distribution, held against the exact probabilities."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64
from scipy.stats import chi2, chisquare

from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.sampling.processing import process_logits
from components.inspection.sampling.settings import Settings

MOST_DRAWS: Final = 100_000
LEAST_EXPECTED: Final = 5
"""A bin in which fewer draws than this are expected is pooled with others (Cochran 1954)."""
BEYOND_CHANCE: Final = 1e-9
"""Of a thousand million samples from the distribution itself, one is so far off that its check
would fail."""


@dataclass(frozen=True, eq=False)
class Draws:
    """How often each token was drawn, and Pearson's test against its exact probability.

    `counts` sum to `drawn`; `probabilities` sum to 1. The test puts
    tokens with at least `LEAST_EXPECTED` expected draws in a bin each and all others in one:
    `statistic` is the sum over `bins` of (drawn - expected)**2 / expected, with `bins` - 1
    degrees of freedom. `p_value` is the share of samples from the distribution itself that would
    be at least as far off; None if there is but one bin, which cannot be off.
    """

    drawn: int
    counts: Int64[np.ndarray, " vocabulary"]
    probabilities: Float64[np.ndarray, " vocabulary"]
    bins: int
    statistic: float
    p_value: float | None

    @property
    def checks(self) -> tuple[Check, ...]:
        """That the counts follow the probabilities, as far as chance allows; none of one bin."""
        if self.p_value is None:
            return ()
        return (
            Check(
                "chi-square of these draws is within what chance explains",
                self.statistic,
                float(chi2.isf(BEYOND_CHANCE, self.degrees_of_freedom)),
                "Tokens were not drawn as often as their probabilities say.",
            ),
        )

    def deviation(self, count: int) -> Float64[np.ndarray, " vocabulary"]:
        """Return the standard deviation of each token's relative frequency in `count` draws."""
        share = self.probabilities
        return np.sqrt(share * (1 - share) / count)

    @property
    def degrees_of_freedom(self) -> int:
        """One less than the bins, since the counts must sum to `drawn`."""
        return self.bins - 1


def draws(
    logits: Float32[np.ndarray, " vocabulary"],
    history: tuple[int, ...],
    settings: Settings,
    count: int,
) -> Draws:
    """Draw `count` tokens from `logits` processed with `settings`, with the seed of `settings`.

    Raises:
        InspectionError: if `count` is out of range.
    """
    if not 1 <= count <= MOST_DRAWS:
        raise InspectionError(
            f"{count} draws were asked for, but from 1 to {MOST_DRAWS:,} can be made: "
            f"choose a number from 1 to {MOST_DRAWS:,}."
        )
    exact = process_logits(logits, history, settings).after.astype(np.float64)
    exact /= exact.sum()
    generator = torch.Generator().manual_seed(settings.seed)
    drawn = torch.multinomial(torch.from_numpy(exact), count, replacement=True, generator=generator)
    counts = np.bincount(drawn.numpy(), minlength=len(exact))
    observed, expected = pooled(counts, exact * count)
    bins = len(expected)
    if bins == 1:
        return Draws(count, counts, exact, bins, 0.0, None)
    test = chisquare(observed, expected)
    return Draws(count, counts, exact, bins, float(test.statistic), float(test.pvalue))


def pooled(
    counts: Int64[np.ndarray, " vocabulary"], expected: Float64[np.ndarray, " vocabulary"]
) -> tuple[Float64[np.ndarray, " bin"], Float64[np.ndarray, " bin"]]:
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
