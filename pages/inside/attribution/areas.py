"""A fold of Faithfulness: each curve as one number."""

from components.figures import attribution_tables as tables
from components.figures.faithfulness import areas
from components.lesson import Ask, Shown, View
from pages.inside.attribution.curves import curves_of


def show(ask: Ask) -> Shown:
    _, curves, *_ = curves_of(ask)
    return Shown(
        areas(curves),
        alt="The area under each ranking's deletion and insertion curve.",
        checks=curves.checks,
        table=lambda: tables.areas(curves),
        read="Small is good for deletion, large for insertion. The lines are the mean of 20 random "
        "orders.",
        uncoded="The code above prints the points of one curve; their mean is its area.",
    )


AREAS = View("The curves as one number each.", show)
