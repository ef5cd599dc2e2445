"""View: a query and a key of the model as clocks, turned by their positions."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.positions.rotation import formula, in_pairs, matrix, turned
from components.widgets import address, frame
from components.widgets.checks import show_checks
from components.widgets.positions import asked, code
from components.widgets.rotation import Placed, rotation

if TYPE_CHECKING:
    from components.inspection.positions.vectors import RotatedVectors

TOY: Final = "six numbers by hand"
TOY_VECTOR: Final = np.array([1, 0, 1, 0, 1, 0], dtype=np.float32)
TOY_CONTEXT: Final = 2048
LONGEST: Final = 8192
"""Positions on the sliders."""


@st.fragment
def rotation_view(choice: ModelChoice, text: str) -> None:
    """Show the clocks of one query and one key, checked against the model and the server."""
    address.warn_unless_one_of("vectors", ["of the model", TOY])
    source = st.segmented_control(
        "Vectors",
        ["of the model", TOY],
        default="of the model",
        required=True,
        key="vectors",
        bind="query-params",
    )
    # A fragment keeps its errors to itself, so they are explained here.
    with frame.explained():
        if source == TOY:
            _toy()
        else:
            _model(choice, text)


def _model(choice: ModelChoice, text: str) -> None:
    from components.inspection.positions.panels import built_like_llama
    from components.inspection.positions.spectrum import spectrum
    from components.inspection.positions.vectors import rotated_vectors

    facts = engine.facts(choice)
    layers = asked.rotating_layers(choice)
    columns = st.columns([1, 1, 2, 2])
    with columns[0]:
        layer = asked.one_of("Layer", "layer", layers)
    with columns[1]:
        head = asked.one_of("Head", "head", range(facts.heads))
    vectors = engine.inspect(rotated_vectors, choice, text, layer)
    last = len(vectors.tokens) - 1
    with columns[2]:
        reader = asked.one_token("Token that asks (query)", "query", vectors.tokens, last, _forget)
    with columns[3]:
        read = asked.one_token("Token asked (key)", "key", vectors.tokens, min(2, last), _forget)
    rope = vectors.rope
    query, key = vectors.queries[head, reader], vectors.keys[vectors.key_head(head), read]
    longest = min(LONGEST, max(2, rope.context))
    placed = rotation(
        query,
        key,
        rope,
        vectors.scale,
        (vectors.tokens[reader], vectors.tokens[read]),
        home=(reader, read),
        at=_at((reader, read), longest),
        longest=longest,
        key_="clocks",
        on_placed=_keeper((reader, read)),
    )
    _check_model(vectors, choice)
    _check_browser(placed, query, key, vectors, choice)
    if len(layers) < facts.layers:
        st.caption(engine.inspect(spectrum, choice).says)
    _read_it(vectors)
    asked.guess(
        "Predict first: choose **both** beside Play and let them run. What happens to the score?",
        ["it falls with the position", "it turns in circles", "it stays the same"],
        "it stays the same",
        "guess-both",
        "Every hand turns, but query and key of a pair turn by the same angle, so the angle "
        "between them stays, and with it the score. Now let only **the key** move: the score "
        "follows the curve below. *Then try:* drag the query to the end: which hands have not "
        "moved at all?",
    )
    if engine.inspect(built_like_llama, choice, text, layer):
        with st.expander("The same in a few lines of transformers"):
            st.code(code.score(choice, text, layer, head, reader, read, vectors), "python")
    else:
        st.caption(
            "No code is shown: the few lines that take a Llama apart do not give these numbers for "
            "this family, which makes its queries and keys in another way."
        )
    asked.downloads(_table(query, key, reader, read, vectors), "rotation")


def _at(home: tuple[int, int], longest: int) -> tuple[int, int]:
    """Return the positions in the address, or the tokens' own."""
    found = []
    for name, own in zip(("m", "n"), home, strict=True):
        address.warn_unless_between(name, 0, longest - 1, own)
        given = st.query_params.get(name, "")
        fits = given.isascii() and given.isdigit() and int(given[:9]) < longest
        found.append(int(given) if fits else own)
    return found[0], found[1]


def _keeper(home: tuple[int, int]) -> Callable[[int, int], None]:
    """Return what puts positions into the address, unless they are the tokens' own."""

    def keep(query_at: int, key_at: int) -> None:
        # No widget's values: the live component holds them, so the address is kept by hand.
        if (query_at, key_at) == home:
            _forget()
        else:
            st.query_params["m"], st.query_params["n"] = str(query_at), str(key_at)

    return keep


def _forget() -> None:
    for name in ("m", "n"):
        st.query_params.pop(name, None)


def _check_model(vectors: "RotatedVectors", choice: ModelChoice) -> None:
    show_checks(vectors.checks, choice, "Rotation")
    rope = vectors.rope
    st.caption(
        f"Of all {vectors.queries.shape[0]} heads and {len(vectors.tokens)} tokens of this layer. "
        + (
            "With one pair there is only one way to pair."
            if rope.pairs == 1
            else f"Pairs formed the other way would be off by {vectors.other_error:.2g}."
        )
        + (
            " This family turns the other way round: from a pair's second number to its first."
            if rope.direction < 0
            else ""
        )
    )


def _check_browser(
    placed: Placed | None,
    query: np.ndarray,
    key: np.ndarray,
    vectors: "RotatedVectors",
    choice: ModelChoice,
) -> None:
    from components.inspection.positions.browser import browser_checks

    if placed is None:
        st.caption("Checking what the browser turned against the server…")
        return
    show_checks(
        engine.compute(browser_checks, query, key, vectors.rope, vectors.scale, placed),
        choice,
        "Rotation, the browser",
    )


def _read_it(vectors: "RotatedVectors") -> None:
    rope = vectors.rope
    with st.expander("How to read it, and the formula"):
        st.markdown(
            "Each dial is one pair of numbers of the head: a hand for the :blue[query], one for "
            "the :orange[key]; dashed, where they pointed before the rotation. A longer hand is a "
            "longer pair (drawn as the square root of its share of the vector's longest). Below "
            "the dial: what the pair adds to the score (right) or takes from it (left); the pair's "
            "number, and after how many positions it has made a full turn. Dotted dials never make "
            "one within the context."
        )
        st.latex(
            r"\text{score}(m, n) = s \cdot (R_m q) \cdot (R_n k) = s \sum_i |q_i||k_i| "
            r"\cos\big((m - n)\,\theta_i + \varphi_i\big)"
            + (r", \qquad \theta_i = b^{-2i/d}" if rope.kind == "default" else "")
        )
        st.caption(
            f"m and n are the positions, R turns pair i by m θᵢ, φᵢ is the angle from k to q "
            f"before, s = {vectors.scale:.4g}, as measured"
            + (
                f"; here the base b (“rope_theta”) is {rope.theta:,.0f}, d = {rope.turned}. "
                if rope.kind == "default"
                else f". The θᵢ are those that this layer was handed ({rope.kind}). "
            )
            + (
                f"This model caps its scores afterwards, at ±{vectors.cap:g}. "
                if vectors.cap
                else ""
            )
            + "RoPE does not add anything to the "
            "embeddings: it turns queries and keys, in each layer anew."
        )


def _table(
    query: np.ndarray, key: np.ndarray, at: int, key_at: int, vectors: "RotatedVectors"
) -> pd.DataFrame:
    rope = vectors.rope
    columns: dict[str, np.ndarray] = {"pair": np.arange(rope.pairs), "theta_i": rope.frequencies}
    for name, vector, position in (("query", query, at), ("key", key, key_at)):
        for when, values in (
            ("before", vector),
            ("after", turned(vector, np.float32(position), rope)),
        ):
            pairs = in_pairs(values, rope)
            columns[f"{name} {when}, first"] = pairs[:, 0]
            columns[f"{name} {when}, second"] = pairs[:, 1]
    return pd.DataFrame(columns)


def _toy() -> None:
    rope = formula(6, context=TOY_CONTEXT)
    placed = rotation(
        TOY_VECTOR,
        TOY_VECTOR,
        rope,
        1.0,
        ("1 0 1 0 1 0", "1 0 1 0 1 0"),
        home=(1, 0),
        at=_at((1, 0), TOY_CONTEXT),
        longest=TOY_CONTEXT,
        key_="toy-clocks",
        on_placed=_keeper((1, 0)),
    )
    position = placed.query_at if placed else 1
    st.markdown(
        f"Three pairs, θᵢ = 1, 0.0464 and 0.0022: a full turn every 6.28, 135.4 and 2,916 "
        f"positions. The matrix that turns the query to position **{position}**:"
    )
    st.dataframe(pd.DataFrame(matrix(position, 6)).round(4), hide_index=True)
    if placed is not None:
        from components.inspection.positions.browser import matrix_check

        show_checks((matrix_check(TOY_VECTOR, position, placed.query),), None, "Rotation by hand")
    st.info(
        "**A slip in a source text.** “Transformers: The Definitive Guide” prints this formula and "
        "its output for position 1 rightly, with −sin at the upper right; but the code beside it "
        "puts +sin there. That is the transpose: it turns the other way, to position −1. Since "
        "only the difference of positions counts, turning queries and keys both backwards gives "
        "the same scores, so the slip goes unnoticed until it meets another program's vectors."
    )
