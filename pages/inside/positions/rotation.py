"""View: a query and a key of the model as clocks, turned by their positions.

Takes the whole width: the clocks are a live component, turned in the browser as they are dragged.
"""

import numpy as np
import pandas as pd

from components.inspection.positions.browser import browser_checks, matrix_check
from components.inspection.positions.panels import built_like_llama
from components.inspection.positions.rotation import Rope, formula, in_pairs, matrix, rotated
from components.inspection.positions.spectrum import spectrum
from components.inspection.positions.vectors import RotatedVectors
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import literal
from components.widgets.rotation import PositionModule, rotation
from pages.inside.positions import code
from pages.inside.positions.rotating import query_and_key, vectors_of

ONES = np.array([1, 0, 1, 0, 1, 0], dtype=np.float32)
CONTEXT = 2048
LONGEST = 8192
"""Positions on the sliders."""
WAITING = "Waiting for the browser, whose vectors are compared with the server's."


def model(ask: Ask) -> Shown:
    vectors, head = vectors_of(ask)
    at, key_at = query_and_key(ask, vectors)
    query, key = vectors.queries[head, at], vectors.keys[vectors.key_head(head), key_at]
    rope, longest = vectors.rope, min(LONGEST, max(2, vectors.rope.context))
    names = (vectors.tokens[at], vectors.tokens[key_at])
    placed = draw(ask, (query, key), rope, vectors.scale, names, (at, key_at), longest)
    checks = vectors.checks
    if placed is not None:
        checks += ask.compute(browser_checks, query, key, rope, vectors.scale, placed)
    alike = ask.inspect(built_like_llama, ask.prompt, vectors.layer)
    return Shown(
        None,
        alt=f"Query and key of layer {vectors.layer}, head {head} as {rope.pairs} clocks.",
        told=told(ask, vectors),
        checks=checks,
        table=lambda: pairs(query, key, at, key_at, rope),
        code=code.score(ask.choice, ask.prompt, head, at, key_at, vectors) if alike else "",
        uncoded="No code is shown: the few lines that take a Llama apart do not give these numbers "
        "for this family, which makes its queries and keys in another way.",
        read=READ,
        formula=r"\text{score}(m, n) = s \cdot (R_m q) \cdot (R_n k) = s \sum_i |q_i||k_i| "
        r"\cos\big((m - n)\,\theta_i + \varphi_i\big)"
        + (r", \qquad \theta_i = b^{-2i/d}" if rope.kind == "default" else ""),
        symbols=symbols(vectors),
        predict=Predict(
            "Choose **both** beside Play and let them run. What happens to the score?",
            ("it falls with the position", "it turns in circles", "it stays the same"),
            "it stays the same" if together(vectors, query, key) else "it turns in circles",
            "Every hand turns, but query and key of a pair turn by the same angle, so the angle "
            "between them stays, and with it the score.",
        ),
        tries="Let only **the key** move: the score follows the curve below. Drag the query to the "
        "end: which hands have not moved at all?",
    )


def draw(
    ask: Ask,
    pair: tuple[np.ndarray, np.ndarray],
    rope: Rope,
    scale: float,
    names: tuple[str, str],
    home: tuple[int, int],
    longest: int,
) -> PositionModule | None:
    at = ask.held(("m", "n"), home, longest - 1)
    with ask.stage.container():
        return rotation(
            *pair,
            rope,
            scale,
            names,
            home=home,
            at=at,
            longest=longest,
            key_=f"clocks-{ask.key}-{len(pair[0])}",
            on_placed=ask.holder(("m", "n"), home),
        )


def together(vectors: RotatedVectors, query: np.ndarray, key: np.ndarray) -> bool:
    """Say whether the score stays when both go 1,000 positions on, but for rounded angles."""
    rope = vectors.rope
    near, far = (
        rotated(query, np.float32(m + 3), rope) @ rotated(key, np.float32(m), rope)
        for m in (0, 1000)
    )
    size = float(np.linalg.norm(query) * np.linalg.norm(key)) * rope.scaling**2
    return bool(abs(far - near) <= 1e-3 * size)


def told(ask: Ask, vectors: RotatedVectors) -> str:
    rope, found = vectors.rope, ask.inspect(spectrum)
    heads, tokens = vectors.queries.shape[0], len(vectors.tokens)
    said = f"Checked for all {heads} heads and {tokens} tokens of this layer. " + (
        "With one pair there is only one way to pair."
        if rope.pairs == 1
        else f"Pairs formed the other way would be off by {vectors.other_error:.2g}."
    )
    if rope.direction < 0:
        said += " This family turns the other way round: from a pair's second number to its first."
    partly = sum(map(len, found.layers)) < ask.facts.layers
    return f"{said} {literal(found.says)}" if partly else said


def symbols(vectors: RotatedVectors) -> str:
    rope = vectors.rope
    return (
        "m and n are the positions of query and key, R turns pair i by m θᵢ, φᵢ is the angle from "
        f"k to q before, s = {vectors.scale:.4g}, as measured"
        + (
            f"; here the base b (“rope_theta”) is {rope.theta:,.0f}, d = {rope.rotated}. "
            if rope.kind == "default"
            else f". The θᵢ are those that this layer was handed ({rope.kind}). "
        )
        + (f"This model caps its scores afterwards, at ±{vectors.cap:g}. " if vectors.cap else "")
        + "RoPE adds nothing to the embeddings: it turns queries and keys, in each layer anew."
    )


def pairs(query: np.ndarray, key: np.ndarray, at: int, key_at: int, rope: Rope) -> pd.DataFrame:
    columns: dict[str, np.ndarray] = {"pair": np.arange(rope.pairs), "theta_i": rope.frequencies}
    for name, vector, position in (("query", query, at), ("key", key, key_at)):
        after = rotated(vector, np.float32(position), rope)
        for when, values in (("before", vector), ("after", after)):
            columns[f"{name} {when}, first"] = in_pairs(values, rope)[:, 0]
            columns[f"{name} {when}, second"] = in_pairs(values, rope)[:, 1]
    return pd.DataFrame(columns)


def by_hand(ask: Ask) -> Shown:
    rope = formula(6, context=CONTEXT)
    placed = draw(ask, (ONES, ONES), rope, 1.0, ("1 0 1 0 1 0",) * 2, (1, 0), CONTEXT)
    position = placed.query_at if placed else 1
    rows = r" \\ ".join(" & ".join(f"{x:.4g}" for x in row) for row in matrix(position, 6).round(4))
    return Shown(
        None,
        alt="Three clocks, at 1, 0.0464 and 0.0022 radians a position.",
        told="Three pairs, θᵢ = 1, 0.0464 and 0.0022: a full turn every 6.28, 135.4 and 2,916 "
        f"positions. *Formula* shows the matrix that turns the query to position **{position}**.",
        checks=(matrix_check(ONES, position, placed.query),) if placed else (),
        unchecked=WAITING,
        table=lambda: pd.DataFrame(matrix(position, 6).round(4)),
        code=code.frequencies(rope),
        formula=rf"R_{{{position}}} = \begin{{pmatrix}} {rows} \end{{pmatrix}}",
        symbols=f"R turns the query (1, 0, 1, 0, 1, 0) to position {position}.",
        read=READ + SLIP,
    )


READ = (
    "Each dial is one pair of numbers of the head: a hand for the :blue[query], one for the "
    ":orange[key]; dashed, where they pointed before the rotation. A longer hand is a longer pair "
    "(drawn as the square root of its share of the vector's longest). Below the dial: what the "
    "pair adds to the score (right) or takes from it (left); the pair's number, and after how many "
    "positions it has made a full turn. Dotted dials never make one within the context."
)
SLIP = (
    "\n\n**A slip in a source text.** “Transformers: The Definitive Guide” prints this formula and "
    "its output for position 1 rightly, with −sin at the upper right; but the code beside it puts "
    "+sin there. That is the transpose: it turns the other way, to position −1. Since only the "
    "difference of positions counts, turning queries and keys both backwards gives the same "
    "scores, so the slip goes unnoticed until it meets another program's vectors."
)

VIEW = View(
    "Attention by itself sees a set of words. Most models of today tell order by **turning** "
    "queries and keys: two numbers at a time, like hands of clocks, further for each position "
    "(RoPE). These are a real query and a real key. Drag them.",
    kind="Vectors",
    kinds={"of the model": View("", model), "six numbers by hand": View("", by_hand)},
    wide=True,
)
