"""View: all methods side by side, and how far they agree."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.attribution.digits import written
from components.inspection.checks import Check, worst
from components.widgets.attribution import shown
from components.widgets.attribution.scores import several
from components.widgets.checks import show_checks

if TYPE_CHECKING:
    from components.inspection.attribution.agreement import By
    from components.inspection.attribution.catalogue import Effort
    from components.inspection.attribution.methods import Attribution
    from components.inspection.attribution.question import Question, Reading

COMPARED: Final[dict[str, "By"]] = {"how strong": "strength", "for and against": "sign"}
USUAL = [
    "Integrated gradients",
    "Input × gradient",
    "Saliency",
    "Feature ablation",
    "Shapley values",
]


def methods_view(
    choice: ModelChoice, question: "Question", reading: "Reading", effort: "Effort"
) -> None:
    """Show a row for each method that is chosen, and their rank correlations."""
    from components.inspection.attribution.catalogue import METHODS

    st.markdown(
        "**Which to believe when?** They answer different questions. *What would the model say "
        "without this word?* Feature ablation. *How is the answer shared out among the words, "
        "whatever comes first?* Shapley values; integrated gradients share it out along one "
        "straight way. *What would a nudge do?* Input × gradient, saliency."
    )
    found = chosen_methods(choice, question, reading, effort)
    if not found:
        return
    titles = [METHODS[each.method].title for each in found]
    scores = np.stack([each.scores for each in found])
    _draw(titles, scores, found, reading)
    _completeness(choice, found)
    if len(found) > 1:
        _agreement(titles, scores)
    with st.expander("How to read it"):
        st.markdown(
            "One row is one method, one column one piece. Blue speaks for the answer, orange "
            "against it; each row's colours span its own largest score, since methods measure in "
            "different ways. A grey row has no sign. Where a column has one colour from top to "
            "bottom, they agree.\n\n"
            + "\n".join(
                f"- **{METHODS[each.method].title}** {METHODS[each.method].says}." for each in found
            )
            + "\n\nDeepLift is not among them: its rules stand in for the gradient of modules, and "
            "transformers computes attention's softmax and products (and most MLPs' activations) "
            "by functions, out of reach of them. What is left there is the gradient times the "
            "difference from the baseline."
        )


def chosen_methods(
    choice: ModelChoice, question: "Question", reading: "Reading", effort: "Effort"
) -> "list[Attribution] | None":
    """Ask which methods; return what each says, once the reader has started what takes long."""
    from components.inspection.attribution.catalogue import BY_TITLE

    chosen = st.pills(
        "Methods",
        list(BY_TITLE),
        selection_mode="multi",
        default=USUAL,
        key="methods",
        bind="query-params",
        persist_state="session",
        wrap=True,
    )
    wanted = [name for title, name in BY_TITLE.items() if title in chosen]
    if not wanted:
        st.info("Choose one method or more.")
        return None
    return several(choice, question, reading, wanted, effort)


def _draw(
    titles: list[str], scores: np.ndarray, found: "list[Attribution]", reading: "Reading"
) -> None:
    from components.figures import attribution as figures
    from components.inspection.attribution.catalogue import METHODS

    signed = [METHODS[each.method].signed for each in found]
    errors = [each.errors for each in found]
    picture = figures.side_by_side(titles, scores, signed, reading.units, errors)
    st.plotly_chart(
        picture,
        key="side-by-side",
        config=shown.modebar("methods"),
        alt=f"Scores of {len(titles)} methods for {len(reading.units.free)} pieces.",
    )
    shown.take_away(
        "methods",
        shown.table_of(titles, found),
        picture,
        {"answer": reading.answer, "rather_than": reading.rather_than},
    )


def _completeness(choice: ModelChoice, found: "list[Attribution]") -> None:
    from components.inspection.attribution.catalogue import METHODS

    st.markdown("**Do the scores add up?** The change from baseline to text, and their sum:")
    rows = []
    for each in found:
        method = METHODS[each.method]
        rows.append(
            {
                "method": method.title,
                "sum of scores": f"{each.total:+.4f}" if method.signed else "no sign",
                "change": f"{each.change:+.4f}",
                "gap": written(each.gap) if method.signed else "",
                "a gap of 0 is promised": method.complete,
                "texts read": each.forwards,
                "forward and back": each.backwards,
            }
        )
    st.dataframe(pd.DataFrame(rows), hide_index=True)
    show_checks(checks_of(found), choice, "methods")


def checks_of(found: "list[Attribution]") -> list[Check]:
    """Return what was compared for the methods: of a check that several have, the worst."""
    from components.inspection.attribution.catalogue import METHODS

    made: dict[str, list[tuple[str, Check]]] = {}
    for each in found:
        for check in each.checks:
            if check.verdict != "reported":
                made.setdefault(check.says, []).append((METHODS[each.method].title, check))
    return [
        worst([check for _, check in those])
        if len(those) == len(found)
        else worst(
            [check for _, check in those], f"{says} ({', '.join(title for title, _ in those)})"
        )
        for says, those in made.items()
    ]


def _agreement(titles: list[str], scores: np.ndarray) -> None:
    from components.figures.attribution_tables import agreement_grid
    from components.inspection.attribution.agreement import FEWEST, agreement

    st.subheader("Do they agree?", anchor=False)
    guess = st.selectbox(
        "Predict first: which method will be most alone, with the lowest correlations?",
        titles,
        index=None,
        placeholder="Take a guess, and the numbers appear",
        key="guess-methods",
    )
    if not guess:
        return
    compared = st.segmented_control(
        "Compare",
        list(COMPARED),
        default="how strong",
        required=True,
        key="compared",
        bind="query-params",
        help="How strong: ranks of the sizes. For and against: ranks of the signed scores.",
    )
    by = COMPARED[compared or "how strong"]
    found = engine.compute(agreement, titles, scores, by)
    if found.pieces < FEWEST:
        st.info(f"A rank correlation needs at least {FEWEST} pieces; there are {found.pieces}.")
        return
    st.plotly_chart(
        agreement_grid(found),
        key="agreement",
        config=shown.modebar("agreement"),
        alt="Rank correlation of every two methods.",
    )
    others = np.where(np.eye(len(titles), dtype=bool), np.nan, found.correlation)
    if np.isnan(others).all():
        return
    means = np.nanmean(np.where(np.isnan(others).all(1)[:, None], 1.0, others), axis=1)
    alone = titles[int(means.argmin())]
    st.markdown(
        f"{shown.verdict(alone == guess)} Most alone is **{alone}**, with a mean rank "
        f"correlation of {means.min():.2f} to the others. 1 is the same order, 0 no relation, −1 "
        "the opposite. Methods that disagree answer different questions: a *nudge* (gradients) "
        "is not a *removal* (ablation)."
    )
