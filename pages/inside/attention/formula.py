"""The formula of what a square of attention shows."""

from components.inspection.attention.scores import ScoreFormula, rule_in_words
from components.inspection.errors import InspectionError
from components.lesson import Ask
from components.widgets.markup import literal
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
