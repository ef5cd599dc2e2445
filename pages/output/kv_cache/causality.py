"""Why a cache may be kept: another last token, and what changes before it."""

from typing import TYPE_CHECKING

import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.widgets.checks import show_checks
from pages.output.kv_cache import parts

if TYPE_CHECKING:
    from components.inspection.causality import LastTokenChanged


def reach(choice: ModelChoice, text: str) -> None:
    """Read the text twice, with another last token, and show what changes before it."""
    from components.figures.kv_cache.contents import change_map
    from components.inspection.causality import last_token_changed

    st.subheader("Why it may be kept: earlier tokens never change", anchor=False)
    st.markdown(
        "The text is read twice, the second time with **another last token**. How much do the keys "
        "and values of the others change?"
    )
    stack, target = None, None
    if engine.facts(choice).kind == "seq2seq":
        stack = st.segmented_control(
            "Of which stack",
            ("encoder", "decoder"),
            default="decoder",
            required=True,
            key="kv-stack",
            help="The decoder is given the prompt to write, too.",
        )
        target = text
    changed = engine.inspect(last_token_changed, choice, text, target, stack)
    st.plotly_chart(
        change_map(changed),
        config=parts.PLAIN,
        key="kv-reach",
        alt="Largest change of a key or value for each token and layer.",
    )
    _direction(changed, choice)


def _direction(changed: "LastTokenChanged", choice: ModelChoice) -> None:
    vectors = changed.vectors.size > 0
    what = "key or value" if vectors else "residual stream"
    whole = "the layer's largest" if vectors else "its norm"
    largest = changed.earlier_vectors if vectors else changed.earlier
    if changed.looks_ahead:
        st.markdown(
            f"**Everything changes**, before the last token by up to {largest:.2%} of {whole}: "
            "here tokens also attend to those after them, measured on this text"
            + (
                ". That is the encoder, whose text does not grow; the decoder's does."
                if changed.stack == "encoder" and engine.facts(choice).kind == "seq2seq"
                else ", so nothing computed earlier could be kept."
            )
        )
        return
    st.markdown(
        f"Before the last token no {what} changes by more than **{largest:.2g}** of {whole}: "
        "tokens attend backwards only, so what was computed once stays right."
    )
    show_checks((changed.check,), choice, "key-value cache, another last token")
