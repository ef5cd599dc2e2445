"""A fold of Methods: what each method's scores sum to."""

from components.figures import attribution_tables as tables
from components.figures.completeness import sums
from components.inspection.attribution.catalogue import METHODS
from components.inspection.attribution.result import checks_of
from components.inspection.errors import InspectionError
from components.lesson import Ask, Shown, View
from pages.inside.attribution.attributed import by_methods


def show(ask: Ask) -> Shown:
    asked = by_methods(ask)
    signed = [each for each in asked.found if METHODS[each.method].signed]
    if not signed:
        raise InspectionError("The chosen methods have no sign: their scores sum to nothing.")
    return Shown(
        sums(signed),
        alt=f"The sum of each method's scores; the change is {signed[0].change:+.3f}.",
        told=f"Total to attribute: **{asked.reading.change:+.3f}** logits.",
        checks=checks_of(signed),
        unchecked="These methods promise no sum.",
        table=lambda: tables.completeness(asked.found),
        read="A bar is the sum of a method's scores; the line is what they should sum to, the "
        "change of the target from baseline to text. What lies between is the convergence delta.",
    )


COMPLETENESS = View("**Completeness**, method by method.", show)
