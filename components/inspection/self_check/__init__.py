"""Every premise and every check of a model, one after the other: what a new model can be shown.

Views make their checks as they are opened; here all are made on one text. `python -m
components.inspection.check` prints them, and a page shows them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import isnan
from typing import Final, Literal

from components.inspection.checks import Check, short, worst
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.premises import NAMES, measured
from components.inspection.self_check.inspections import INSPECTIONS, TEXT, Inspection, checks_of

Verdict = Literal["holds", "fails", "reported", "not so", "does not apply"]
PREMISES: Final = "Premises"
ALONE: Final = "it can be had, but of this model there is no second way to it to compare with"


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    page: str
    view: str
    says: str
    """What must be so; of "does not apply", why nothing could be compared."""
    verdict: Verdict
    """"not so": a premise that nobody claims of this network, which is built another way. Only
    "fails" is wrong."""
    error: float | None = None
    bound: float | None = None
    meaning: str = ""
    """What it means that it is not so; empty where all is well."""

    @property
    def numbers(self) -> str:
        """The deviation and what is allowed, for eyes; empty where nothing was compared.

        >>> Row("", "", "", "holds", 0.0, 1e-6).numbers, Row("", "", "", "does not apply").numbers
        ('0 of 1e-06', '')
        """
        if self.error is None:
            return ""
        return short(self.error) + ("" if self.bound is None else f" of {short(self.bound)}")


@dataclass(frozen=True)
class SelfCheck:
    """What was found so far."""

    rows: tuple[Row, ...]
    done: int
    """Questions answered, of all premises and inspections."""
    of: int
    doing: str
    """The question that comes next; empty at the end."""

    def count(self, verdict: Verdict) -> int:
        """Return how many rows have this verdict."""
        return sum(row.verdict == verdict for row in self.rows)


def self_check(model: Model, text: str = TEXT) -> Iterator[SelfCheck]:
    """Measure each premise of `model`, then make each check that the views make of `text`.

    Yields what was found so far, before the first question and after each. An inspection that says
    it cannot be had for this model is a row too, with the reason.
    """
    questions: list[tuple[str, Callable[[], Iterator[Row]]]] = [
        (f"{PREMISES}: {name}", partial(_premise, model, name)) for name in NAMES
    ]
    questions += [
        (f"{one.page}: {one.view}", partial(_inspection, model, text, one)) for one in INSPECTIONS
    ]
    names = [name for name, _ in questions]
    rows: list[Row] = []
    yield SelfCheck((), 0, len(questions), names[0])
    for done, (_, ask) in enumerate(questions, 1):
        rows.extend(ask())
        yield SelfCheck(tuple(rows), done, len(questions), "".join(names[done : done + 1]))


def _inspection(model: Model, text: str, inspection: Inspection) -> Iterator[Row]:
    try:
        checks = list(checks_of(inspection.run(model, text)))
    except InspectionError as error:
        yield Row(inspection.page, inspection.view, str(error), "does not apply")
        return
    if not checks:
        yield Row(inspection.page, inspection.view, ALONE, "does not apply")
    # What is checked of many heads is told once, of the one nearest its bound.
    for says in dict.fromkeys(check.says for check in checks):
        check = worst(each for each in checks if each.says == says)
        meaning = check.meaning if check.verdict == "fails" else ""
        yield _row(inspection.page, inspection.view, check, check.verdict, meaning)


def _premise(model: Model, name: str) -> Iterator[Row]:
    try:
        premise = measured(model, name)  # type: ignore[arg-type]
    except InspectionError as error:
        yield Row(PREMISES, name, str(error), "does not apply")
        return
    verdict: Verdict = premise.check.verdict
    if verdict == "fails" and not premise.claimed:
        if isnan(premise.check.error):  # nothing there that could be compared
            yield Row(PREMISES, name, premise.otherwise, "does not apply")
            return
        verdict = "not so"
    meaning = "" if premise.holds else premise.otherwise
    yield _row(PREMISES, name, premise.check, verdict, meaning)


def _row(page: str, view: str, check: Check, verdict: Verdict, meaning: str) -> Row:
    return Row(page, view, check.says, verdict, check.error, check.bound, meaning)
