"""View: the other ways to mark positions, as formulas and as the loaded model has them."""

from typing import Final

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.errors import InspectionError
from components.widgets import address, frame
from components.widgets.positions import asked, code

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


def _number(label: str, key: str, low: int, high: int, default: int, step: int = 1) -> int:
    address.warn_unless_between(key, low, high, default)
    return int(
        st.number_input(
            label, low, high, default, step, key=key, bind="query-params", persist_state="session"
        )
    )


def _sinusoids(choice: ModelChoice) -> None:
    from components.figures.positions.schemes import likeness_map, vector_map
    from components.inspection.positions.encodings import sinusoids

    st.markdown(
        "The first Transformer adds a fixed wave to each token's vector: fast waves in the first "
        "numbers, slow ones in the last."
    )
    columns = st.columns(3)
    with columns[0]:
        length = _number("Positions", "sin_length", 2, MOST, 100)
    with columns[1]:
        size = _number("Vector size", "sin_size", 2, MOST, 64, 2)
    with columns[2]:
        base = _number("Base", "sin_base", 2, 1_000_000, 10_000)
    if size % 2:
        raise InspectionError(
            f"Sine and cosine come in pairs, and {size} is odd: take an even size."
        )
    table = engine.compute(sinusoids, length, size, float(base))
    left, right = st.columns(2)
    figure = vector_map(table)
    left.plotly_chart(figure, config=PLAIN, key="waves", alt="One row of waves for each position.")
    right.plotly_chart(
        likeness_map(table @ table.T, np.arange(length), "product"), config=PLAIN,
        key="waves-alike",
        alt="Product of the vectors of two positions: the same along each diagonal.",
    )  # fmt: skip
    spread = max(float(np.ptp(np.diagonal(table @ table.T, k))) for k in range(length))
    st.success(
        "Checked: the product of two positions' waves depends on their distance alone; along each "
        f"diagonal it differs by at most **{spread:.1e}**.",
        icon=None,
    )
    st.latex(r"p_{k,2t} = \sin(k / 10000^{2t/d}), \qquad p_{k,2t+1} = \cos(k / 10000^{2t/d})")
    st.markdown("With d = 6, the first three positions, to compare by hand:")
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
    from components.inspection.positions.encodings import table

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
        likeness_map(found.likeness, found.shown), config=PLAIN, key="table-alike",
        alt="Cosine similarity between the vectors of any two positions.",
    )  # fmt: skip
    neighbours = float(np.diagonal(found.likeness, 1).mean())
    st.plotly_chart(norm_line(found), config=PLAIN, key="norms", alt="Length of each vector.")
    if found.learned:
        st.success(
            f"Checked: `{found.path}` has {found.rows:,} rows, of which {found.context:,} are "
            f"positions; neighbours in the map have a mean cosine of **{neighbours:.3f}**.",
            icon=None,
        )
    else:
        st.success(
            "Checked: this table is not learned; it is the formula under **Sinusoids**, all sines "
            f"before all cosines, but for **{found.formula_error:.1e}**.",
            icon=None,
        )
    st.markdown(
        f"**Position {found.context:,}?** There is no such row: the model stops with an error, "
        "while waves and rotations have a value at every position (if not a trained one)."
    )
    asked.downloads(pd.DataFrame(found.vectors), "positions-table", asked.alone(figure))


def _alibi(choice: ModelChoice) -> None:
    from components.figures.positions.schemes import slope_lines
    from components.inspection.positions.encodings import alibi_slopes, slopes

    st.markdown(
        "ALiBi takes from each score in proportion to the distance, each head with a slope of its "
        "own. Nothing is learned, nothing added to the vectors. BLOOM and MPT use it."
    )
    model_s = engine.facts(choice).family in ("bloom", "mpt", "falcon")
    if model_s:
        found = engine.inspect(slopes, choice)
        values = found.slopes.astype(np.float64)
    else:
        values = alibi_slopes(_number("Heads", "alibi_heads", 1, 128, 8))
    figure = slope_lines(values)
    st.plotly_chart(figure, config=PLAIN, key="slopes", alt="A falling line for each head.")
    if model_s:
        st.success(
            f"Checked: the slopes that {choice.source}'s code makes are the formula's, but for "
            f"**{found.formula_error:.1e}**.",
            icon=None,
        )
    else:
        st.caption(f"{choice.source} has no ALiBi; this is the formula.")
    st.latex(
        r"\text{score}(m, n) = q \cdot k / \sqrt{d} - 2^{-8h/H}\,(m - n), \qquad h = 1 \ldots H"
    )
    table = pd.DataFrame({"head": np.arange(len(values)), "slope": values})
    with st.expander("As a table"):
        st.dataframe(table, hide_index=True)
    asked.downloads(table, "alibi", asked.alone(figure))


def _t5(choice: ModelChoice) -> None:
    from components.figures.positions.schemes import bias_map, bucket_steps
    from components.inspection.positions.encodings import buckets, t5_buckets

    st.markdown(
        "T5 learns one number for each head and distance and adds it to the score. Far distances "
        "share: 32 buckets, single steps at first, then ever wider."
    )
    distances = np.arange(-160, 161)
    steps = t5_buckets(distances)
    figure = bucket_steps(distances, steps)
    st.plotly_chart(figure, config=PLAIN, key="buckets", alt="T5's bucket for each distance.")
    if engine.facts(choice).family == "t5":
        stack = st.segmented_control(
            "Tower", ["encoder", "decoder"], default="encoder", required=True, key="stack"
        )
        found = engine.inspect(buckets, choice, stack)
        figure = bias_map(found)
        st.plotly_chart(figure, config=PLAIN, key="biases", alt="What each head adds by distance.")
        st.success(
            f"Checked: what is drawn is what {choice.source}'s own code adds, but for "
            f"**{found.error:.1e}**.",
            icon=None,
        )
        table = pd.DataFrame(found.bias.T, index=found.distances).rename_axis("distance")
        asked.downloads(table.reset_index(), "t5-biases", asked.alone(figure))
        return
    st.caption(f"{choice.source} has no such buckets; choose a T5 to see its learned numbers.")
    asked.downloads(
        pd.DataFrame({"distance": distances, "bucket": steps}), "t5-buckets", asked.alone(figure)
    )


def _none(_choice: ModelChoice) -> None:
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
    length = _number("Positions", "compare_length", 4, 128, 48)
    found = engine.compute(compared, length, 32, 10_000.0)
    figure = three_maps(found)
    st.plotly_chart(
        figure, config=PLAIN, key="three",
        alt="Scores for every pair of positions under three schemes.",
    )  # fmt: skip
    added, bias, rope = found.unevenness
    st.success(
        f"Checked: at the same distance the score varies by up to **{added:.2f}** with positions "
        f"added, by {bias:.1g} with ALiBi, by {rope:.1g} with RoPE. Added positions mix with the "
        "content; the other two depend on the distance alone.",
        icon=None,
    )
    st.caption(
        "The vector: 32 equal numbers, length 1. Bright is a high score. ALiBi's slope here is "
        "1/16."
    )
    table = pd.DataFrame(
        [(m, n, found.absolute[m, n], found.bias[m, n], found.rope[m, n])
         for m in range(length) for n in range(length)],
        columns=["query at", "key at", "added", "ALiBi", "RoPE"],
    )  # fmt: skip
    asked.downloads(table, "compared", asked.alone(figure))


SCHEMES: Final = {
    "Sinusoids": _sinusoids,
    "Learned table": _learned,
    "ALiBi": _alibi,
    "T5 buckets": _t5,
    "None": _none,
    "Compare": _compare,
}
