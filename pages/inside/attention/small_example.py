"""A kind of Step by step: attention on a few small vectors, which the reader edits."""

from components.figures.attention import tables
from components.figures.attention.steps import toy_matrices
from components.inspection.attention.toy import EXAMPLE, matrix, toy_attention
from components.lesson import Ask, Shown, View
from pages.inside.attention import code, questions

MOST_TYPED = 1000


def show(ask: Ask) -> Shown:
    q, k, v = (
        ask.text(label, name, EXAMPLE, lines=3, most=MOST_TYPED, wide=130)
        for label, name in (("Q: queries", "q"), ("K: keys", "k"), ("V: values", "v"))
    )
    scale = ask.toggle("Divide by √d", "divide", True)
    causal = ask.toggle("Causal mask", "causal", True)
    hint = "Scores are divided by it: small sharpens, large flattens."
    heat = ask.real("Temperature", "temperature", 0.1, 5, 1, hint=hint)
    found = ask.compute(
        toy_attention, matrix(q, "Q"), matrix(k, "K"), matrix(v, "V"), scale, causal, heat
    )
    size = found.queries.shape[1]
    name = f"÷ √{size}" if scale else "(no √d)"
    last = " ".join(f"{number:.4f}" for number in found.weights[-1])
    return Shown(
        toy_matrices(found, name if heat == 1 else f"{name} ÷ {heat:g}"),
        alt=f"Each step of attention on small matrices; the softmax's last row is {last}.",
        told="Edit any matrix: a row for each token, numbers separated by spaces; more rows make "
        f"more tokens. The last row of the softmax is **{last}**.",
        checks=found.checks,
        table=lambda: tables.toy(found),
        code=code.toy(q, k, v, scale, causal, heat),
        read="A row of each matrix is a token. Row by row, a token's query is multiplied with "
        "every key (Q Kᵀ), scaled, and masked where the key's token comes later (−∞). Softmax "
        "turns it into weights; the weights mix the values. Blue is positive, vermilion negative, "
        "violet a weight.",
        formula=r"\mathrm{Attention}(Q, K, V) = \mathrm{softmax}\!\left(\frac{Q K^\top}{\sqrt d} "
        r"+ M\right) V",
        symbols=f"d = {size} numbers in a query and a key; M is 0 where attending is allowed, −∞ "
        "where not. Temperature divides the scores.",
        predict=questions.large_scores(ask),
        tries="Switch the mask off and see which rows change. Make two keys alike: what happens "
        "to their weights?",
    )


SMALL_EXAMPLE = View(
    "Three tokens, two numbers each: every matrix of attention, to follow by hand.", show
)
