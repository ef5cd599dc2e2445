"""View: attention on a few small vectors, which the reader edits."""

from typing import TYPE_CHECKING, Final

import pandas as pd
import streamlit as st

from components import engine
from components.widgets import frame
from components.widgets.attention import code
from components.widgets.attention.questions import predict
from components.widgets.checks import show_checks

if TYPE_CHECKING:
    from components.inspection.attention.toy import ToyAttention

MOST_TYPED: Final = 1000


def toy_view() -> None:
    """Show every matrix of an example small enough to follow by hand."""
    from components.inspection.attention.toy import EXAMPLE

    st.markdown(
        "Three tokens, two numbers each. Edit any matrix: a row for each token, numbers apart by "
        "spaces. More rows make more tokens."
    )
    sides = st.columns([1, 1, 1, 1.3])
    typed = [
        side.text_area(
            label, EXAMPLE, key=f"toy-{name}", bind="query-params", max_chars=MOST_TYPED, height=120
        )
        for side, name, label in zip(
            sides, "qkv", ("Q: queries", "K: keys", "V: values"), strict=False
        )
    ]
    with sides[3]:
        scale = st.toggle("Divide by √d", value=True, key="toy-scale", bind="query-params")
        causal = st.toggle("Causal mask", value=True, key="toy-causal", bind="query-params")
        temperature = st.slider(
            "Temperature",
            0.1,
            5.0,
            1.0,
            0.1,
            key="toy-temperature",
            bind="query-params",
            help="Scores are divided by it: small sharpens, large flattens.",
        )
    with frame.explained():
        _show(typed[0], typed[1], typed[2], scale, causal, float(temperature))


def _show(q: str, k: str, v: str, scale: bool, causal: bool, temperature: float) -> None:
    from components.figures.attention.steps import toy_matrices
    from components.inspection.attention.toy import matrix, toy_attention

    toy = engine.compute(
        toy_attention, matrix(q, "Q"), matrix(k, "K"), matrix(v, "V"), scale, causal, temperature
    )
    size = toy.queries.shape[1]
    name = f"÷ √{size}" if scale else "(no √d)"
    figure = toy_matrices(toy, name if temperature == 1 else f"{name} ÷ {temperature:g}")
    st.plotly_chart(figure, alt=_told(toy), config={"displayModeBar": False}, key="toy")
    show_checks(toy.checks, view="A small example")
    with st.expander("How to read it, and the formula"):
        st.markdown(
            "Row by row, a token's query is multiplied with every key (Q Kᵀ), scaled, and hidden "
            "where the key's token comes later (−∞). Softmax makes shares of it; the shares mix "
            "the values. Blue is positive, vermilion negative, violet a share."
        )
        st.latex(
            r"\mathrm{Attention}(Q, K, V) = \mathrm{softmax}\!\left(\frac{Q K^\top}{\sqrt d} "
            r"+ M\right) V"
        )
        st.caption(
            f"d = {size} numbers in a query and a key; M is 0 where reading is allowed, −∞ where "
            "not. Temperature divides the scores."
        )
    _ask()
    with st.expander("The same in a few lines of NumPy"):
        st.code(code.toy_code(q, k, v, scale, causal, temperature), language="python")
    with st.expander("As tables"):
        for title, numbers in (("softmax", toy.weights), ("softmax · V", toy.outputs)):
            st.markdown(f"**{title}**")
            st.dataframe(pd.DataFrame(numbers.round(4)))
    st.download_button(
        "Softmax (CSV)",
        pd.DataFrame(toy.weights).to_csv(index=False),
        "toy-softmax.csv",
        "text/csv",
        on_click="ignore",
    )


def _told(toy: "ToyAttention") -> str:
    rows = "; ".join(" ".join(f"{number:.4f}" for number in row) for row in toy.weights)
    return f"Each step of attention on small matrices. The softmax's rows: {rows}"


def _ask() -> None:
    st.subheader("Predict first", anchor=False)

    def reveal() -> tuple[str, str]:
        from components.inspection.attention.toy import EXAMPLE, matrix, toy_attention

        small = matrix(EXAMPLE, "Q")
        large = engine.compute(toy_attention, 30 * small, 30 * small, small, False, True, 1.0)
        row = ", ".join(f"{number:.3f}" for number in large.weights[2])
        return (
            "almost all to one token",
            (
                f"The last row becomes **{row}**: scores of 1,800 leave nothing for the others. A "
                "first attempt in NumPy takes the exponential of 1,800, which is infinite, and "
                "shows NaN; taking the row's largest score off first changes nothing else, and "
                "cures it. *Then try:* switch the mask off and see which rows change. Make two "
                "keys alike: what happens to their shares?"
            ),
        )

    predict(
        "Multiply Q and K by 30, without √d. What does the last row of the softmax become?",
        ("even shares", "almost all to one token", "NaN"),
        reveal,
        "toy",
    )
