"""Formulas of the attention page: of a square of weights, and of one weight in numbers."""

import numpy as np

from components.figures.visible import visible
from components.inspection.attention.scores import ScoreFormula, rule_in_words
from components.inspection.attention.steps import AttentionSteps
from components.inspection.errors import InspectionError
from components.lesson import Ask
from components.widgets.markup import coded, literal
from pages.inside.attention.choices import Reading

ROLLOUT = (
    (
        r"R_0 = \tfrac12 I + \tfrac12 \bar A_0 \qquad "
        r"R_l = (\tfrac12 I + \tfrac12 \bar A_l)\, R_{l-1}"
    ),
    (
        "Ā is the mean over a layer's heads, I the token itself, which the residual connection "
        "hands on. Values and MLPs are left out (Abnar and Zuidema, 2020)."
    ),
)
WEIGHTED = (
    r"\lVert A_{ij}\, v_j W_O^h \rVert = A_{ij} \, \lVert v_j W_O^h \rVert",
    (
        "v is the value, W the head's slice of the output projection; shown as a share of the "
        "row's sum (Kobayashi et al., 2020)."
    ),
)


def of_square(ask: Ask, asked: Reading, rollout: bool, values: bool) -> tuple[str, str]:
    """Return the formula of a square and its symbols: of a rollout, of weighted `values`, or of
    the plain weights."""
    if rollout:
        return ROLLOUT
    return WEIGHTED if values else of_weights(ask, asked)


def of_weights(ask: Ask, asked: Reading) -> tuple[str, str]:
    """Return the formula of this model's own weights, as far as it is known, and its symbols."""
    try:
        said: ScoreFormula = ask.inspect(rule_in_words, asked.group)
    except InspectionError as error:
        return (
            r"A_{ij} = \mathrm{softmax}_j(s_{ij})",
            f"s is the score of query token i and key token j. {literal(str(error))}",
        )
    return rf"A_{{ij}} = \mathrm{{softmax}}_j\!\left({said.formula}\right)", said.symbols


def of_weight(steps: AttentionSteps, key: int) -> tuple[str, str]:
    """Return how the weight of token `key` comes about, in numbers, and the symbols."""
    size = len(steps.query)
    score, weight = float(steps.scores[key]), float(steps.weights[key])
    # Both sides of the fraction divided by its top: e to a score of 30 is no number for eyes.
    every = steps.scores[~steps.hidden].astype(np.float64)
    if steps.sink is not None:
        every = np.append(every, steps.sink)
    rest = float(np.exp(every - score).sum())
    digits, _, power = f"{rest:.4g}".partition("e")
    bottom = rf"{digits} \times 10^{{{int(power)}}}" if power else digits
    usual = abs(steps.scale * size**0.5 - 1) < 1e-3
    scaled = (
        rf"\frac{{q \cdot k}}{{\sqrt{{{size}}}}} = \frac{{{steps.dots[key]:.3f}}}"
        rf"{{{size**0.5:.3f}}} = {steps.scaled[key]:.3f}"
        if usual
        else rf"{steps.scale:.4g} \times q \cdot k = {steps.scaled[key]:.3f}"
    )
    latex = (
        rf"\begin{{gathered}} q \cdot k = \sum_{{n=1}}^{{{size}}} q_n k_n = "
        rf"{steps.dots[key]:.3f} \\[4pt] {scaled} \\[4pt] "
        rf"A = \frac{{e^{{{score:.3f}}}}}{{\sum_j e^{{s_j}}}} = "
        rf"\frac{{1}}{{\sum_j e^{{s_j {-score:+.3f}}}}} = \frac{{1}}{{{bottom}}} = {weight:.4f} "
        r"\end{gathered}"
    )
    return latex, (
        f"Of key token {key}, {coded(visible(steps.read[key]))}. q: the query. k: the key. s: the "
        "scores after all steps, over the tokens that may be attended to"
        + (" and the sink" if steps.sink is not None else "")
        + ". A: the weight, between 0 and 1."
    )
