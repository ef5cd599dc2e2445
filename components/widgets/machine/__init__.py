"""The machine: one drawing of a whole forward pass, every number of it from one recording."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import streamlit as st

from components.figures import theme
from components.widgets.kit import component

MLP: Final = "#B8860B"
INKS: Final = {
    "light": {
        "ground": "#FFFFFF",
        "ink": theme.INK[False][0],
        "quiet": theme.INK[False][1],
        "line": "#C9C6BF",
        "faint": "#F3F2EE",
        "stream": theme.RESIDUAL,
        "query": theme.QUERY,
        "key": theme.KEY,
        "value": theme.VALUE,
        "attention": "#6C4BAF",
        "mlp": MLP,
        "probability": theme.PROBABILITY,
        "against": theme.NEGATIVE,
        "picked": theme.HIGHLIGHT,
        "weights": theme.ATTENTION,
        "signed": theme.SIGNED,
    },
    "dark": {
        "ground": "#0E1117",
        "ink": theme.INK[True][0],
        "quiet": theme.INK[True][1],
        "line": "#4A4A4F",
        "faint": "#1B1D23",
        "stream": theme.DARK[theme.RESIDUAL],
        "query": theme.DARK[theme.QUERY],
        "key": theme.DARK[theme.KEY],
        "value": theme.DARK[theme.VALUE],
        "attention": "#A98BE0",
        "mlp": theme.DARK[MLP],
        "probability": theme.DARK[theme.PROBABILITY],
        "against": theme.DARK[theme.NEGATIVE],
        "picked": theme.HIGHLIGHT,
        "weights": theme.ATTENTION_DARK,
        "signed": theme.SIGNED_DARK,
    },
}
_COMPONENT = component(__file__, INKS=INKS)


def machine(
    state: Mapping[str, Any],
    label: str,
    key: str,
    writes: bool,
    on_asked: Callable[[Mapping[str, Any]], None],
    door: bool = False,
) -> None:
    """Draw the machine in the `state` given; its parts come by `machine_part`.

    `label` says what there is to be seen, for those who do not see it; `writes` that the model
    writes on. `on_asked(look)` is called with what the reader changes. A `door` has no controls
    beside it: it is clicked into.
    """
    number = f"{key}-answered"

    def asked() -> None:
        # What a browser sends is input like any other: whoever takes it reads it with care.
        sent = st.session_state[key].get("asked")
        if not isinstance(sent, Mapping):
            return
        told = sent.get("number")
        given = float(told) if isinstance(told, int | float) else 0.0
        st.session_state[number] = int(given) if given.is_integer() else 0
        if isinstance(sent.get("look"), Mapping):
            on_asked(sent["look"])

    _COMPONENT(
        data={
            "machine": key,
            "state": dict(state),
            "label": label,
            "writes": writes,
            "door": door,
            "tours": not door,
            "answered": st.session_state.get(number, 0),
        },
        key=key,
        on_asked_change=asked,
    )
