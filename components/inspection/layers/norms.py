"""LayerNorm and RMSNorm of a few numbers: what each of them forgets.

Sources: Ba et al., "Layer Normalization" (2016); Zhang and Sennrich, "Root Mean Square Layer
Normalization" (2019).
"""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Float64

from components.inspection import rounding
from components.inspection.checks import Check, worst
from components.inspection.errors import InspectionError
from components.inspection.typed_numbers import typed_number

MOST: Final = 16
"""Numbers of one vector."""
EPSILON: Final = 1e-5
TORCH: Final = "LayerNorm and RMSNorm are torch's own"
CENTRED: Final = "after LayerNorm the mean is 0 and the variance v / (v + epsilon)"
LENGTH: Final = "after RMSNorm the mean square is m / (m + epsilon)"
CHANGED: Final = 5e-5
"""What is seen with four digits behind the point."""

Vector = Float64[np.ndarray, " number"]


@dataclass(frozen=True, eq=False)
class BothNorms:
    """One vector and what two norms make of it, without gain and shift."""

    given: Vector
    layer: Vector
    """(given - mean) / sqrt(variance + epsilon)"""
    rms: Vector
    """given / sqrt(mean square + epsilon)"""
    mean: float
    variance: float
    """Mean of the squared distances from the mean."""
    mean_square: float


@dataclass(frozen=True, eq=False)
class NormsByHand:
    """Both norms of some numbers as they were typed, and as they were changed."""

    typed: BothNorms
    changed: BothNorms
    """Of typed x times + add."""
    times: float
    add: float
    epsilon: float
    checks: tuple[Check, ...]

    @property
    def layer_changes(self) -> bool:
        """LayerNorm's output is another one, to be seen with four digits."""
        return float(np.abs(self.changed.layer - self.typed.layer).max()) > CHANGED

    @property
    def rms_changes(self) -> bool:
        """RMSNorm's output is another one, to be seen with four digits."""
        return float(np.abs(self.changed.rms - self.typed.rms).max()) > CHANGED


def norms_by_hand(
    numbers: tuple[float, ...], times: float = 1.0, add: float = 0.0, epsilon: float = EPSILON
) -> NormsByHand:
    """Norm `numbers`, and norm them again with each number multiplied and added to.

    Raises:
        InspectionError: all numbers are the same (or 0), and epsilon is 0: there is nothing to
            divide by.
    """
    typed = np.array(numbers, np.float64)
    before, after = (both_norms(one, epsilon) for one in (typed, typed * times + add))
    pairs = zip(norm_checks(before, epsilon), norm_checks(after, epsilon), strict=True)
    return NormsByHand(before, after, times, add, epsilon, tuple(map(worst, pairs)))


def both_norms(given: Vector, epsilon: float) -> BothNorms:
    """Norm one vector by the formulas, in float64.

    Raises:
        InspectionError: there is nothing to divide by.
    """
    mean, mean_square = float(given.mean()), float(np.square(given).mean())
    variance = float(np.square(given - mean).mean())
    if not variance + epsilon > 0 or not mean_square + epsilon > 0:
        raise InspectionError(
            "All numbers are the same, so their variance is 0, and epsilon is 0 too: LayerNorm "
            "would divide 0 by 0. This is what epsilon is for: choose one above 0."
        )
    return BothNorms(
        given,
        (given - mean) / np.sqrt(variance + epsilon),
        given / np.sqrt(mean_square + epsilon),
        mean,
        variance,
        mean_square,
    )


def norm_checks(found: BothNorms, epsilon: float) -> tuple[Check, Check, Check]:
    """Compare both norms with torch's own, and with what their outputs must measure.

    A mean is off by a sum's rounding, and so is each number less the mean. A norm of n numbers is
    off by no more than what goes into it, over its scale, once for the number itself and once for
    the scale, times what comes out: at most the root of n.
    """
    count, size = len(found.given), float(np.abs(found.given).max())
    share = 2 * rounding.summed(count + 8, "float64")
    layer_off, rms_off = (
        share * (size / np.sqrt(square + epsilon) + 1) * (1 + np.sqrt(count))
        for square in (found.variance, found.mean_square)
    )
    ours = np.stack([found.layer, found.rms])
    with torch.no_grad():
        theirs = np.stack([norm(torch.from_numpy(found.given)) for norm in _torch(count, epsilon)])
    off = np.array([[layer_off], [rms_off]])
    mean, variance = found.layer.mean(), found.layer.var()
    expected = found.variance / (found.variance + epsilon)
    after = found.mean_square / (found.mean_square + epsilon)
    # A square is off by twice its root, times the size of that, which is at most the root of n.
    twice = 2 * np.sqrt(count) + 1
    return (
        rounding.compared(TORCH, ours, theirs, off, "One of the two formulas is another one."),
        rounding.compared(
            CENTRED,
            np.array([mean, variance]),
            np.array([0.0, expected]),
            layer_off * twice,
            "The mean was not taken off, or what is divided by is not the standard deviation.",
        ),
        rounding.compared(
            LENGTH,
            np.array([np.square(found.rms).mean()]),
            np.array([after]),
            rms_off * twice,
            "What is divided by is not the root of the mean square.",
        ),
    )


def _torch(count: int, epsilon: float) -> tuple[torch.nn.Module, torch.nn.Module]:
    plain = {"elementwise_affine": False, "dtype": torch.float64}
    return (
        torch.nn.LayerNorm(count, eps=epsilon, **plain),  # type: ignore[arg-type]
        torch.nn.RMSNorm(count, eps=epsilon, **plain),  # type: ignore[arg-type]
    )


def typed_numbers(text: str) -> tuple[float, ...]:
    """Return the numbers in `text`, separated by spaces or commas.

    >>> typed_numbers("1, 2 3.5")
    (1.0, 2.0, 3.5)

    Raises:
        InspectionError: there are fewer than two or too many, or one is no number.
    """
    found = [cell for cell in re.split(r"[\s,;\[\]]+", text) if cell]
    if not 2 <= len(found) <= MOST:
        raise InspectionError(
            f"{len(found)} numbers were given; a norm is shown of 2 to {MOST}. Write them "
            "separated by spaces: 1 2 3 4"
        )
    return tuple(typed_number(cell, "the list") for cell in found)
