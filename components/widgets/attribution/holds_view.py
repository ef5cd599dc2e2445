"""View: deletion and insertion curves. A ranking that names what mattered must make it fall."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.errors import InspectionError
from components.widgets.attribution import shown
from components.widgets.attribution.methods_view import chosen_methods
from components.widgets.attribution.running import Cost, allowed, telling
from components.widgets.checks import show_checks

if TYPE_CHECKING:
    from components.inspection.attribution.catalogue import Effort
    from components.inspection.attribution.faithfulness import Curves
    from components.inspection.attribution.question import Question, Reading

LAST_LAYER = "Attention, last layer"
ROLLOUT = "Attention rollout"


def holds_view(
    choice: ModelChoice, question: "Question", reading: "Reading", effort: "Effort"
) -> None:
    """Take pieces away in each method's order, and see how fast the target falls."""
    from components.inspection.attribution import faithfulness
    from components.inspection.attribution.catalogue import METHODS

    found = chosen_methods(choice, question, reading, effort)
    if not found:
        return
    names = [METHODS[each.method].title for each in found]
    rankings = [faithfulness.ranking(each.scores) for each in found]
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    if left.toggle(
        "Attention as a ranking too",
        key="with_attention",
        bind="query-params",
        help="The pieces in the order of the attention that the answering token pays to them.",
    ):
        for name, scores in _attention(choice, question).items():
            names.append(name)
            rankings.append(faithfulness.ranking(scores))
    guess = right.selectbox(
        "Predict first: whose order makes the target fall fastest?",
        names,
        index=None,
        placeholder="Take a guess, or look at once",
        key="guess-holds",
    )
    texts = faithfulness.cost(len(reading.units.free), len(names))
    what = (question, tuple(names), tuple(rankings))
    if not allowed(choice, Cost(texts, 0, len(reading.units.tokens)), *what):
        return
    with telling(choice, *what) as tell:
        curves = engine.inspect(
            faithfulness.curves, choice, question, names, rankings, 0, progress=tell
        )
    _draw(curves)
    st.caption(
        f"All {2 * (len(names) + len(curves.random_deletion))} curves lead from the target of the "
        f"text ({curves.at_input:.4f}) to the baseline's ({curves.at_baseline:.4f}), or back. "
        f"{curves.forwards:,} texts were read."
    )
    show_checks(curves.checks, choice, "holds")
    _areas(curves, guess)
    with st.expander("How to read it"):
        st.markdown(
            "**Left**: pieces are replaced by the baseline, the highest score first. A ranking "
            "that names what mattered makes the curve drop early: the **smaller** its area, the "
            "better. **Right**: into a text of nothing but baseline they are put back in the "
            "same order; the **larger** the area, the better. The grey band holds nine in "
            "ten of 20 random orders. A curve inside it says no more than chance.\n\n"
            "The area is the mean height of the curve. A text with holes is unlike anything the "
            "model was raised on, so this, too, is a test with an assumption (Petsiuk et al. 2018)."
        )


def _attention(choice: ModelChoice, question: "Question") -> dict[str, np.ndarray]:
    from components.inspection.attribution.attention_rows import attention_rows

    try:
        rows = engine.inspect(attention_rows, choice, question.text, question.unit)
    except InspectionError as error:
        st.info(str(error))
        return {}
    held = np.array(rows.units.held)
    return {
        LAST_LAYER: np.where(held, np.nan, rows.raw[-1]),
        ROLLOUT: np.where(held, np.nan, rows.rollout),
    }


def _draw(curves: "Curves") -> None:
    from components.figures.faithfulness import deletion_and_insertion

    picture = deletion_and_insertion(curves)
    st.plotly_chart(
        picture,
        key="curves",
        config=shown.modebar("deletion-and-insertion"),
        alt="The target while pieces are taken away and put back, for each ranking.",
    )
    rows = [
        {"ranking": name, "curve": kind, "pieces": int(count), "target": float(value)}
        for kind, values in (("deletion", curves.deletion), ("insertion", curves.insertion))
        for name, curve in zip(curves.names, values, strict=True)
        for count, value in zip(curves.removed, curve, strict=True)
    ]
    facts = {"at_input": curves.at_input, "at_baseline": curves.at_baseline}
    shown.take_away("deletion-and-insertion", pd.DataFrame(rows), picture, facts)


def _areas(curves: "Curves", guess: str | None) -> None:
    from components.inspection.attribution.faithfulness import area

    random = (
        float(area(curves.random_deletion, curves.removed).mean()),
        float(area(curves.random_insertion, curves.removed).mean()),
    )
    rows = pd.DataFrame(
        {
            "ranking": [*curves.names, "random orders, mean"],
            "taking away": [*curves.deletion_area, random[0]],
            "putting back": [*curves.insertion_area, random[1]],
            "beats": [*[f"{share:.0%} of random orders" for share in curves.beaten], ""],
        }
    ).sort_values("taking away")
    st.markdown("**Area under each curve**: small is good on the left, large on the right.")
    st.dataframe(
        rows,
        hide_index=True,
        column_config={
            name: st.column_config.NumberColumn(format="%.3f")
            for name in ("taking away", "putting back")
        },
    )
    best = curves.names[int(curves.deletion_area.argmin())]
    if guess:
        st.markdown(
            f"{shown.verdict(guess == best)} Fastest falls **{best}**. *Try:* another "
            "baseline. Is it still the best? And with words in place of tokens?"
        )
