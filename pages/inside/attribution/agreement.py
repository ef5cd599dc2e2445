"""A fold of Methods: how alike the methods rank the words."""

import numpy as np

from components.figures import attribution_tables as tables
from components.figures.attribution_grids import agreement_grid
from components.inspection.attribution.agreement import FEWEST, By, agreement
from components.inspection.attribution.catalogue import METHODS
from components.inspection.errors import InspectionError
from components.lesson import Ask, Shown, View
from pages.inside.attribution import questions
from pages.inside.attribution.attributed import by_methods

COMPARED: dict[str, By] = {"how strong": "strength", "for and against": "sign"}


def show(ask: Ask) -> Shown:
    compared = ask.choice_of("Compare", "compared", list(COMPARED), hint=RANKS)
    asked = by_methods(ask)
    titles = [METHODS[each.method].title for each in asked.found]
    scores = np.stack([each.scores for each in asked.found])
    found = ask.compute(agreement, titles, scores, COMPARED[compared])
    if found.pieces < FEWEST or len(titles) < 2:
        unit = asked.question.unit
        raise InspectionError(
            f"A rank correlation needs at least two methods and {FEWEST} {unit}s; there are "
            f"{len(titles)} and {found.pieces}."
        )
    return Shown(
        agreement_grid(found),
        alt=f"Spearman's rank correlation of every two of {len(titles)} methods.",
        unchecked="Different methods answer different questions: none need agree with another.",
        table=lambda: tables.correlations(found),
        read="A cell compares two methods by the ranks of their scores (Spearman): 1 is the same "
        "order, 0 no relation, −1 the opposite.",
        predict=questions.alone(found),
    )


RANKS = "How strong: ranks of the sizes. For and against: ranks of the signed scores."

AGREEMENT = View("Rank correlations of every two methods.", show)
