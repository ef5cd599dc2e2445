"""What a view that draws its own page has to know of ours."""

import streamlit as st


def dark() -> bool:
    """Say whether the page is dark."""
    return st.context.theme.type == "dark"
