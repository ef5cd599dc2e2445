"""View: what attention alone would say, beside what a method says."""

import numpy as np

from components.figures import attribution_tables as tables
from components.figures.faithfulness import beside_attention
from components.lesson import Ask, Shown, View
from components.widgets.markup import literal
from pages.inside.attribution import questions
from pages.inside.attribution.ranks import RANKS
from pages.inside.attribution.rows import correlated, few, rows_of


def show(ask: Ask) -> Shown:
    rows = rows_of(ask)
    fixed = np.array(rows.found.features.fixed)
    kept = float(rows.attention.raw[rows.place][fixed].sum())
    correlation = correlated(ask, rows)
    return Shown(
        beside_attention(rows.names, rows.shares, rows.signs, rows.found.features, rows.unit),
        alt=f"Shares of attention in three forms, and of an attribution, of each {rows.unit}"
        + ("." if correlation is None else f"; rank correlation {correlation:.2f}."),
        told=f"The row is that of {literal(rows.attention.reader)}; mean of the heads. "
        + (
            f"{kept:.0%} of layer {rows.attention.numbers[rows.place]}'s attention goes to special "
            "tokens, which are left out. "
            if fixed.any()
            else ""
        )
        + literal(rows.attention.why_not),
        checks=(*rows.attention.checks, *rows.found.checks),
        table=lambda: tables.shares(
            rows.found.features, dict(zip(rows.names, rows.scores, strict=True)), rows.unit
        ),
        uncoded="The code of the weights is on the page *Attention*, that of the scores in the "
        "view *Scores*.",
        read=READ.format(unit=rows.unit),
        formula=r"\text{weighted}_j \propto \textstyle\sum_h \alpha_{hj}\,\lVert v_{hj} W^O_h "
        r"\rVert \qquad \text{rollout} = \prod_{l} \tfrac{1}{2}(A_l + I)",
        symbols="A is the mean attention of a layer's heads, α one head's weight, v its value "
        "vector and W its slice of the output projection.",
        predict=None if correlation is None else questions.nearly(correlation, rows.unit),
        tries="Another layer. Is the last one the best witness?"
        if correlation is not None
        else few(rows),
    )


READ = (
    "Each strip is scaled to sum to 1. Purple: attention, which has no sign; blue supports the "
    "answer, orange opposes it. Look for a {unit} that is tall in one strip and flat in another. A "
    "head may look hard at a token whose value vector is short: it then takes almost nothing from "
    "there.\n\n**Attention is not explanation, nor is a gradient.** Attention tells from where a "
    "head took *something*; not what, nor whether later layers used it. A gradient tells what a "
    "small change would do; not what a removal would. Each is a measurement of its own (Jain and "
    "Wallace 2019; Wiegreffe and Pinter 2019).\n\nSources: Kobayashi et al. 2020 (value-weighted), "
    "Abnar and Zuidema 2020 (rollout). Both are those of the page *Attention*."
)

VIEW = View(
    "Attention weights are often read as an explanation. Are the words that were attended to those "
    "that counted? **Attention is not explanation, nor is a gradient**: each measures something of "
    "its own.",
    show,
    further={"How alike do they rank?": RANKS},
)
