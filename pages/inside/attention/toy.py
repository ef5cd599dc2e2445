"""A kind of Step by step: attention on a few small vectors, which the reader edits."""

import numpy as np
import pandas as pd

from components.figures.attention.steps import toy_matrices
from components.inspection.attention.toy import EXAMPLE, ToyAttention, matrix, toy_attention
from components.lesson import Ask, Predict, Shown
from pages.inside.attention import code

MOST_TYPED = 1000


def toy(ask: Ask) -> Shown:
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
        table=lambda: as_table(found),
        code=code.toy(q, k, v, scale, causal, heat),
        read="A row of each matrix is a token. Row by row, a token's query is multiplied with "
        "every key (Q Kᵀ), scaled, and masked where the key's token comes later (−∞). Softmax "
        "turns it into weights; the weights mix the values. Blue is positive, vermilion negative, "
        "violet a weight.",
        formula=r"\mathrm{Attention}(Q, K, V) = \mathrm{softmax}\!\left(\frac{Q K^\top}{\sqrt d} "
        r"+ M\right) V",
        symbols=f"d = {size} numbers in a query and a key; M is 0 where attending is allowed, −∞ "
        "where not. Temperature divides the scores.",
        predict=question(ask),
        tries="Switch the mask off and see which rows change. Make two keys alike: what happens "
        "to their weights?",
    )


def as_table(found: ToyAttention) -> pd.DataFrame:
    weights = {f"weight of key {place}": row for place, row in enumerate(found.weights.T)}
    outputs = {f"output {place}": row for place, row in enumerate(found.outputs.T)}
    return pd.DataFrame({"query": np.arange(len(found.weights)), **weights, **outputs})


def question(ask: Ask) -> Predict:
    answers = ("even weights", "almost all to one token", "NaN")
    small = matrix(EXAMPLE, "Q")
    large = ask.compute(toy_attention, 30 * small, 30 * small, small, False, True, 1.0).weights[2]
    right = answers[2 if not np.isfinite(large).all() else 1 if large.max() > 0.9 else 0]
    return Predict(
        "Multiply the first Q and K by 30, without √d. What does the last row of the softmax "
        "become?",
        answers,
        right,
        f"It becomes **{', '.join(f'{number:.3f}' for number in large)}**: scores of 1,800 leave "
        "nothing for the others. A first attempt in NumPy takes the exponential of 1,800, which "
        "is infinite, and shows NaN; taking the row's largest score off first changes nothing "
        "else, and cures it.",
    )
