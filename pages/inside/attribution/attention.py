"""View: what attention alone would say, beside what a method says."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from components.figures.attribution import unit_of
from components.figures.attribution_tables import agreement_grid
from components.figures.faithfulness import beside_attention
from components.inspection.attribution.agreement import FEWEST, agreement
from components.inspection.attribution.attention_rows import AttentionRows, attention_rows
from components.inspection.attribution.catalogue import METHODS
from components.inspection.attribution.methods import Attribution
from components.inspection.errors import InspectionError
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import literal
from pages.inside.attribution.attributed import several
from pages.inside.attribution.methods import grid_table
from pages.inside.attribution.question import effort_of, method_of, question_of

ANSWERS = ("nearly", "somewhat", "hardly")


@dataclass(frozen=True, eq=False)
class Rows:
    """The rankings that stand above each other."""

    names: tuple[str, ...]
    short: tuple[str, ...]
    scores: np.ndarray
    """[ranking, unit]; NaN for pieces that are not scored."""
    attention: AttentionRows
    place: int
    """Of the chosen layer among those that attend."""
    found: Attribution


def rows_of(ask: Ask) -> Rows:
    """Ask for a layer and a method; return three forms of attention, and the scores."""
    question, reading = question_of(ask)
    method = method_of(ask)
    settings = effort_of(ask)
    attention = ask.inspect(attention_rows, question.text, question.unit)
    layers = attention.numbers
    hint = "As the network counts its blocks. Rollout runs through all of them."
    layer = ask.choice_of("Attention layer", "layer", layers, layers[-1], hint=hint)
    place = layers.index(layer)
    found = several(ask, question, reading, [method], settings)[0]
    strips = {("attention", f"Attention of layer {layer}"): attention.raw[place]}
    if attention.value_weighted is not None:
        name = f"The same, weighted by the values (layer {layer})"
        strips["value-weighted", name] = attention.value_weighted[place]
    strips["rollout", f"Rollout through layers {layers[0]} to {layers[-1]}"] = attention.rollout
    strips["attribution", METHODS[method].title] = found.scores
    scores = np.stack(list(strips.values()))
    scores[:, np.array(found.features.fixed)] = np.nan
    short, names = zip(*strips, strict=True)
    return Rows(names, short, scores, attention, place, found)


def show(ask: Ask) -> Shown:
    rows = rows_of(ask)
    held = np.array(rows.found.features.fixed)
    kept = float(rows.attention.raw[rows.place][held].sum())
    correlation = correlated(ask, rows)
    return Shown(
        drawn(rows),
        alt="Shares of attention in three forms, and of an attribution, piece by piece"
        + ("." if correlation is None else f"; rank correlation {correlation:.2f}."),
        told=f"The row is that of {literal(rows.attention.reader)}; mean of the heads. "
        + (
            f"{kept:.0%} of layer {rows.attention.numbers[rows.place]}'s attention goes to special "
            "tokens, which are left out. "
            if held.any()
            else ""
        )
        + literal(rows.attention.why_not),
        checks=(*rows.attention.checks, *rows.found.checks),
        table=lambda: as_table(rows),
        uncoded="The code of the weights is on the page *Attention*, that of the scores in the "
        "view *Scores*.",
        read=READ,
        formula=r"\text{weighted}_j \propto \textstyle\sum_h \alpha_{hj}\,\lVert v_{hj} W^O_h "
        r"\rVert \qquad \text{rollout} = \prod_{l} \tfrac{1}{2}(A_l + I)",
        symbols="A is the mean attention of a layer's heads, α one head's weight, v its value "
        "vector and W its slice of the output projection.",
        predict=None if correlation is None else nearly(correlation),
        tries="Another layer. Is the last one the best witness?"
        if correlation is not None
        else few(rows),
    )


READ = (
    "Each strip is scaled to sum to 1. Purple: attention, which has no sign; blue supports the "
    "answer, orange opposes it. Look for a piece that is tall in one strip and flat in another. A "
    "head may look hard at a token whose value vector is short: it then takes almost nothing from "
    "there.\n\n**Attention is not explanation, nor is a gradient.** Attention tells from where a "
    "head took *something*; not what, nor whether later layers used it. A gradient tells what a "
    "small change would do; not what a removal would. Each is a measurement of its own (Jain and "
    "Wallace 2019; Wiegreffe and Pinter 2019).\n\nSources: Kobayashi et al. 2020 (value-weighted), "
    "Abnar and Zuidema 2020 (rollout). Both are those of the page *Attention*."
)


def drawn(rows: Rows) -> Any:
    sizes = np.abs(np.nan_to_num(rows.scores))
    shares = sizes / np.maximum(sizes.sum(1, keepdims=True), 1e-12)
    signs = np.zeros_like(shares)
    if METHODS[rows.found.method].signed:
        signs[-1] = np.where(np.nan_to_num(rows.scores[-1]) < 0, -1, 1)
    return beside_attention(rows.names, shares, signs, rows.found.features, unit_of(rows.found))


def as_table(rows: Rows) -> pd.DataFrame:
    free = rows.found.features.free
    return pd.DataFrame(
        {"piece": [rows.found.features.texts[place] for place in free]}
        | {n: row[free].astype(float) for n, row in zip(rows.names, rows.scores, strict=True)}
    )


def correlated(ask: Ask, rows: Rows) -> float | None:
    """Return the rank correlation of attention and attribution, if there is one."""
    found = ask.compute(agreement, rows.names, rows.scores, "strength")
    value = float(found.correlation[0, -1])
    return None if found.pieces < FEWEST or np.isnan(value) else value


def few(rows: Rows) -> str:
    pieces = len(rows.found.features.free)
    return (
        f"A longer prompt: a rank correlation needs at least {FEWEST} pieces, not all alike; there "
        f"are {pieces}."
    )


def nearly(correlation: float) -> Predict:
    return Predict(
        "Will attention rank the pieces as the attribution does?",
        ANSWERS,
        "nearly" if correlation > 0.7 else "somewhat" if correlation > 0.3 else "hardly",
        f"The rank correlation of attention and attribution is **{correlation:.2f}** (over 0.7: "
        "nearly; over 0.3: somewhat).",
    )


def ranks(ask: Ask) -> Shown:
    rows = rows_of(ask)
    if correlated(ask, rows) is None:
        raise InspectionError(few(rows))
    found = ask.compute(agreement, rows.names, rows.scores, "strength")
    found = replace(found, names=rows.short)
    return Shown(
        agreement_grid(found),
        alt=f"Rank correlations of attention and attribution: {found.correlation[0, -1]:.2f}.",
        unchecked="Attention and attribution measure different things: nothing says they agree.",
        table=lambda: grid_table(found),
        read="A cell compares two strips by the ranks of their sizes (Spearman): 1 is the same "
        "order, 0 no relation, −1 the opposite.",
    )


VIEW = View(
    "Attention weights are often read as an explanation. Are the words that were attended to those "
    "that counted? **Attention is not explanation, nor is a gradient**: each measures something of "
    "its own.",
    show,
    further={"How alike do they rank?": View("Rank correlations of the strips.", ranks)},
)
