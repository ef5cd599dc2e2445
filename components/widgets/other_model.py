"""Another model, offered by name in the row of controls."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components.inspection.catalogue import HubModel
from components.widgets.row import Row


def take_button(row: Row, model: HubModel, short: str) -> None:
    """Offer `model` as a button: pressed, it is the one that is looked at.

    The button has its `short` name, so that it finds room in the row; a pointer reads the whole.
    """

    def take() -> None:
        # A widget's value can only be set from outside through its key.
        st.session_state["model"] = model.source

    def draw(place: DeltaGenerator) -> None:
        key = f"{row.scope}-take-{model.name}"
        place.button(f"Take {short}", key=key, help=model.source, on_click=take)

    row.drawn(model.source, draw)
