"""How far off a number may be before something is wrong: the one place where bounds are argued.

Three things make a computed number differ from the same number computed otherwise:

- **Each result is rounded** to the number format of the model: by at most `unit(dtype)` of its
  size (half the distance from 1 to the next number: 6e-8 in float32, 5e-4 in float16, 4e-3 in
  bfloat16).
- **A sum of products rounds at each step.** Of n terms whose sizes add up to S the sum is off by
  at most n x unit x S, and, since roundings do not conspire, by min(n, 10 sqrt(n)) x unit x S but
  for one case in 10^20 (Higham and Mary, "A New Approach to Probabilistic Rounding Error Analysis",
  SIAM J. Sci. Comput. 41, 2019, Theorem 3.1 with lambda = 10). Products are summed in float32
  or better, whatever the model's format is.
- **A network carries a rounding on**, from layer to layer, and no formula knows how much it grows
  on the way. So that is measured: `noise.floor` rounds each block's output once more, at random,
  and looks how far the logits move.
"""

from math import isfinite, sqrt
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, Num

from components.inspection.checks import Check
from components.inspection.errors import InspectionError

CERTAIN: Final = 10.0
"""Lambda of Higham and Mary: the chance that a sum is farther off is below 2 n exp(-50)."""
EXPONENTIAL: Final = 32.0
"""Roundings in one softmax beside its sum: an argument down to -20 loses 20 of them in float32
before its exponential is negligible, the exponential itself and the division a few more."""

NO_NUMBERS: Final = (
    "Some numbers here are none (infinite, or NaN): on the way to them one became larger than the "
    "number format holds (float16: 65,504). Choose bfloat16 or float32; in those, the model's "
    "weights are damaged."
)
"""What it means that numbers cannot be compared."""


def unit(dtype: str) -> float:
    """Return by what share of its size a number may be rounded in `dtype`.

    >>> unit("float16")
    0.00048828125
    """
    return float(torch.finfo(getattr(torch, dtype)).eps) / 2


def summed(terms: int, dtype: str = "float32") -> float:
    """Return by what share of its terms' summed sizes a sum of `terms` products may be off.

    >>> summed(4) / unit("float32"), summed(10_000) / unit("float32")
    (4.0, 1000.0)
    """
    return min(float(terms), CERTAIN * sqrt(terms)) * unit(dtype)


def of_softmax(
    terms: int, dtype: str, weights: Float[np.ndarray, "*axes"] | float = 1.0
) -> Float[np.ndarray, "*axes"] | float:
    """Return how far the `weights` of a softmax over `terms` scores may be off in `dtype`.

    Most families compute it in float32 and round the result to the model's format; some in the
    model's format, where exponential, sum and quotient are each rounded. A weight is rounded by a
    share of itself, or to the format's smallest number.
    """
    fine = "float64" if dtype == "float64" else "float32"
    return 3 * unit(dtype) * weights + least(dtype) + EXPONENTIAL * unit(fine) + summed(terms, fine)


def least(dtype: str) -> float:
    """Return the smallest number above 0 that `dtype` has.

    >>> least("float16")
    5.960464477539063e-08
    """
    finfo = torch.finfo(getattr(torch, dtype))
    return float(finfo.smallest_normal) * float(finfo.eps)


def of_row_sum(terms: int, dtype: str) -> float:
    """Return how far from 1 the sum of a row of `terms` weights of a softmax may be.

    Each weight was rounded by a share of itself, and together they are 1; numbers too small for
    the format (of float16: below 6e-8) are lost.
    """
    fine = "float64" if dtype == "float64" else "float32"
    return float(of_softmax(terms, dtype)) + summed(terms, fine) + terms * least(dtype)


def of_log_softmax(terms: int, size: float) -> float:
    """Return how far a logarithm of a probability may be off: a logit of float32 less the logarithm
    of the sum of `terms` exponentials, where the logits are at most `size` from the largest.

    What share the sum is off by is what its logarithm is off by; the difference rounds three times.
    """
    return EXPONENTIAL * unit("float32") + summed(terms) + 3 * unit("float32") * size


def require_numbers(*found: Float[np.ndarray, "..."] | Float[torch.Tensor, "..."] | float) -> None:
    """Go on if all that was found are numbers; minus infinity is one (a logit of what is never
    said).

    Raises:
        InspectionError: something is NaN or plus infinity, so nothing can be told from it.
    """
    for one in found:
        numbers = torch.as_tensor(one)
        if bool((numbers.isnan() | numbers.isposinf()).any()):
            raise InspectionError(NO_NUMBERS)


def meant(error: float, meaning: str) -> str:
    """Return what it means to be off by `error`: `meaning`, unless that is no number.

    >>> meant(0.5, "The sum is another."), meant(float("nan"), "The sum is another.") == NO_NUMBERS
    ('The sum is another.', True)
    """
    return meaning if isfinite(error) else NO_NUMBERS


def compared(
    says: str,
    found: Num[np.ndarray, "*axes"],
    expected: Num[np.ndarray, "*axes"],
    allowed: Float[np.ndarray, "..."] | float,
    meaning: str = "",
) -> Check:
    """Return the check of two arrays, number by number, at the place farthest beyond bounds.

    `allowed` is what rounding may account for, and broadcasts over both. The error told is that of
    the place where it is the largest share of what is allowed there. Infinite numbers are equal to
    themselves (a masked score is minus infinity); NaN is equal to nothing, on both sides neither:
    what two ways cannot compute is not right for that.
    """
    if found.size == 0:
        return Check(says, 0.0, 0.0, meaning)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        error = np.abs(found.astype(np.float64) - expected.astype(np.float64))
        error = np.where(found == expected, 0.0, error)
        limit = np.broadcast_to(np.asarray(allowed, dtype=np.float64), error.shape)
        strain = np.where(error == 0, 0.0, error / limit)
    strain = np.where(np.isnan(strain), np.inf, strain)
    strain = np.where(np.isnan(error), np.nan, strain)  # which `argmax` takes for the largest
    place = np.unravel_index(int(strain.argmax()), error.shape)
    if np.isfinite(found[place]) or np.isfinite(expected[place]):
        # One of two ways may be wrong.
        meaning = meaning if np.isfinite(error[place]) else f"{meaning} {NO_NUMBERS}".strip()
    else:
        meaning = NO_NUMBERS
    return Check(says, float(error[place]), float(limit[place]), meaning)
