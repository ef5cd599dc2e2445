"""Lesson: tokens. How is a text cut into the pieces that a model reads?"""

import streamlit as st

from components.widgets import address, frame
from components.widgets.tokenizer import compare_view, questions, statistics_view
from components.widgets.tokenizer.holder import choose_tokenizer, show_facts
from components.widgets.tokenizer.special_view import special_view
from components.widgets.tokenizer.steps_view import steps_view
from components.widgets.tokenizer.text import choose_text
from components.widgets.tokenizer.tokens_view import tokens_view
from components.widgets.tokenizer.train_view import train_view

TOKENS, STATISTICS, COMPARE = "Tokens", "Statistics", "Compare"
STEPS, TRAIN, SPECIAL = "Step by step", "Train your own", "Special tokens"
VIEWS = (TOKENS, STATISTICS, COMPARE, STEPS, TRAIN, SPECIAL)

st.title("Tokenizer tour")
st.markdown(
    "A model does not read letters or words. A **tokenizer** first cuts the text into pieces "
    "from a fixed list, its *vocabulary*; each piece is a **token** with a number, its *id*. The "
    "ids are all that the model ever sees."
)

text_side, tokenizer_side = st.columns(2)
with text_side, frame.explained():
    chosen = None
    chosen = choose_text()
with tokenizer_side:
    asked = choose_tokenizer()
    show_facts(asked)

address.warn_unless_one_of("tok-view", VIEWS)
view = st.segmented_control(
    "Look at",
    VIEWS,
    default=TOKENS,
    required=True,
    key="tok-view",
    bind="query-params",
    label_visibility="collapsed",
)
if chosen is None:
    st.info("Choose a file above, and its tokens appear here.")
    st.stop()
if chosen.note:
    st.caption(chosen.note)

with frame.explained():
    match view:
        case "Tokens":
            tokens_view(asked, chosen)
            questions.about_tokens(asked)
        case "Statistics":
            from components.figures import tokenizer as figures

            found = statistics_view.counted(asked, chosen)
            statistics_view.show_numbers(found)
            lengths_side, windows_side = st.columns(2, gap="large")
            lengths_side.markdown("**How long the tokens are**")
            lengths_side.plotly_chart(
                figures.length_histogram(found), alt="Number of tokens by length in bytes"
            )
            windows_side.markdown("**Does it fit what a model reads at once?**")
            windows_side.plotly_chart(
                figures.window_fit(found.tokens, statistics_view.windows(found, asked.title)),
                alt=f"How {found.tokens:,} tokens fill the context windows of known models",
            )
            statistics_view.choose_chunks(found.tokens)
            statistics_view.show_lists(found)
            statistics_view.show_check(asked, chosen)
        case "Compare":
            from components.figures import tokenizer as figures

            comparison = compare_view.compared(chosen)
            if comparison and comparison.readings:
                st.plotly_chart(
                    figures.token_counts(comparison),
                    alt="Number of tokens by tokenizer, the fewest first",
                    config={"displayModeBar": False},
                )
                compare_view.show_readings(comparison, chosen)
            with st.expander("How each writes the numbers from 0 to 9,999"):
                grid, title = compare_view.numbers(asked)
                st.plotly_chart(figures.number_grid(grid, title), alt=title)
        case "Step by step":
            steps_view(asked)
        case "Train your own":
            train_view(chosen)
        case "Special tokens":
            special_view(asked)
