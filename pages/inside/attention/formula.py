"""How an attention square is read, and the formula of its numbers."""

import streamlit as st

from components import engine
from components.inspection.errors import InspectionError
from components.widgets.attention.choices import Reading


def read_it(reading: Reading, show: str, weigh: str) -> None:
    """Say how to read the square that is shown, and which formula its numbers follow."""
    with st.expander("How to read it, and the formula"):
        st.markdown(
            "Each **row** is a query token; its cells say how it shares out one unit of attention "
            "among the **columns**, the key tokens. Where a token may not look, the square is "
            "empty. Attention tells where a head looks, not why the model answers as it does."
        )
        if show == "rollout":
            st.latex(
                r"R_0 = \tfrac12 I + \tfrac12 \bar A_0 \qquad "
                r"R_l = (\tfrac12 I + \tfrac12 \bar A_l)\, R_{l-1}"
            )
            st.caption(
                "Ā is the mean over a layer's heads, I the token itself, which the residual "
                "connection hands on. Values and MLPs are left out (Abnar and Zuidema, 2020)."
            )
        elif weigh == "attention × value":
            st.latex(r"\lVert A_{ij}\, v_j W_O^h \rVert = A_{ij} \, \lVert v_j W_O^h \rVert")
            st.caption(
                "v is the value, W the head's slice of the output projection; shown as a share of "
                "the row's sum (Kobayashi et al., 2020)."
            )
        else:
            _formula(reading)


def _formula(reading: Reading) -> None:
    """Write the formula of this model's own scores, as far as it is known."""
    from components.inspection.attention.scores import SaidRule, rule_in_words

    try:
        said: SaidRule = engine.inspect(rule_in_words, reading.choice, reading.group)
    except InspectionError as error:
        st.latex(r"A_{ij} = \mathrm{softmax}_j(s_{ij})")
        st.caption(f"s is the score of query token i and key token j. {error}")
        return
    st.latex(rf"A_{{ij}} = \mathrm{{softmax}}_j\!\left({said.formula}\right)")
    st.caption(said.symbols)
