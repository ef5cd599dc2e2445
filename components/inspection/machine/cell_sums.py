"""One number of the drawing taken apart: a sum of terms, and what is done to the sum."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from jaxtyping import Float64

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.machine.normed import Normed, norm_bound

MOST_TERMS: Final = 6
_SUBSCRIPTS: Final = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class Term:
    """One term of a sum, or one step behind it: left x right = value."""

    label: str
    left: float | None
    """None where the term is no product."""
    right: float | None
    value: float


@dataclass(frozen=True)
class Operand:
    """Which numbers of the drawing feed the one that is opened: these are lit."""

    station: str
    row: int | None
    """The token; None where the station has no tokens (weights), or all of them."""
    indices: Literal["all"] | tuple[int, ...]


@dataclass(frozen=True)
class CellDetail:
    """One number and the arithmetic that leads to it, in float64 on recorded operands."""

    station: str
    index: int
    name: str
    """What it is, in words: "query 17 of ' gave', layer 2, head 1"."""
    symbols: str
    """The formula in one line of plain Unicode."""
    numbers: str
    """The same line with numbers, the largest terms first."""
    terms: tuple[Term, ...]
    """The largest by size, at most `MOST_TERMS`."""
    rest: float
    """The sum of the others."""
    rest_count: int
    after: tuple[Term, ...]
    """What is done to the sum, step by step: left is the number so far, right what comes in, value
    the number then."""
    operands: tuple[Operand, ...]
    recorded: float
    recomputed: float
    check: Check


@dataclass
class Sum:
    """A sum while it is put together."""

    label: Callable[[int], str]
    """Names the term of a number."""
    values: Float64[np.ndarray, " term"]
    left: Float64[np.ndarray, " term"] | None = None
    right: Float64[np.ndarray, " term"] | None = None
    more: list[Term] = field(default_factory=list)
    """Further terms: a bias."""
    after: list[Term] = field(default_factory=list)
    off: float = 0.0
    """How far off the number so far may be."""

    @classmethod
    def of_products(
        cls,
        label: Callable[[int], str],
        left: Float64[np.ndarray, " term"],
        right: Float64[np.ndarray, " term"],
    ) -> "Sum":
        """Return the sum of products, term by term."""
        return cls(label, left * right, left, right)

    @property
    def sizes(self) -> float:
        """The terms' sizes added up."""
        return float(np.abs(self.values).sum() + sum(abs(term.value) for term in self.more))

    @property
    def total(self) -> float:
        """The number so far."""
        if self.after:
            return self.after[-1].value
        return float(self.values.sum() + sum(term.value for term in self.more))

    def then(self, label: str, right: float, value: float) -> None:
        """Take one step behind the sum."""
        self.after.append(Term(label, self.total, right, value))

    def times(self, label: str, factor: float, dtype: str) -> None:
        """Multiply the number so far."""
        self.then(f"× {label}", factor, self.total * factor)
        self.off = self.off * abs(factor) + 2 * rounding.unit(dtype) * abs(self.total)

    def plus(self, label: str, added: float, dtype: str) -> None:
        """Add to the number so far."""
        size = abs(self.total) + abs(added)
        self.then(f"+ {label}", added, self.total + added)
        self.off += 2 * rounding.unit(dtype) * size

    def normed(self, norm: Normed, number: int, dtype: str) -> None:
        """Go through a norm (of its first row), of which this sum is number `number`."""
        x = norm.given[:1].astype(np.float64)
        mean = x.mean(1) if norm.kind == "layer" else np.zeros(1)
        scale = np.sqrt(((x - mean[:, None]) ** 2).mean(1) + norm.epsilon)
        gain = norm.gain.astype(np.float64)
        shift = np.zeros_like(gain) if norm.shift is None else norm.shift.astype(np.float64)
        own = norm_bound(x, mean, scale, gain, shift, dtype)[0, number]
        self.off = self.off / float(scale[0]) * abs(float(gain[number])) + float(own)
        if norm.kind == "layer":
            self.then("− mean", float(mean[0]), self.total - float(mean[0]))
        self.then("÷ scale", float(scale[0]), self.total / float(scale[0]))
        self.then("× gain", float(gain[number]), self.total * float(gain[number]))
        if norm.shift is not None:
            self.then("+ shift", float(shift[number]), self.total + float(shift[number]))

    def detail(
        self,
        station: str,
        index: int,
        name: str,
        symbols: str,
        recorded: float,
        operands: Sequence[Operand],
    ) -> CellDetail:
        """Return the number with its largest terms, compared with the recorded one."""
        shown, rest, count = self._largest()
        return CellDetail(
            station=station,
            index=index,
            name=name,
            symbols=symbols,
            numbers=in_numbers(shown, rest, count, self.after, self.total),
            terms=tuple(shown),
            rest=rest,
            rest_count=count,
            after=tuple(self.after),
            operands=tuple(operands),
            recorded=float(recorded),
            recomputed=self.total,
            check=number_check(recorded, self.total, self.off),
        )

    def _largest(self) -> tuple[list[Term], float, int]:
        order = np.argsort(-np.abs(self.values), kind="stable")[:MOST_TERMS]
        terms = [
            Term(
                self.label(int(n)),
                None if self.left is None else float(self.left[n]),
                None if self.right is None else float(self.right[n]),
                float(self.values[n]),
            )
            for n in order
        ]
        # A bias is always shown: it is no term among many.
        terms = sorted(terms, key=lambda term: -abs(term.value))[: MOST_TERMS - len(self.more)]
        count = len(self.values) - len(terms)
        rest = float(self.values.sum() - sum(term.value for term in terms)) if count else 0.0
        return [*terms, *self.more], rest, count


def number_check(recorded: float, recomputed: float, allowed: float) -> Check:
    """Compare a number worked out here with the recorded one."""
    return rounding.compared(
        "the number worked out here is the recorded one",
        np.array([recorded], np.float64),
        np.array([recomputed], np.float64),
        allowed,
        "What is shown does not lead to this number.",
    )


def short(number: float) -> str:
    """Write a number with three digits and a true minus.

    >>> short(-0.12345), short(12345.0)
    ('−0.123', '12300')
    """
    text = f"{number:.3g}"
    if "e" in text and 1e-4 <= abs(number) < 1e6:
        text = f"{float(text):.0f}"
    return text.replace("-", "−")


def sub(number: int) -> str:
    """Write a number as a subscript.

    >>> sub(17)
    '₁₇'
    """
    return str(number).translate(_SUBSCRIPTS)


def in_numbers(
    terms: Sequence[Term], rest: float, count: int, after: Sequence[Term], result: float
) -> str:
    """Write a sum, and what is done to it, in numbers.

    >>> in_numbers([Term("a", 2, 3, 6), Term("b", None, None, -1)], 0.5, 4, [], 5.5)
    '2·3 − 1 + … (4 smaller: 0.5) = 5.5'
    >>> in_numbers([Term("a", None, None, 6)], 0, 0, [Term("− mean", 6, 2, 4),
    ...     Term("÷ scale", 4, 0.5, 8), Term("+ shift", 8, -1, 7)], 7)
    '(6 − 2) ÷ 0.5 + (−1) = 7'
    """
    line = ""
    for term in terms:
        if term.left is None or term.right is None:
            size = short(abs(term.value))
        else:
            size = f"{short(abs(term.left))}·{short(abs(term.right))}"
        negative = term.value < 0
        line += (" − " if negative else " + ") if line else ("−" if negative else "")
        line += size
    if count:
        line += f"{' + ' if line else ''}… ({count} smaller: {short(rest)})"
    summed = len(terms) > 1 or count > 0
    for step in after:
        sign = step.label.split(" ")[0]
        # What is multiplied must not be read as the last term alone.
        if summed and sign not in "+−":
            line = f"({line})"
        line += _step(sign, step)
        summed = sign in "+−"
    return f"{line} = {short(result)}"


def _step(sign: str, step: Term) -> str:
    right = "" if step.right is None else short(step.right)
    if sign in "×÷+−":
        return f" {sign} {f'({right})' if right.startswith('−') else right}"
    return f" → {step.label}"
