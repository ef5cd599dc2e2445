"""View: the other ways to mark positions, as formulas and as the loaded model has them."""

from typing import Final

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.errors import InspectionError
from components.widgets import address, frame
from components.widgets.checks import show_checks
from components.widgets.positions import asked, code
from components.widgets.positions.bias_view import alibi_view, t5_view

PLAIN: Final = {"displayModeBar": False}
MOST: Final = 512


def others_view(choice: ModelChoice, _text: str) -> None:
    """Show one way to mark positions."""
    address.warn_unless_one_of("scheme", list(SCHEMES))
    scheme = st.segmented_control(
        "Way", list(SCHEMES), default="Sinusoids", required=True, key="scheme", bind="query-params"
    )
    with frame.explained():
        SCHEMES[scheme or "Sinusoids"](choice)


def _sinusoids(choice: ModelChoice) -> None:
    from components.figures.positions.schemes import likeness_map, vector_map
    from components.inspection.positions.encodings import sinusoids, waves

    st.markdown(
        "The first Transformer adds a fixed wave to each token's vector: fast waves in the first "
        "numbers, slow ones in the last."
    )
    columns = st.columns(3)
    with columns[0]:
        length = asked.number("Positions", "sin_length", 2, MOST, 100)
    with columns[1]:
        size = asked.number("Vector size", "sin_size", 2, MOST, 64, 2)
    with columns[2]:
        base = asked.number("Base", "sin_base", 2, 1_000_000, 10_000)
    if size % 2:
        raise InspectionError(
            f"Sine and cosine come in pairs, and {size} is odd: take an even size."
        )
    found = engine.compute(waves, length, size, float(base))
    table = found.table
    left, right = st.columns(2)
    figure = vector_map(table)
    left.plotly_chart(figure, config=PLAIN, key="waves", alt="One row of waves for each position.")
    right.plotly_chart(
        likeness_map(found.products, np.arange(length), "product"),
        config=PLAIN,
        key="waves-alike",
        alt="Product of the vectors of two positions: the same along each diagonal.",
    )
    show_checks(found.checks, None, "Other ways, sinusoids")
    st.latex(r"p_{k,2t} = \sin(k / b^{2t/d}), \qquad p_{k,2t+1} = \cos(k / b^{2t/d})")
    st.caption("b is the base above, 10,000 in the paper; d the vector's size.")
    st.markdown("With d = 6 and b = 10,000, the first three positions, to compare by hand:")
    names = [f"{wave} {t}" for t in range(3) for wave in ("sin", "cos")]
    st.dataframe(pd.DataFrame(sinusoids(3, 6).round(4), columns=names), width="stretch")
    st.info(
        "**A slip in a source text.** “Transformers: The Definitive Guide” calls these vectors "
        "learned while it prints their fixed formula, and writes the position once k and once i. "
        "Nothing in them is learned; the learned ones are under **Learned table**."
    )
    with st.expander("The same in a few lines of NumPy"):
        st.code(code.SINUSOIDS.format(length=length, size=size, base=float(base)), "python")
    asked.downloads(pd.DataFrame(table), "sinusoids", asked.alone(figure))


def _learned(choice: ModelChoice) -> None:
    from components.figures.positions.schemes import likeness_map, norm_line, vector_map
    from components.inspection.positions.added import table

    st.markdown(
        "GPT-2, OPT, BERT and BART look up one vector for each position in a table and add it to "
        "the token's vector."
    )
    found = engine.inspect(table, choice)
    left, right = st.columns(2)
    figure = vector_map(found.vectors)
    left.plotly_chart(
        figure, config=PLAIN, key="table", alt=f"The table {found.path}, a row for each position."
    )
    right.plotly_chart(
        likeness_map(found.likeness, found.shown),
        config=PLAIN,
        key="table-alike",
        alt="Cosine similarity between the vectors of any two positions.",
    )
    neighbours = float(np.diagonal(found.likeness, 1).mean())
    st.plotly_chart(norm_line(found), config=PLAIN, key="norms", alt="Length of each vector.")
    st.markdown(
        f"`{found.path}` has {found.rows:,} rows; positions are {found.context:,} of them, from "
        f"row {found.first} on. Neighbours in the map have a mean cosine of **{neighbours:.3f}**."
        if found.learned
        else f"`{found.path}` is not learned: it is waves, as under **Sinusoids**, sines and "
        f"cosines apart or in turns, from row {found.first} on."
    )
    show_checks(found.checks, choice, "Other ways, table")
    st.markdown(
        f"**Position {found.context:,}?** There is no such row, while waves and rotations have a "
        "value at every position (if not a trained one)."
        if found.learned
        else "Waves have a value at every position, if not one that the model was trained with."
    )
    asked.downloads(pd.DataFrame(found.vectors), "positions-table", asked.alone(figure))


def _none(choice: ModelChoice) -> None:
    from components.inspection.positions.words import said

    st.markdown(f"{engine.inspect(said, choice)}")
    st.markdown(
        "Some models mark no positions at all (“NoPE”), and SmolLM3 leaves out the rotation in "
        "every fourth layer. A decoder can still tell order: with a causal mask the first token "
        "sees one token, the second two, and so on, and later layers can count. An encoder without "
        "positions sees a bag of words. **Word order** switches the loaded model's positions off, "
        "to see."
    )


def _compare(_choice: ModelChoice) -> None:
    from components.figures.positions.schemes import three_maps
    from components.inspection.positions.encodings import compared

    st.markdown(
        "One vector against itself, at any two positions: absolute positions added, a bias for the "
        "distance, a rotation."
    )
    length = asked.number("Positions", "compare_length", 4, 128, 48)
    found = engine.compute(compared, length, 32, 10_000.0)
    figure = three_maps(found)
    st.plotly_chart(
        figure,
        config=PLAIN,
        key="three",
        alt="Scores for every pair of positions under three schemes.",
    )
    st.markdown(
        f"At one distance the score varies by up to **{found.unevenness[0]:.2f}** with positions "
        "added: they mix with the content. The other two depend on the distance alone."
    )
    show_checks(found.checks, None, "Other ways, compared")
    st.caption(
        "The vector: 32 equal numbers, length 1. Bright is a high score. ALiBi's slope here is "
        "1/16."
    )
    table = pd.DataFrame(
        [
            (m, n, found.absolute[m, n], found.bias[m, n], found.rope[m, n])
            for m in range(length)
            for n in range(length)
        ],
        columns=["query at", "key at", "added", "ALiBi", "RoPE"],
    )
    asked.downloads(table, "compared", asked.alone(figure))


SCHEMES: Final = {
    "Sinusoids": _sinusoids,
    "Learned table": _learned,
    "ALiBi": alibi_view,
    "T5 buckets": t5_view,
    "None": _none,
    "Compare": _compare,
}
