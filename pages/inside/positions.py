"""Lesson: positions. How does a model know which word came first?"""

import streamlit as st

from components.widgets import address, frame
from components.widgets.positions.frequencies_view import frequencies_view
from components.widgets.positions.order_view import order_view
from components.widgets.positions.others_view import others_view
from components.widgets.positions.packing_view import packing_view
from components.widgets.positions.relative_view import relative_view
from components.widgets.positions.rotation_view import rotation_view
from components.widgets.positions.stretch_view import stretch_view

VIEWS = {
    "Rotation": (
        (
            "Attention by itself sees a set of words. Most models of today tell order by "
            "**turning** queries and keys: two numbers at a time, like hands of clocks, further "
            "for each position (RoPE). These are a real query and a real key. Drag them."
        ),
        rotation_view,
    ),
    "Relative": (
        (
            "Move two tokens together and their score stays: only the **distance** counts. So a "
            "model with RoPE reads a text alike wherever it begins."
        ),
        relative_view,
    ),
    "Frequencies": (
        (
            "Each pair turns at its own speed: the first once in six positions, the last perhaps "
            "never in the whole context."
        ),
        frequencies_view,
    ),
    "Stretching": (
        (
            "Past the trained length, slow hands point where they never pointed before. Six ways "
            "to slow them down, as transformers computes them, tried on the loaded model."
        ),
        stretch_view,
    ),
    "Other ways": (
        "Waves or learned vectors added to the tokens, a toll on distance, or nothing at all.",
        others_view,
    ),
    "Word order": (
        (
            "Shuffle the words and see whose output changes, with positions and without, with a "
            "causal mask and without."
        ),
        order_view,
    ),
    "Packing": (
        "Short documents waste a long context. Put several into one row: what keeps them apart?",
        packing_view,
    ),
}

st.title("Positions")
address.warn_unless_one_of("show", list(VIEWS))
view = st.segmented_control(
    "What to look at",
    list(VIEWS),
    default="Rotation",
    required=True,
    key="show",
    bind="query-params",
    label_visibility="collapsed",
)
words, show = VIEWS[view or "Rotation"]
st.markdown(words)
choice = frame.chosen_model()
with frame.explained():
    show(choice, frame.prompt())
