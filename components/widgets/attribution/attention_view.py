"""View: what attention alone would say, beside what the methods say."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.widgets import address
from components.widgets.attention.questions import predict
from components.widgets.attribution import shown
from components.widgets.attribution.scores import attributed, one_method
from components.widgets.checks import show_checks
from components.widgets.markup import literal

if TYPE_CHECKING:
    from components.inspection.attribution.agreement import Agreement
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
    layers = rows.numbers
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        address.warn_unless_one_of("attention_layer", [str(number) for number in layers])
        layer = st.selectbox(
            "Layer of the weights",
            layers,
            len(layers) - 1,
            key="attention_layer",
            bind="query-params",
            help="As the network counts its blocks. Rollout runs through all of them.",
        )
    place = layers.index(layer) if layer in layers else len(layers) - 1
    with right:
        method = one_method("Beside them")
    found = attributed(choice, question, reading, method, effort)
    if found is None:
        return
    strips = {f"Attention of layer {layers[place]}": rows.raw[place]}
    if rows.value_weighted is not None:
        weighted = rows.value_weighted[place]
        strips[f"The same, weighted by the values (layer {layers[place]})"] = weighted
    strips[f"Rollout through layers {layers[0]} to {layers[-1]}"] = rows.rollout
    strips[METHODS[method].title] = found.scores
    held = np.array(found.units.held)
    scores = np.stack(list(strips.values()))
    scores[:, held] = np.nan
    _draw(list(strips), scores, found.units, METHODS[method].signed)
    kept = float(rows.raw[place][held].sum())
    st.caption(
        f"The row is that of {literal(rows.reader)}; mean of the heads; each strip scaled to sum "
        "to 1. Purple: attention, which has no sign. Blue speaks for the answer, orange against "
        "it. "
        + (
            f"{kept:.0%} of layer {layers[place]}'s attention goes to special tokens, which are "
            "left out. "
            if held.any()
            else ""
        )
        + rows.why_not
    )
    show_checks((*rows.checks, *found.checks), choice, "attention")
    _correlations(list(strips), scores)
    st.warning(CAVEAT)
    with st.expander("How to read it, and the formulas"):
        st.markdown(
            "Look for a piece that is tall in one strip and flat in another. With A the mean "
            "attention of a layer's heads, α one head's weight, v its value vector and W its "
            "slice of the output projection:"
        )
        st.latex(
            r"\text{weighted}_j \propto \textstyle\sum_h \alpha_{hj}\,\lVert v_{hj} W^O_h \rVert "
            r"\qquad \text{rollout} = \prod_{l} \tfrac{1}{2}(A_l + I)"
        )
        st.markdown(
            "A head may look hard at a token whose value vector is short: it then takes almost "
            "nothing from there. Sources: Kobayashi et al. 2020 (value-weighted), Abnar and "
            "Zuidema 2020 (rollout). Both are those of the page Attention."
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
        picture,
        key="beside-attention",
        config=shown.modebar("attention-and-attribution"),
        alt="Shares of attention in three forms, and of an attribution, piece by piece.",
    )
    free = units.free  # type: ignore[attr-defined]
    table = pd.DataFrame(
        {"piece": [units.texts[place] for place in free]}  # type: ignore[attr-defined]
        | {name: row[free].astype(float) for name, row in zip(names, scores, strict=True)}
    )
    shown.take_away("attention-and-attribution", table, picture, {})


def _correlations(names: list[str], scores: np.ndarray) -> None:
    from components.inspection.attribution.agreement import FEWEST, agreement

    found = engine.compute(agreement, names, scores, "strength")
    if found.pieces < FEWEST or np.isnan(found.correlation[0, -1]):
        st.info(
            f"A rank correlation needs at least {FEWEST} pieces, not all alike; there are "
            f"{found.pieces}."
        )
        return
    predict(
        "Predict first: will attention rank the pieces as the attribution does?",
        ["nearly", "somewhat", "hardly"],
        lambda: _correlated(found),
        "attention",
    )


def _correlated(found: "Agreement") -> tuple[str, str]:
    from components.figures.attribution_tables import agreement_grid

    weighted = ["value-weighted"] if len(found.names) == 4 else []
    short = ("attention", *weighted, "rollout", "attribution")
    st.plotly_chart(
        agreement_grid(replace(found, names=short)),
        key="attention-agreement",
        config=shown.modebar("agreement"),
        alt="Rank correlations of attention and attribution.",
    )
    value = float(found.correlation[0, -1])
    is_so = "nearly" if value > 0.7 else "somewhat" if value > 0.3 else "hardly"
    return is_so, (
        f"The rank correlation of attention and attribution is **{value:.2f}**, so *{is_so}* (over "
        "0.7: nearly; over 0.3: somewhat). *Try:* another layer. Is the last one the best witness?"
    )
