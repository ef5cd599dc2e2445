"""One text by several tokenizers, under one another."""

from typing import TYPE_CHECKING

import streamlit as st

from components import engine
from components.inspection.catalogue import short_name
from components.widgets.checks import show_checks
from components.widgets.markup import literal
from components.widgets.tokenizer import code
from components.widgets.tokenizer.cells import show_cut
from components.widgets.tokenizer.holder import (
    Asked,
    choose_several,
    offer_to_fetch,
    space_before,
    wait_for,
)
from components.widgets.tokenizer.progress import bar_for
from components.widgets.tokenizer.text import ChosenText

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from components.inspection.tokenizer.compare import Comparison


def compared(chosen: ChosenText) -> "Comparison | None":
    """Ask for the tokenizers and compare them; return None where there are fewer than one."""
    from components.inspection.tokenizer.compare import compare

    sources = choose_several()
    if not sources:
        st.info("Choose two or more tokenizers to see them side by side.")
        return None
    for source in sources:
        wait_for(source)
    with bar_for(chosen.text) as progress:
        comparison = engine.compute(compare, sources, chosen.text, progress=progress)
    if comparison.missing:
        names = ", ".join(name for name, _ in comparison.missing)
        with st.expander(f"Not on this machine: {names}"):
            for _, why in comparison.missing:
                st.markdown(why)
            from components.inspection.tokenizer.catalogue import is_path, on_this_machine

            offer_to_fetch(tuple(s for s in sources if not is_path(s) and not on_this_machine(s)))
    return comparison


def show_readings(comparison: "Comparison", chosen: ChosenText) -> None:
    """Draw each tokenizer's tokens, and the table of what sets them apart."""
    differing = st.toggle(
        "Set back what all agree on",
        key="tok-differences",
        bind="query-params",
        help="Tokens that every one of them makes of exactly the same characters turn grey.",
    )
    for reading in comparison.readings:
        agreed = reading.agreed if differing else ()
        seen = len(reading.cut.tokens)
        special = f" + {reading.special} special" if reading.special else ""
        more = f", the first {seen:,} shown" if seen < reading.tokens + reading.special else ""
        st.markdown(
            f"**{literal(short_name(reading.title))}** · {reading.tokens:,} tokens{special}{more} "
            f":gray[· {reading.method}]"
        )
        show_cut(
            reading.cut,
            f"strip-{reading.source}",
            agreed=agreed,
            label=f"The text as tokens of {short_name(reading.title)}",
        )
    st.dataframe(
        [
            {
                "tokenizer": reading.title,
                "tokens": reading.tokens,
                "special": reading.special,
                "characters per token": round(reading.characters_per_token, 3),
                "vocabulary": reading.vocabulary,
                "method": reading.method,
                "marks": reading.marker,
                "unknown": reading.unknown,
                "text comes back": reading.same,
            }
            for reading in comparison.readings
        ],
        hide_index=True,
        width="stretch",
    )
    show_checks(comparison.checks, None, "Compare")
    with st.expander("In Python"):
        sources = tuple(reading.source for reading in comparison.readings)
        if code.needs_file(chosen):
            st.caption(f"Save the text as {code.ELSEWHERE} beside it.")
        st.code(code.comparing(sources, chosen))


def numbers(asked: Asked) -> "tuple[NDArray[np.int8], str]":
    """Ask about the space; return the tokens of each number, and what the figure is called."""
    from components.inspection.tokenizer.compare import tokens_per_number

    spaced = space_before("With a space before them", "number-space", asked)
    counts = asked.ask(tokens_per_number, spaced)
    share = float((counts == 1).mean())
    return counts, f"{asked.title}: {share:.0%} of the numbers are one token"
