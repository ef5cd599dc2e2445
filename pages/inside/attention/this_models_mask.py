"""A kind of Masks and sharing: who may attend to whom in the loaded model."""

import pandas as pd

from components.figures.attention.patterns import mask_square
from components.inspection import rounding
from components.inspection.causality import last_token_changed
from components.inspection.errors import InspectionError
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import literal
from pages.inside.attention import questions
from pages.inside.attention.choices import Reading, maps_of
from pages.inside.attention.masks import kind_of

MOST_DRAWN = 64


def show(ask: Ask) -> Shown:
    asked, maps = maps_of(ask)
    rounding.require_numbers(maps.weights)
    alike = bool((maps.visible == maps.visible[:1]).all())
    layer = maps.numbers[0] if alike else ask.layer(maps.numbers)
    allowed = maps.visible[maps.place_of(layer)]
    count, few = f"{int(allowed.sum()):,}", slice(0, MOST_DRAWN)
    predict, unasked = question(ask, asked)
    return Shown(
        mask_square(allowed[few, few], maps.readers[few], maps.read[few]),
        alt=f"The mask of layer {layer}: {count} of {allowed.size:,} query-key pairs are allowed.",
        told=f"The mask of {ask.model_name}: **{count}** of {allowed.size:,} query-key pairs are "
        f"allowed. {kind_of(allowed, asked.group)}"
        + ("" if alike else " The layers have different masks here (some see a window only).")
        + (CROPPED if max(allowed.shape) > MOST_DRAWN else "")
        + unasked,
        checks=maps.checks,
        table=lambda: pd.DataFrame(allowed.astype(int)),
        read="Violet: the query token (row) may attend to the key token (column). Empty: masked. "
        "In the table, 1 is an allowed pair; a row is a query token.",
        predict=predict,
        tries="Choose **other masks** above, and compare how far a token reaches.",
        facts={"attention": asked.group, "layer": layer},
    )


def question(ask: Ask, asked: Reading) -> tuple[Predict | None, str]:
    """Return the question, or None and why the last token cannot be changed here."""
    if asked.group == "cross":
        return None, ""
    try:
        return questions.last_token(ask.inspect(last_token_changed, *asked.arguments)), ""
    except InspectionError as error:
        return None, f" {literal(str(error))}"


CROPPED = f" Drawn are the first {MOST_DRAWN} tokens; the pattern continues."

THIS_MODELS_MASK = View("", show)
