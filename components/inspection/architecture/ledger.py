"""The ledger of a network: a value for each module, added up, like modules taken together.

Rectangles are what a treemap shows: each has the sum of all that lies in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Float64

from components.inspection import rounding
from components.inspection.architecture.ledger_parts import Part
from components.inspection.architecture.module_tree import ModuleTree, Row
from components.inspection.checks import Check

MOST: Final = 600
"""Rectangles that are drawn; beyond that the innermost are left out of the picture."""
TOGETHER, EACH = "together", "one by one"
ITSELF: Final = "itself"
"""What a module with others in it holds or does itself."""


@dataclass(frozen=True)
class Rectangle:
    """A module, or several alike."""

    key: str
    """Names from the outermost inwards."""
    parent: int
    """The rectangle that it lies in; -1 for the outermost."""
    name: str
    """In its rectangle, like modules with all their numbers; of what holds one other, both."""
    kind: str
    part: Part | None
    """None where several parts lie in it."""
    shapes: tuple[tuple[int, ...], ...]
    many: int
    """How many modules it stands for."""
    value: float
    """Of all of them, with everything in them."""


@dataclass(frozen=True, eq=False)
class Ledger:
    """What is drawn."""

    rectangles: tuple[Rectangle, ...]
    """Each after the one that it lies in."""
    whole: float
    """The value of the whole network, of which a single block is a share."""
    cut: int
    """How many rectangles were left out, since there would be too many."""
    checks: tuple[Check, ...]


def ledger(tree: ModuleTree, values: Float64[np.ndarray, " row"], show: str = TOGETHER) -> Ledger:
    """Add up `values`, which are those of each module itself, of the modules in it none.

    `show`: like modules of a list together, or one by one, or the path of a block that is shown
    alone.
    """
    top = next((number for number, row in enumerate(tree.rows) if row.path == show), 0)
    drawn = list(_Drawing(tree, values, together=show == TOGETHER).all_in(top))
    kept = _within(drawn, MOST)
    inside = [row.path == show or row.path.startswith(f"{show}.") or not top for row in tree.rows]
    return Ledger(
        rectangles=tuple(kept),
        whole=float(values.sum()),
        cut=len(drawn) - len(kept),
        checks=rectangle_checks(kept, float(values[inside].sum())),
    )


def rectangle_checks(rectangles: Sequence[Rectangle], whole: float) -> tuple[Check, ...]:
    """Hold each rectangle against those in it, and the innermost of all against the `whole`."""
    sums = np.zeros(len(rectangles))
    for one in rectangles:
        if one.parent >= 0:
            sums[one.parent] += one.value
    values = np.array([one.value for one in rectangles])
    innermost = sums == 0
    found = np.append(sums[~innermost], values[innermost].sum())
    return (
        rounding.compared(
            "the rectangles in each rectangle, and the innermost of all, sum to the whole",
            found,
            np.append(values[~innermost], whole),
            rounding.summed(len(rectangles), "float64") * max(whole, 1e-30),
            "A module is missing from the picture, or stands in it twice.",
        ),
    )


class _Drawing:
    """Goes down the tree, from the outermost rectangle to the innermost."""

    def __init__(
        self, tree: ModuleTree, values: Float64[np.ndarray, " row"], together: bool
    ) -> None:
        self.rows, self.values, self.name = tree.rows, values, tree.name
        self.below: dict[int, list[int]] = {}
        for number, row in enumerate(tree.rows):
            self.below.setdefault(row.parent, []).append(number)
        self.totals = values.copy()
        self.parts: list[set[Part]] = [
            {row.part} if own > 0 else set() for row, own in zip(tree.rows, values, strict=True)
        ]
        for number in reversed(range(1, len(tree.rows))):  # what lies in a module stands after it
            parent = tree.rows[number].parent
            self.totals[parent] += self.totals[number]
            self.parts[parent] |= self.parts[number]
        self.drawn = 0
        self.alike = self._signatures() if together else []

    def all_in(self, top: int) -> Iterator[Rectangle]:
        """Yield the rectangle of a row, and all that lie in it."""
        yield from self._draw((top,), self.rows[top].path or self.name, -1, "")

    def _draw(self, rows: tuple[int, ...], name: str, parent: int, way: str) -> Iterator[Rectangle]:
        value, parts = self._sum(rows), {part for row in rows for part in self.parts[row]}
        if value <= 0 and parent >= 0:
            return
        inside = [(some, called) for some, called in self._inside(rows) if self._sum(some) > 0]
        while parent >= 0 and len(inside) == 1 and self._own(rows) <= 0:  # all of it is in one
            rows, name = inside[0][0], f"{name}.{inside[0][1]}"
            inside = [(some, called) for some, called in self._inside(rows) if self._sum(some) > 0]
        first, key = self.rows[rows[0]], f"{way}/{name}"
        number, self.drawn = self.drawn, self.drawn + 1
        one = Rectangle(
            key=key,
            parent=parent,
            name=name,
            kind=first.kind,
            part=parts.pop() if len(parts) == 1 else None,
            shapes=first.shapes,
            many=len(rows),
            value=value,
        )
        yield one
        for some, called in inside:
            yield from self._draw(some, called, number, key)
        own = self._own(rows)
        if inside and own > 0:
            self.drawn += 1
            yield replace(
                one, key=f"{key}/", parent=number, name=ITSELF, part=first.part, value=own
            )

    def _inside(self, rows: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], str]]:
        """Yield what lies in each of some like modules: like parts of them together."""
        inside = [self.below.get(row, []) for row in rows]
        groups: dict[object, list[int]] = {}
        for place, child in enumerate(inside[0]):
            listed = self.alike and _last(self.rows[child]).isdecimal()
            groups.setdefault(self.alike[child] if listed else (place,), []).append(place)
        for places in groups.values():
            names = [_last(self.rows[inside[0][place]]) for place in places]
            yield tuple(each[place] for each in inside for place in places), _numbered(names)

    def _own(self, rows: tuple[int, ...]) -> float:
        return float(self.values[list(rows)].sum())

    def _sum(self, rows: tuple[int, ...]) -> float:
        return float(sum(self.totals[row] for row in rows))

    def _signatures(self) -> list[int]:
        """Return a number for each row, the same for modules that are built alike."""
        known: dict[object, int] = {}
        found = [0] * len(self.rows)
        for number in reversed(range(len(self.rows))):
            row, inside = self.rows[number], self.below.get(number, ())
            named = tuple((_last(self.rows[child]), found[child]) for child in inside)
            found[number] = known.setdefault((row.kind, row.part, row.shapes, named), len(known))
        return found


def _last(row: Row) -> str:
    return row.path.rpartition(".")[2]


def _numbered(names: Sequence[str]) -> str:
    """Write the numbers of like modules in few letters.

    >>> _numbered(["wte"]), _numbered(["1", "2", "3"]), _numbered(["0", "2", "4", "6"])
    ('wte', '1–3', '0,2…6')
    """
    if len(names) == 1:
        return names[0]
    if int(names[-1]) - int(names[0]) == len(names) - 1:
        return f"{names[0]}–{names[-1]}"
    return f"{names[0]},{names[1]}…{names[-1]}" if len(names) > 2 else ",".join(names)


def _within(drawn: list[Rectangle], most: int) -> list[Rectangle]:
    """Return so many rectangles at most: where there are more, the outermost layers of them."""
    depths: list[int] = []
    for one in drawn:
        depths.append(0 if one.parent < 0 else depths[one.parent] + 1)
    count = np.cumsum(np.bincount(depths))
    deepest = int(np.searchsorted(count, most, side="right")) - 1
    place: dict[int, int] = {-1: -1}
    kept: list[Rectangle] = []
    for number, (one, depth) in enumerate(zip(drawn, depths, strict=True)):
        if depth <= max(deepest, 0):
            place[number] = len(kept)
            kept.append(replace(one, parent=place[one.parent]))
    return kept
