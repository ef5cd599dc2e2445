"""Lesson: attribution. Which words of the text made the model give this answer?"""

import streamlit as st

from components import engine
from components.widgets import address, frame
from components.widgets.attribution.attention_view import attention_view
from components.widgets.attribution.controls import ask
from components.widgets.attribution.examples import examples
from components.widgets.attribution.holds_view import holds_view
from components.widgets.attribution.methods_view import methods_view
from components.widgets.attribution.phrase_view import phrase_view
from components.widgets.attribution.words_view import words_view

WORDS, METHODS, HOLDS = "Which words", "Side by side", "Does it hold?"
ATTENTION, PHRASE = "Attention beside it", "A phrase"
VIEWS = {
    WORDS: "A model gives an answer; which words of the prompt made it? Each gets a **score**: how "
    "far it moved the answer, up or down, from a prompt that says nothing.",
    METHODS: "There are many ways to share out an answer, and they need not agree. Here they stand "
    "one above the other.",
    HOLDS: "A test: take away first what a method calls most important. If it is right, the answer "
    "falls at once.",
    ATTENTION: "Attention weights are often read as an explanation. Are the words that were looked "
    "at those that counted?",
    PHRASE: "Let the model write on, and see for each token it wrote which token of the prompt "
    "made it likely.",
}

st.title("Attribution")
address.warn_unless_one_of("view", list(VIEWS))
view = st.segmented_control(
    "What to look at",
    list(VIEWS),
    default=WORDS,
    required=True,
    key="view",
    bind="query-params",
    label_visibility="collapsed",
)
words, more = st.columns([5, 1], vertical_alignment="center")
words.markdown(VIEWS[view or WORDS])
choice = frame.chosen_model()
with more:
    examples(engine.facts(choice).kind == "classifier")
with frame.explained():
    if view == PHRASE:
        phrase_view(choice, frame.prompt())
    else:
        asked = ask(choice, frame.prompt())
        match view:
            case "Side by side":
                methods_view(choice, *asked)
            case "Does it hold?":
                holds_view(choice, *asked)
            case "Attention beside it":
                attention_view(choice, *asked)
            case _:
                words_view(choice, *asked)
