"""The layer and the head that are chosen on all pages: which, and how a click chooses others.

The widgets stand on other views, so they can only be set from outside, through their keys.
"""

from collections.abc import Sequence

import streamlit as st

from components.widgets import settled
from components.widgets.row import Row


def chosen(row: Row, layers: Sequence[int], heads: Sequence[int]) -> tuple[int, int]:
    """Return the layer and head that other views show, or the first of `layers` and `heads`."""
    row.tells("layer", "head")
    return _chosen("layer", layers), _chosen("head", heads)


def _chosen(name: str, there: Sequence[int]) -> int:
    labels = [str(each) for each in there]
    if name not in st.session_state:
        settled.one_of(name, name.capitalize(), labels, labels[0])
    asked = str(st.session_state.get(name, st.query_params.get(name, labels[0])))
    if asked not in labels:
        return there[0]
    # The key must be there one run before a click changes it: only then does Streamlit write the
    # change into the address.
    st.session_state.setdefault(name, asked)
    return there[labels.index(asked)]


def open_head(view: str, layer: int, head: int) -> None:
    """Choose `layer` and `head`, and the view called `view`, while a click is answered."""
    st.session_state["layer"], st.session_state["head"] = str(layer), str(head)
    st.session_state["view"] = view
