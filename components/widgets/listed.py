"""A list that opens, of things to take: a name, and what it is, a line each."""

from collections.abc import Callable
from typing import Any, Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components.widgets.markup import literal

WIDTH: Final = 480
"""Pixels; what is longer is cut, and shown whole under the pointer."""


def listing(opened: DeltaGenerator) -> DeltaGenerator:
    """Return the place of the lines in `opened`, a popover."""
    return opened.container(gap=None, width=WIDTH)


def line(name: str, says: str, key: str, take: Callable[..., None], *args: Any) -> None:
    """Draw one line; `take(*args)` is called when it is pressed."""
    st.button(
        f"**{literal(name)}**" + (f"  :small[:gray[{literal(says)}]]" if says else ""),
        key=key,
        type="tertiary",
        wrap=False,
        on_click=take,
        args=args,
    )
