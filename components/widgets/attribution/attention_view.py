"""View: what attention alone would say, beside what the methods say."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.widgets import address
from components.widgets.attribution import shown
from components.widgets.attribution.words_view import attributed, one_method

if TYPE_CHECKING:
    from components.inspection.attribution.attention_rows import AttentionRows
    from components.inspection.attribution.catalogue import Effort
    from components.inspection.attribution.question import Question, Reading

CAVEAT = (
    "**Attention is not explanation, nor is a gradient.** Attention tells from where a head took "
    "*something*; not what, nor whether later layers used it. A gradient tells what a small nudge "
    "would do; not what a removal would. Each is a measurement of its own (Jain and Wallace 2019; "
    "Wiegreffe and Pinter 2019)."
)


def attention_view(
    choice: ModelChoice, question: "Question", reading: "Reading", effort: "Effort"
) -> None:
    """Show three forms of attention and two attributions, with their rank correlations."""
    from components.inspection.attribution.attention_rows import attention_rows
    from components.inspection.attribution.catalogue import METHODS

    rows = engine.inspect(attention_rows, choice, question.text, question.unit)
    layers = len(rows.raw)
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        address.warn_unless_between("attention_layer", 0, layers - 1, layers - 1)
        layer = int(
            st.number_input(
                "Layer of the weights", 0, layers - 1, layers - 1, key="attention_layer",
                bind="query-params",
                help=f"From 0 to {layers - 1}. Rollout runs through all of them.",
            )
        )  # fmt: skip
    with right:
        method = one_method("Beside them")
    found = attributed(choice, question, reading, method, effort)
    if found is None:
        return
    names = [
        f"Attention of layer {layer}",
        f"The same, weighted by the values (layer {layer})",
        f"Rollout through layers 0 to {layers - 1}",
        METHODS[method].title,
    ]
    held = np.array(found.units.held)
    attention = np.stack([rows.raw[layer], rows.value_weighted[layer], rows.rollout])
    scores = np.concatenate([attention, found.scores[None]])
    scores[:, held] = np.nan
    _draw(names, scores, found.units, METHODS[method].signed)
    kept = float(rows.raw[layer][held].sum())
    st.caption(
        f"Read by {rows.reader}; mean of the heads; each strip scaled to sum to 1. Purple: "
        "attention, which has no sign. Blue speaks for the answer, orange against it. "
        + (f"{kept:.0%} of layer {layer}'s attention goes to special tokens, which are left out."
           if held.any() else "")
    )  # fmt: skip
    _sums(rows)
    _correlations(names, scores, choice)
    st.warning(CAVEAT)
    with st.expander("How to read it, and the formulas"):
        st.markdown(
            "Look for a piece that is tall in one strip and flat in another. With A the mean "
            "attention of a layer's heads, α one head's weight and v its value vector:"
        )
        st.latex(
            r"\text{weighted}_j \propto \textstyle\sum_h \alpha_{hj}\,\lVert v_{hj} \rVert "
            r"\qquad \text{rollout} = \prod_{l} \tfrac{1}{2}(A_l + I)"
        )
        st.markdown(
            "A head may look hard at a token whose value vector is short: it then takes almost "
            "nothing from there. Sources: Kobayashi et al. 2020 (value-weighted; here without the "
            "output matrix), Abnar and Zuidema 2020 (rollout)."
        )


def _draw(names: list[str], scores: np.ndarray, units: object, signed: bool) -> None:
    from components.figures.faithfulness import beside_attention

    sizes = np.abs(np.nan_to_num(scores))
    shares = sizes / np.maximum(sizes.sum(1, keepdims=True), 1e-12)
    signs = np.zeros_like(shares)
    if signed:
        signs[-1] = np.where(np.nan_to_num(scores[-1]) < 0, -1, 1)
    picture = beside_attention(names, shares, signs, units)  # type: ignore[arg-type]
    st.plotly_chart(
        picture, key="beside-attention", config=shown.modebar("attention-and-attribution"),
        alt="Shares of attention in three forms, and of an attribution, piece by piece.",
    )  # fmt: skip
    free = units.free  # type: ignore[attr-defined]
    table = pd.DataFrame(
        {"piece": [units.texts[place] for place in free]}  # type: ignore[attr-defined]
        | {name: row[free].astype(float) for name, row in zip(names, scores, strict=True)}
    )
    shown.take_away("attention-and-attribution", table, picture, {})


def _sums(rows: "AttentionRows") -> None:
    sums = np.concatenate([rows.raw.sum(1), rows.value_weighted.sum(1), [rows.rollout.sum()]])
    st.success(
        f"Checked: with the special tokens, every row of every layer and the rollout sum to 1, "
        f"to within {np.abs(sums - 1).max():.1e}."
    )


def _correlations(names: list[str], scores: np.ndarray, choice: ModelChoice) -> None:
    from components.figures import attribution as figures
    from components.inspection.attribution.agreement import FEWEST, agreement

    guess = st.segmented_control(
        "Predict first: will attention rank the pieces as the attribution does?",
        ["nearly", "somewhat", "hardly"], key="guess-attention",
    )  # fmt: skip
    if not guess:
        return
    found = engine.compute(agreement, names, scores, "strength")
    if found.pieces < FEWEST:
        st.info(f"A rank correlation needs at least {FEWEST} pieces; there are {found.pieces}.")
        return
    short = ("attention", "value-weighted", "rollout", "attribution")
    st.plotly_chart(
        figures.agreement_grid(replace(found, names=short)),
        key="attention-agreement", config=shown.modebar("agreement"),
        alt="Rank correlations of attention and attribution.",
    )  # fmt: skip
    value = float(found.correlation[0, -1])
    is_so = "nearly" if value > 0.7 else "somewhat" if value > 0.3 else "hardly"
    st.markdown(
        f"{'**Yes**' if guess == is_so else '**No**'}: the rank correlation of attention and "
        f"attribution is **{value:.2f}**, so *{is_so}* (over 0.7: nearly; over 0.3: somewhat). "
        "*Try:* another layer. Is the last one the best witness?"
    )
