"""View parts: what is added to scores for the distance, by ALiBi and by T5."""

from typing import Final

import numpy as np
import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.widgets.checks import show_checks
from components.widgets.markup import literal
from components.widgets.positions import asked

PLAIN: Final = {"displayModeBar": False}


def alibi_view(choice: ModelChoice) -> None:
    """Show ALiBi's slopes, by the formula or as the model adds them."""
    from components.figures.positions.schemes import slope_lines
    from components.inspection.positions.distances import slopes
    from components.inspection.positions.encodings import alibi_slopes
    from components.inspection.positions.measured import position_code
    from components.inspection.positions.words import said

    st.markdown(
        "ALiBi takes from each score in proportion to the distance, each head with a slope of its "
        "own. Nothing is learned, nothing added to the vectors. BLOOM and MPT use it."
    )
    code_of = engine.inspect(position_code, choice)
    found = None
    if any(each.bias is not None and each.bias.kind == "linear" for each in code_of.first.layers):
        found = engine.inspect(slopes, choice)
        values = found.slopes.astype(np.float64)
    else:
        values = alibi_slopes(asked.number("Heads", "alibi_heads", 1, 128, 8))
    figure = slope_lines(values)
    st.plotly_chart(figure, config=PLAIN, key="slopes", alt="A falling line for each head.")
    factor = ""
    if found is not None:
        st.caption(f"As {literal(choice.name)} really adds them, in layers {_list(found.layers)}.")
        if found.factor != 1:
            factor = rf"{found.factor:.4g}\cdot "
            st.caption(
                f"What this network really adds is {found.factor:.4g} times the formula's (Falcon "
                "adds ALiBi's numbers before it scales the score, and in transformers' eager "
                "attention twice)."
            )
        show_checks(found.checks, choice, "Other ways, ALiBi")
    else:
        st.caption(f"{engine.inspect(said, choice)} This is the formula of ALiBi.")
    heads = len(values)
    power = 1 << (heads.bit_length() - 1)
    st.latex(r"\text{score}(i, j) = q_i \cdot k_j / \sqrt{d} - m_h\,(i - j)")
    st.latex(
        rf"m_h = {factor}2^{{-8h/{power}}}, \quad h = 1 \ldots {power}"
        + (
            rf", \qquad \text{{then}}\quad {factor}2^{{-4(2h-1)/{power}}}, "
            rf"\quad h = 1 \ldots {heads - power}"
            if heads > power
            else ""
        )
    )
    st.caption(
        f"With n = {power}, the largest power of two up to {heads} heads"
        + (
            f"; the {heads - power} heads beyond it take every second slope of {2 * power} heads."
            if heads > power
            else "."
        )
    )
    table = pd.DataFrame({"head": np.arange(len(values)), "slope": values})
    with st.expander("As a table"):
        st.dataframe(table, hide_index=True)
    asked.downloads(table, "alibi", asked.alone(figure))


def t5_view(choice: ModelChoice) -> None:
    """Show T5's buckets, and the numbers that the model adds for each distance."""
    from components.figures.positions.schemes import bias_map, bucket_steps
    from components.inspection.positions.distances import biased_layers, buckets
    from components.inspection.positions.encodings import t5_buckets
    from components.inspection.positions.words import said

    st.markdown(
        "T5 learns one number for each head and distance and adds it to the score. Far distances "
        "share: 32 buckets, single steps at first, then ever wider."
    )
    distances = np.arange(-160, 161)
    steps = t5_buckets(distances)
    figure = bucket_steps(distances, steps)
    st.plotly_chart(figure, config=PLAIN, key="buckets", alt="T5's bucket for each distance.")
    layers = engine.inspect(biased_layers, choice)
    stacks = [name for name, there in layers.items() if there]
    if not stacks:
        st.caption(
            f"{engine.inspect(said, choice)} These are the buckets of T5's formula; choose a T5 to "
            "see its learned numbers."
        )
        asked.downloads(
            pd.DataFrame({"distance": distances, "bucket": steps}),
            "t5-buckets",
            asked.alone(figure),
        )
        return
    left, right = st.columns(2)
    stack = left.segmented_control("Stack", stacks, default=stacks[0], required=True, key="stack")
    with right:
        layer = asked.one_of("Layer", "biased_layer", layers[stack or stacks[0]])
    found = engine.inspect(buckets, choice, stack or stacks[0], layer)
    figure = bias_map(found)
    st.plotly_chart(figure, config=PLAIN, key="biases", alt="What each head adds by distance.")
    st.caption(
        f"What layer {layer} of the {found.stack} really adds to a score."
        + (
            f" Layers {_list(found.same)} add the same."
            if len(found.same) > 1
            else " No other layer adds the same: each has a table of its own."
            if len(layers[found.stack]) > 1
            else ""
        )
    )
    show_checks(found.checks, choice, "Other ways, T5 buckets")
    table = pd.DataFrame(found.bias.T, index=found.distances).rename_axis("distance")
    asked.downloads(table.reset_index(), "t5-biases", asked.alone(figure))


def _list(layers: tuple[int, ...]) -> str:
    return ", ".join(map(str, layers))
