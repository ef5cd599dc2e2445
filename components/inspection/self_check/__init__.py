"""Every premise and every check of a model, one after the other: what a new model can be shown.

Views make their checks as they are opened; here all are made on one text. `python -m
components.inspection.check` prints them, and a page shows them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan
from typing import Final, Literal

from components.inspection.checks import Check, short, worst
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.premises import NAMES, Premise, measured
from components.inspection.self_check.inspections import INSPECTIONS, TEXT, checks_of

Verdict = Literal["holds", "fails", "reported", "not so", "does not apply"]
PREMISES: Final = "Premises"


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


def self_check(model: Model, text: str = TEXT) -> Iterator[Row]:
    """Yield each premise of `model`, then each check that the views make when it reads `text`.

    An inspection that says it cannot be had for this model is a row too, with the reason.
    """
    for name in NAMES:
        try:
            premise = measured(model, name)  # type: ignore[arg-type]
        except InspectionError as error:
            yield Row(PREMISES, name, str(error), "does not apply")
            continue
        yield _premise(name, premise)
    for inspection in INSPECTIONS:
        try:
            checks = list(checks_of(inspection.run(model, text)))
        except InspectionError as error:
            yield Row(inspection.page, inspection.view, str(error), "does not apply")
            continue
        # What is checked of many heads is told once, of the one nearest its bound.
        for says in dict.fromkeys(check.says for check in checks):
            check = worst(each for each in checks if each.says == says)
            meaning = check.meaning if check.verdict == "fails" else ""
            yield _row(inspection.page, inspection.view, check, check.verdict, meaning)


def _premise(name: str, premise: Premise) -> Row:
    verdict: Verdict = premise.check.verdict
    if verdict == "fails" and not premise.claimed:
        if isnan(premise.check.error):  # nothing there that could be compared
            return Row(PREMISES, name, premise.otherwise, "does not apply")
        verdict = "not so"
    meaning = "" if premise.holds else premise.otherwise
    return _row(PREMISES, name, premise.check, verdict, meaning)


def _row(page: str, view: str, check: Check, verdict: Verdict, meaning: str) -> Row:
    return Row(page, view, check.says, verdict, check.error, check.bound, meaning)
