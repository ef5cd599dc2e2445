"""A fold of Attention: how alike attention and an attribution rank the words."""

from dataclasses import replace

from components.figures import attribution_tables as tables
from components.figures.attribution_grids import agreement_grid
from components.inspection.attribution.agreement import agreement
from components.inspection.errors import InspectionError
from components.lesson import Ask, Shown, View
from pages.inside.attribution.rows import correlated, few, rows_of


def show(ask: Ask) -> Shown:
    rows = rows_of(ask)
    if correlated(ask, rows) is None:
        raise InspectionError(few(rows))
    found = ask.compute(agreement, rows.names, rows.scores, "strength")
    found = replace(found, names=rows.short)
    return Shown(
        agreement_grid(found),
        alt=f"Rank correlations of attention and attribution: {found.correlation[0, -1]:.2f}.",
        unchecked="Attention and attribution measure different things: nothing says they agree.",
        table=lambda: tables.correlations(found),
        read="A cell compares two strips by the ranks of their sizes (Spearman): 1 is the same "
        "order, 0 no relation, −1 the opposite.",
    )


RANKS = View("Rank correlations of the strips.", show)
