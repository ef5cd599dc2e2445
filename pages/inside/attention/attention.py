"""Lesson: attention. Which tokens does each head read, and how does it come to that?"""

import streamlit as st

from components.widgets import address, frame
from components.widgets.attention.bertviz_view import bertviz_view
from components.widgets.attention.choices import choose_reading
from components.widgets.attention.head_view import head_view
from components.widgets.attention.heads_view import heads_view
from components.widgets.attention.masks_view import masks_view
from components.widgets.attention.steps_view import steps_view
from components.widgets.attention.writing_view import writing_view

VIEWS = {
    "All heads": (
        (
            "Every **head** of every layer decides, for each token, how to share out one unit of "
            "attention among the tokens it may read. Which heads look back by one, which rest on "
            "the first token, which go to where a word stood before?"
        ),
        heads_view,
    ),
    "One head": (
        (
            "One head, in numbers: the token on the left reads the tokens on top. Every row "
            "shares out 100%."
        ),
        head_view,
    ),
    "BertViz": (
        "The same weights as lines between tokens, as the BertViz package draws them.",
        bertviz_view,
    ),
    "Step by step": (
        (
            "How a weight comes about: a query meets every key, the products are scaled, hidden "
            "where they may not be seen, made into shares, and used to mix the values."
        ),
        steps_view,
    ),
    "While writing": (
        "The model writes on, the likeliest token each time. Watch where it looks before each one.",
        writing_view,
    ),
    "Masks and sharing": (
        "Not every token may read every other, and not every head has keys and values of its own.",
        masks_view,
    ),
}

st.title("Attention")
address.warn_unless_one_of("view", list(VIEWS))
view = st.segmented_control(
    "What to look at",
    list(VIEWS),
    default="All heads",
    required=True,
    key="view",
    bind="query-params",
    label_visibility="collapsed",
)
words, show = VIEWS[view or "All heads"]
st.markdown(words)
choice = frame.chosen_model()
with frame.explained():
    show(choose_reading(choice, frame.prompt()))
