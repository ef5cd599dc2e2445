"""Lesson: sampling. A model gives every token a probability; how is one of them taken?"""

import streamlit as st

from components.widgets import frame
from components.widgets.sampling.compare_view import compare_view
from components.widgets.sampling.draws_view import draws_view
from components.widgets.sampling.generate_view import generate_view
from components.widgets.sampling.perplexity_view import perplexity_view
from components.widgets.sampling.reshape_view import reshape_view

VIEWS = {
    "Reshape": reshape_view,
    "Generate": generate_view,
    "Compare": compare_view,
    "Draws": draws_view,
    "Perplexity": perplexity_view,
}
WORDS = {
    "Reshape": """
A model never says a word: it gives **every** token a probability, and a recipe takes one. Drag, and
watch the recipe at work on the model's real logits.
""",
    "Generate": """
Token after token, a text is drawn. **Click any token** to see why it was taken; take another one
instead, and go on from there.
""",
    "Compare": """
Take the best token each time (greedy), keep a few *beams* of the best texts, or draw: three ways to
write on from the same prompt.
""",
    "Draws": """
Draw the next token many times. The counts should come out as the probabilities say, and a test
tells whether they do.
""",
    "Perplexity": """
Turn it around: given a text, how surprised was the model by each of its tokens? The more orange,
the less it was expected.
""",
}

st.title("Sampling playground")
view = st.segmented_control(
    "What to look at",
    list(VIEWS),
    default="Reshape",
    required=True,
    key="view",
    bind="query-params",
    label_visibility="collapsed",
)
st.markdown(WORDS[view])
choice = frame.chosen_model()
with frame.explained():
    VIEWS[view](choice, frame.prompt())
