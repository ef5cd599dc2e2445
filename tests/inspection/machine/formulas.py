"""A small calculator for the formulas of a workbook, which knows nothing of who wrote them.

It reads the file with openpyxl and computes cells when they are asked for. What a spreadsheet
program would show as an error (text in arithmetic, division by 0, an unknown function) raises.
"""

import io
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from openpyxl import load_workbook
from openpyxl.utils import range_boundaries

TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>\d+(?:\.\d+)?(?:E[+-]?\d+)?)
    | (?P<text>"[^"]*")
    | (?P<name>(?:(?:'[^']+'|[A-Za-z]+)!)?\$?[A-Z]{1,3}\$?\d+(?::\$?[A-Z]{1,3}\$?\d+)?)
    | (?P<call>[A-Z]+)(?=\()
    | (?P<sign>[-+*/=<>(),])
    )""",
    re.VERBOSE,
)
Later = Callable[[], Any]


class Calculator:
    """Computes the cells of one workbook. `book` may be changed before the first is asked for."""

    def __init__(self, file: bytes) -> None:
        self.book = load_workbook(io.BytesIO(file))
        self.known: dict[tuple[str, str], Any] = {}

    def value(self, sheet: str, cell: str) -> Any:
        """Return what a cell shows: a number, a text, or None for an empty one."""
        if (sheet, cell) not in self.known:
            there = self.book[sheet][cell]
            formula = there.data_type == "f"
            self.known[sheet, cell] = self.compute(sheet, there.value) if formula else there.value
        return self.known[sheet, cell]

    def compute(self, sheet: str, formula: str) -> Any:
        """Return the value of a formula on a sheet."""
        assert formula.startswith("=")
        tokens, place = [], 1
        while place < len(formula):
            found = TOKEN.match(formula, place)
            assert found, f"cannot read {formula} at {place}"
            tokens.append((found.lastgroup, found.group(found.lastgroup)))
            place = found.end()
        return one(Reader(self, sheet, tokens).all()())

    def everything(self) -> dict[tuple[str, str], Any]:
        """Return the values of all cells that hold formulas."""
        return {
            (sheet.title, cell.coordinate): self.value(sheet.title, cell.coordinate)
            for sheet in self.book
            for row in sheet.iter_rows()
            for cell in row
            if cell.data_type == "f"
        }


class Reader:
    """Reads one formula by recursive descent. What it returns is computed later: IF chooses."""

    def __init__(self, calculator: Calculator, sheet: str, tokens: list[tuple[str, str]]) -> None:
        self.calculator, self.sheet, self.tokens = calculator, sheet, tokens

    def all(self) -> Later:
        found = self.comparison()
        assert not self.tokens, self.tokens
        return found

    def next_is(self, *signs: str) -> str | None:
        if self.tokens and self.tokens[0][0] == "sign" and self.tokens[0][1] in signs:
            return self.tokens.pop(0)[1]
        return None

    def comparison(self) -> Later:
        left = self.sum()
        if sign := self.next_is("=", ">", "<"):
            right = self.sum()
            compare = {"=": np.equal, ">": np.greater, "<": np.less}[sign]
            return lambda: compare(left(), right())
        return left

    def sum(self) -> Later:
        return self.chain(self.product, {"+": np.add, "-": np.subtract})

    def product(self) -> Later:
        return self.chain(self.signed, {"*": np.multiply, "/": divided})

    def chain(self, part: Callable[[], Later], ways: dict[str, Any]) -> Later:
        found = part()
        while sign := self.next_is(*ways):
            found = self.joined(ways[sign], found, part())
        return found

    def joined(self, way: Any, left: Later, right: Later) -> Later:
        return lambda: way(numeric(left()), numeric(right()))

    def signed(self) -> Later:
        if self.next_is("-"):
            inner = self.signed()
            return lambda: -numeric(inner())
        return self.atom()

    def atom(self) -> Later:
        kind, text = self.tokens.pop(0)
        if kind == "number":
            return lambda: float(text)
        if kind == "text":
            return lambda: text[1:-1]
        if kind == "name":
            return lambda: self.read(text)
        if kind == "call":
            return self.call(text)
        assert (kind, text) == ("sign", "("), (kind, text)
        inner = self.comparison()
        assert self.next_is(")")
        return inner

    def call(self, name: str) -> Later:
        assert self.next_is("(")
        arguments = [self.comparison()]
        while self.next_is(","):
            arguments.append(self.comparison())
        assert self.next_is(")")
        if name == "IF":
            condition, yes, no = arguments
            return lambda: yes() if bool(one(condition())) else no()
        function = FUNCTIONS[name]
        return lambda: function(*(argument() for argument in arguments))

    def read(self, name: str) -> Any:
        sheet, _, area = name.rpartition("!")
        sheet, area = sheet.strip("'") or self.sheet, area.replace("$", "")
        value = self.calculator.value
        if ":" not in area:
            return value(sheet, area)
        left, top, right, bottom = range_boundaries(area)
        rows = self.calculator.book[sheet].iter_rows(top, bottom, left, right)
        return np.array([[value(sheet, c.coordinate) for c in row] for row in rows], dtype=object)


def one(value: Any) -> Any:
    """Return the plain Python value of what is no range."""
    return value.item() if isinstance(value, (np.generic, np.ndarray)) else value


def numeric(value: Any) -> Any:
    """Return what arithmetic may be done with; text raises, as it is #VALUE! in a program."""
    if isinstance(value, np.ndarray):
        return value.astype(np.float64)
    assert isinstance(value, (int, float, np.number, np.bool_)), f"{value!r} is no number"
    return float(value)


def divided(left: Any, right: Any) -> Any:
    assert right != 0, "#DIV/0!"
    return left / right


def numbers(area: Any) -> list[float]:
    """Return the numbers of a range: SUM and MAX pass over texts."""
    return [float(x) for x in np.ravel(area) if isinstance(x, (int, float))]


def sumproduct(*areas: Any) -> float:
    assert len({np.shape(area) for area in areas}) == 1, "#VALUE!: ranges of other shapes"
    kept = [
        np.vectorize(lambda x: float(x) if isinstance(x, (int, float)) else 0.0)(area)
        for area in areas
    ]
    return float(np.prod(kept, axis=0).sum())


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "SUMPRODUCT": sumproduct,
    "SUM": lambda area: math.fsum(numbers(area)),
    "MAX": lambda area: max(numbers(area), default=0.0),
    "EXP": lambda x: math.exp(numeric(x)),
    "TANH": lambda x: math.tanh(numeric(x)),
    "ABS": lambda x: abs(numeric(x)),
    "ISNUMBER": lambda x: isinstance(x, (int, float, np.number)),
}
