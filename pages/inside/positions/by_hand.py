"""A kind of Rotation: three pairs that can be rotated with paper and pencil."""

import numpy as np
import pandas as pd

from components.inspection.positions.browser import matrix_check
from components.inspection.positions.rotation import formula, matrix, rotated
from components.lesson import Ask, Predict, Shown, View
from pages.inside.positions import code
from pages.inside.positions.clocks import READ, WAITING, draw

ONES = np.array([1, 0, 1, 0, 1, 0], dtype=np.float32)
CONTEXT = 2048
LONGEST = 512
"""Positions on the sliders: more, and the waves of the fast pair run together."""
PLACES = ((3, 1), (10, 8), (102, 100), (50, 48))
"""Query and key two positions apart, as a source text has them."""
SLIP = (
    "\n\n**A slip in a source text.** “Transformers: The Definitive Guide” prints this formula and "
    "its output for position 1 rightly, with −sin at the upper right; but the code beside it puts "
    "+sin there. That is the transpose: it turns the other way, to position −1. Since only the "
    "difference of positions counts, turning queries and keys both backwards gives the same "
    "scores, so the slip goes unnoticed until it meets another program's vectors."
)


def by_hand(ask: Ask) -> Shown:
    rope = formula(6, context=CONTEXT)
    placed = draw(ask, (ONES, ONES), rope, 1.0, ("1 0 1 0 1 0",) * 2, (1, 0), LONGEST)
    position = placed.query_at if placed else 1
    rows = r" \\ ".join(" & ".join(f"{x:.4g}" for x in row) for row in matrix(position, 6).round(4))
    return Shown(
        None,
        alt="Three clocks, at 1, 0.0464 and 0.0022 radians a position.",
        told="Three pairs, θᵢ = 1, 0.0464 and 0.0022: a full turn every 6.28, 135.4 and 2,916 "
        f"positions. *Formula* shows the matrix that rotates the query to position **{position}**.",
        checks=(matrix_check(ONES, position, placed.query),) if placed else (),
        unchecked=WAITING,
        table=lambda: pd.DataFrame(matrix(position, 6).round(4)),
        code=code.frequencies(rope),
        formula=rf"R_{{{position}}} = \begin{{pmatrix}} {rows} \end{{pmatrix}}",
        symbols=f"R rotates the query (1, 0, 1, 0, 1, 0) to position {position}.",
        read=READ + SLIP,
        predict=question(),
        tries="Set the query to 3 and the key to 1; then 10 and 8, 102 and 100, 50 and 48. Which "
        "numbers change, which stay? Play only the key: which pair makes the small waves of the "
        "curve, and which its slow fall?",
    )


def question() -> Predict:
    """Ask what the score at the first of `PLACES` is at the others."""
    rope = formula(6, context=CONTEXT)
    scores = [
        float(rotated(ONES, np.float32(m), rope) @ rotated(ONES, np.float32(n), rope))
        for m, n in PLACES
    ]
    same = max(scores) - min(scores) < 1e-4
    others = ", ".join(f"({m}, {n})" for m, n in PLACES[1:])
    return Predict(
        f"Query at 3, key at 1: some score. What is it at {others}?",
        ("smaller each time", "the same", "it turns in circles"),
        "the same" if same else "it turns in circles",
        f"{', '.join(f'{each:.4f}' for each in scores)}: query and key of a pair turn by the same "
        "angle, so only the distance of their positions counts.",
    )


BY_HAND = View(
    "Attention by itself sees a set of words. Most models of today tell order by **rotating** "
    "queries and keys: two numbers at a time, like hands of clocks, further for each position "
    "(RoPE). Three pairs show it all: a fast, a slow, and one that hardly moves. Drag them.",
    by_hand,
)
