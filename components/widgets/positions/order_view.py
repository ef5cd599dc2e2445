"""View: shuffle the words; whose output changes?"""

from typing import TYPE_CHECKING, Final

import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.widgets import address, frame
from components.widgets.checks import show_checks
from components.widgets.positions import asked

if TYPE_CHECKING:
    from components.inspection.positions.order import Shuffled

ANSWERS: Final = ("all", "those that moved", "none")


def _right(found: "Shuffled") -> str:
    """Return which of `ANSWERS` is right of the last condition; empty if none, or a mask is on."""
    changed = {place for place, by in enumerate(found.change[-1]) if by > found.rounding}
    moved = {token for place, token in enumerate(found.order) if place != token}
    if found.conditions[-1].mask:
        return ""
    if not changed:
        return "none"
    if len(changed) == len(found.tokens):
        return "all"
    return "those that moved" if changed == moved else ""


def order_view(choice: ModelChoice, text: str) -> None:
    """Shuffle the tokens of `text` with positions on and off, with and without the mask."""
    from components.figures.positions.schemes import condition_name, order_map
    from components.inspection.positions.order import shuffled

    address.warn_unless_between("shuffle", 0, 99, 1)
    left, _ = st.columns([1, 2])
    seed = left.number_input(
        "Shuffle number (0 turns the text around)",
        0,
        99,
        1,
        key="shuffle",
        bind="query-params",
        persist_state="session",
    )
    bar = st.empty()
    found = engine.inspect(shuffled, choice, text, int(seed), progress=frame.telling(bar))
    bar.empty()
    right = _right(found)
    if right:
        asked.guess(
            "Predict first: switch off the positions"
            + (" **and** the causal mask" if found.conditions[-1].mask is False else "")
            + ", then shuffle. Which tokens get another output?",
            ANSWERS,
            right,
            "guess-order",
            (
                "Attention alone sees a set: each token's output is the same wherever it stands. "
                if right == "none"
                else "Something else tells order in this model: see below the picture. "
            )
            + "A causal mask alone already tells order, since a token sees only those before it.",
        )
    mixed = "".join(found.tokens[place] for place in found.order)
    st.code(mixed[:400], language=None, wrap_lines=True)
    figure = order_map(found)
    st.plotly_chart(
        figure,
        config={"displayModeBar": False},
        key="order",
        alt="How much each token's last vector changed, by condition.",
    )
    st.caption(
        "The change of a token's last hidden state (before the final norm), as a share of its "
        "length, against the same token in the text as written. Special tokens stay where they are."
    )
    show_checks(found.checks, choice, "Word order")
    if found.said:
        st.info(found.said)
    table = pd.DataFrame(
        found.change.T, columns=[condition_name(each) for each in found.conditions]
    )
    table.insert(0, "token", list(found.tokens))
    with st.expander("As a table"):
        st.dataframe(table, hide_index=True)
    asked.downloads(table, "word-order", asked.alone(figure))
