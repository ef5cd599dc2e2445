"""A fold of Step by step: a query meets one key, number by number."""

import numpy as np

from components.figures.attention import tables
from components.figures.attention.steps import product_strips
from components.inspection.errors import InspectionError
from components.lesson import Ask, Shown, View
from pages.inside.attention import formula
from pages.inside.attention.steps_of_the_model import steps_of


def show(ask: Ask) -> Shown:
    _, _, steps = steps_of(ask)
    seen = np.flatnonzero(~steps.hidden)
    best = int(steps.weights.argmax())
    key = ask.token("Key token", "key", steps.read[: int(seen[-1]) + 1], best)
    if steps.hidden[key]:
        raise InspectionError("The mask hides this key token from the query token: take another.")
    latex, symbols = formula.of_weight(steps, key)
    return Shown(
        product_strips(steps, key),
        alt=f"The query, the key of token {key}, and their products, which sum to "
        f"{steps.dots[key]:.4f}.",
        told=f"The {len(steps.query)} products sum to q · k = **{steps.dots[key]:.3f}**; the "
        f"weight that comes of it is **{steps.weights[key]:.1%}**.",
        checks=steps.checks,
        table=lambda: tables.products(steps, key),
        read="A column is one number of the two vectors, as the model used them (after RoPE, where "
        "it rotates); the last row is their product. Blue is positive, vermilion negative.",
        formula=latex,
        symbols=symbols,
    )


ONE_DOT_PRODUCT = View("A query and a key of the model.", show)
