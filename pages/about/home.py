"""Home: the whole machine for the current prompt, live, and the lessons."""

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from components import engine, importing
from components.widgets import apparatus, chapters, frame, models
from components.widgets.checks import show_checks
from components.widgets.explained import explained
from components.widgets.links import label
from components.widgets.markup import literal

# Under this the session keeps what was clicked: the forward pass opens there.
DOOR: Final = "door"


def opened(look: Mapping[str, Any]) -> None:
    """Remember what was clicked; a page can only be changed while the script runs."""
    st.session_state[DOOR] = look


apparatus.head("A transformer behind glass")
st.markdown(
    "A language model reads a text in pieces and, at the end, says how likely each possible "
    "next piece is. This is one at work on the **prompt** in the sidebar: change it and watch. "
    "**Click** into the drawing to look closer."
)
if DOOR in st.session_state:
    frame.keep_prompt()
    st.switch_page(chapters.FORWARD_PASS.page)

drawing = st.container()
for chapter, column in zip(chapters.CHAPTERS, st.columns(len(chapters.CHAPTERS)), strict=True):
    with column.container(gap=None):
        st.caption(chapter.upper())
        for lesson in chapters.CHAPTERS[chapter]:
            st.page_link(lesson.page, label=f"**{lesson.title}**", help=lesson.shows)
            st.markdown(f":small[{lesson.shows}]")

with drawing, explained():
    waiting = st.empty()
    if not importing.imported():
        waiting.skeleton(height=420)
    choice = models.chosen()
    from components.inspection import prediction as inspection
    from components.widgets.machine.at_home import at_home

    prediction = engine.inspect(inspection.predict, choice, frame.prompt())
    waiting.empty()
    at_home(choice, frame.prompt(), opened)
    best, share = literal(repr(prediction.answers[0])), prediction.probabilities[0]
    st.caption(
        f"What comes next, by {literal(choice.name)}? The likeliest {prediction.asked} is {best}, "
        f"with {share:.1%}. Entropy {prediction.entropy:.2f} bits: like a fair choice among "
        f"{2**prediction.entropy:.1f} of its {prediction.choices:,} tokens."
    )
    if all(check.holds for check in prediction.checks):
        with st.popover(f":small[{label(prediction.checks)}]", type="tertiary"):
            show_checks(prediction.checks, choice, "Home")
    else:
        show_checks(prediction.checks, choice, "Home")
