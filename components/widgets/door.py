"""From the drawing on the home page into that of the forward pass: what was clicked goes along.

Imported by the first page, so without the libraries that a model needs.
"""

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

CLICKED: Final = "clicked-on-the-home-page"


def click(look: Mapping[str, Any]) -> None:
    """Keep what was clicked; a page can only be changed while the script runs."""
    st.session_state[CLICKED] = look


def clicked() -> bool:
    """Say whether something was clicked that no page has shown yet."""
    return CLICKED in st.session_state


def taken() -> Mapping[str, Any]:
    """Return what was clicked, once."""
    look: Mapping[str, Any] = st.session_state.pop(CLICKED, {})
    return look
