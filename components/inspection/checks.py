"""A check: what must be so, how far off it is, and how far it may be."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Verdict = Literal["holds", "fails", "reported"]


@dataclass(frozen=True)
class Check:
    """One comparison, made where the result is made, on the numbers that are drawn."""

    says: str
    """What must be so, as a clause: "every row sums to 1"."""
    error: float
    """The largest deviation found, 0 or more; NaN fails."""
    bound: float | None = None
    """The largest that is allowed (`rounding` argues for it); None where nothing is compared:
    the number is reported in grey."""
    meaning: str = ""
    """What it would mean if it failed."""

    @property
    def verdict(self) -> Verdict:
        """Green, red or grey.

        >>> Check("every row sums to 1", float("nan"), 1e-6).verdict
        'fails'
        """
        if self.bound is None:
            return "reported"
        return "holds" if self.error <= self.bound else "fails"

    @property
    def holds(self) -> bool:
        """It was compared, and is within its bound."""
        return self.verdict == "holds"

    @property
    def numbers(self) -> str:
        """The deviation and what is allowed, for eyes.

        >>> Check("", 0.0, 2.34e-6).numbers, Check("", 0.25).numbers
        ('off by 0, allowed 2.3e-06', 'off by 0.25')
        """
        allowed = "" if self.bound is None else f", allowed {short(self.bound)}"
        return f"off by {short(self.error)}{allowed}"

    def __str__(self) -> str:
        """Say it in one line.

        >>> print(Check("every row sums to 1", 0.0, 1e-6))
        every row sums to 1: off by 0, allowed 1e-06
        """
        return f"{self.says}: {self.numbers}"


def short(number: float) -> str:
    """Write a number with two digits.

    >>> short(0), short(0.000123), short(12.34), short(float("nan"))
    ('0', '0.00012', '12', 'nan')
    """
    return "0" if number == 0 else f"{number:.2g}"


def worst(checks: Iterable[Check], says: str = "") -> Check:
    """Return the check that is nearest to its bound, or farthest beyond it, under the words `says`.

    Raises:
        ValueError: there is none.
    """
    found = max(checks, key=_strain)
    return replace(found, says=says) if says else found


def _strain(check: Check) -> float:
    """Return the error as a share of the bound; infinite where it is not a number."""
    if check.error != check.error:
        return float("inf")
    if check.bound is None:
        return -1.0
    return check.error / check.bound if check.bound else (float("inf") if check.error else 0.0)
