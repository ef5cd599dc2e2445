"""View: deletion and insertion curves. A ranking that names what mattered must make it fall."""

from dataclasses import replace

import numpy as np
import pandas as pd

from components.figures.faithfulness import areas, deletion_and_insertion
from components.inspection.attribution import faithfulness
from components.inspection.attribution.attention_rows import attention_rows
from components.inspection.attribution.catalogue import METHODS
from components.inspection.attribution.faithfulness import Curves, area, ranking
from components.inspection.attribution.question import Question, Reading
from components.inspection.errors import InspectionError
from components.lesson import Ask, Predict, Shown, View
from components.widgets import running
from components.widgets.markup import literal
from pages.inside.attribution import code
from pages.inside.attribution.attributed import waiting
from pages.inside.attribution.methods import chosen
from pages.inside.attribution.question import summary, with_attention

LAST_LAYER = "Attention, last layer"
ROLLOUT = "Attention rollout"
ASKS = "Whose order makes the target **fall fastest**, with the smallest area under its curve?"


def curves_of(ask: Ask) -> tuple[Curves, Reading, list[tuple[int, ...]], str]:
    """Return the curves of all rankings, what was asked, the rankings, and what else is to say."""
    found, question, reading, _ = chosen(ask, attention=True)
    rankings = {METHODS[each.method].title: ranking(each.scores) for each in found}
    said = ""
    if with_attention(ask):
        try:
            rankings |= of_attention(ask, question)
        except InspectionError as error:
            said = literal(str(error))
    names, orders = list(rankings), list(rankings.values())
    texts = faithfulness.cost(len(reading.features.free), len(names))
    ahead = running.Cost(texts, 0, len(reading.features.tokens))
    asks, words = (ASKS, tuple(names)), waiting(reading)
    what = (question, tuple(names), tuple(orders))
    with running.started(ask, ahead, *what, words=words, asks=asks) as inspect:
        curves: Curves = inspect(faithfulness.curves, question, names, orders, 0)
    return curves, reading, orders, said


def of_attention(ask: Ask, question: Question) -> dict[str, tuple[int, ...]]:
    """Return two rankings by attention."""
    rows = ask.inspect(attention_rows, question.text, question.unit)
    held = np.array(rows.features.fixed)
    return {
        LAST_LAYER: ranking(np.where(held, np.nan, rows.raw[-1])),
        ROLLOUT: ranking(np.where(held, np.nan, rows.rollout)),
    }


def show(ask: Ask) -> Shown:
    curves, reading, orders, said = curves_of(ask)
    best = int(curves.deletion_area.argmin())
    none = np.zeros((0, len(curves.removed)), np.float32)
    return Shown(
        deletion_and_insertion(curves),
        alt=f"The target while pieces are removed and put back; {curves.names[best]} falls "
        f"fastest, AUC {curves.deletion_area[best]:.3f}.",
        told=f"**{curves.names[best]}** falls fastest: deletion AUC "
        f"**{curves.deletion_area[best]:.3f}**, less than {curves.beaten[best]:.0%} of random "
        f"orders. All {2 * (len(curves.names) + len(curves.random_deletion))} curves lead from the "
        f"target of the text ({curves.at_input:.4f}) to the baseline's "
        f"({curves.at_baseline:.4f}), or back; {curves.forwards:,} texts were read. {said}",
        checks=curves.checks,
        table=lambda: points_table(curves),
        code=code.curve_code(code.setting(ask), reading, curves.names[best], orders[best]),
        read="**Deletion** (left): pieces are replaced by the baseline, the highest score first. A "
        "ranking that names what mattered makes the curve drop early: the **smaller** its area, "
        "the better. **Insertion** (right): into a text of nothing but baseline they are put back "
        "in the same order; the **larger** the area, the better. The grey band holds nine in ten "
        "of 20 random orders. A curve inside it says no more than chance.\n\n"
        "The area under the curve (AUC) is its mean height. A text with holes is unlike anything "
        "the model was trained on, so this, too, is a test with an assumption (Petsiuk et al. "
        f"2018).\n\n{summary(reading)}",
        formula=r"\text{AUC} = \frac{1}{n}\int_0^n F(x \text{ without the first } k)\,dk",
        symbols=f"F is the target, n = {curves.removed[-1]} pieces, the highest score first; the "
        "integral by the trapezoid rule.",
        predict=Predict(
            ASKS,
            curves.names,
            curves.names[best],
            f"Its area is {curves.deletion_area[best]:.3f}, that of random orders "
            f"{area(curves.random_deletion, curves.removed).mean():.3f} in the mean.",
            before=deletion_and_insertion(replace(curves, names=(), deletion=none, insertion=none)),
        ),
        tries="Another baseline. Is it still the best? And with tokens in place of words?",
        facts={"at_input": curves.at_input, "at_baseline": curves.at_baseline},
    )


def points_table(curves: Curves) -> pd.DataFrame:
    """Return a row for each point of each curve."""
    return pd.DataFrame(
        {"ranking": name, "curve": kind, "pieces": int(count), "target": float(value)}
        for kind, values in (("deletion", curves.deletion), ("insertion", curves.insertion))
        for name, curve in zip(curves.names, values, strict=True)
        for count, value in zip(curves.removed, curve, strict=True)
    )


def under(ask: Ask) -> Shown:
    curves, *_ = curves_of(ask)
    return Shown(
        areas(curves),
        alt="The area under each ranking's deletion and insertion curve.",
        checks=curves.checks,
        table=lambda: areas_table(curves),
        read="Small is good for deletion, large for insertion. The lines are the mean of 20 random "
        "orders.",
        uncoded="The code above prints the points of one curve; their mean is its area.",
    )


def areas_table(curves: Curves) -> pd.DataFrame:
    """Return a row for each ranking and one for random orders, the best deletion first."""
    random = [
        float(area(each, curves.removed).mean())
        for each in (curves.random_deletion, curves.random_insertion)
    ]
    return pd.DataFrame(
        {
            "ranking": [*curves.names, "random orders, mean"],
            "deletion AUC": [*curves.deletion_area.astype(float), random[0]],
            "insertion AUC": [*curves.insertion_area.astype(float), random[1]],
            "beats": [*[f"{share:.0%} of random orders" for share in curves.beaten], ""],
        }
    ).sort_values("deletion AUC")


VIEW = View(
    "Do the scores hold? Remove first what a method calls most important: if it is right, the "
    "target falls at once (**deletion curve**), and rises at once when it comes back "
    "(**insertion curve**).",
    show,
    further={"Area under each curve (AUC)": View("The curves as one number each.", under)},
)
