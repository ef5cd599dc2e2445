"""A fold of Scores: the text, each word on a ground of its score.

The coloured text is a live component, which draws itself.
"""

from components.figures import attribution_tables as tables
from components.inspection.attribution.catalogue import METHODS
from components.lesson import Ask, Shown, View
from components.widgets.scored_text import scored_text
from pages.inside.attribution.attributed import by_one_method


def show(ask: Ask) -> Shown:
    asked = by_one_method(ask)
    [found], unit = asked.found, asked.question.unit
    signed = METHODS[found.method].signed
    with ask.stage.container():
        scored_text(found, signed, key=f"strip-{ask.key}")
    return Shown(
        None,
        alt=f"The text, each of its {len(found.features.free)} {unit}s on a ground of its score.",
        checks=found.checks,
        table=lambda: tables.scores([found], unit),
        read="**Blue** supports the answer, **orange** opposes it; the number is the score in "
        "logits. Outlined tokens are not scored."
        if signed
        else "Darker: a small change here would change the answer more. No sign.",
        uncoded="The code of the scores is that of the figure above.",
    )


COLOURED_TEXT = View("The same scores, where the words stand.", show)
