"""What the page stands on: a dark screen, a phone's."""

import streamlit as st


def dark() -> bool:
    """Say whether the page is dark."""
    return st.context.theme.type == "dark"


def narrow() -> bool:
    """Say whether the reader holds a phone, as its browser says of itself."""
    return "Mobi" in (st.context.headers.get("User-Agent") or "")
