"""More for the row of controls: buttons that set controls."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components.widgets.listed import line, listing
from components.widgets.row import Row


def button(
    row: Row, label: str, sets: Mapping[str, Any], then: Callable[[], None] | None = None
) -> None:
    """Offer a button that sets controls by name; `then` is called when it is pressed."""

    def take() -> None:
        row.sets(sets)
        if then is not None:
            then()

    row.drawn(label, lambda place: place.button(label, key=f"{row.scope}-{label}", on_click=take))


def examples(row: Row, of: Mapping[str, Mapping[str, Any]], note: str = "") -> None:
    """Offer examples by name, in a list that opens: each sets the prompt, and controls by name."""

    def draw(place: DeltaGenerator) -> None:
        opened = place.popover("Examples", key=f"{row.key}-examples")
        with listing(opened):
            if note:
                st.caption(note)
            for name, sets in of.items():
                line(name, str(sets.get("prompt", "")), f"example-{name}", row.sets, sets)

    row.drawn("Examples", draw)
