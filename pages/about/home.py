"""Home: the whole machine for the current prompt, live, and the lessons."""

import streamlit as st

from components import engine, importing
from components.widgets import apparatus, chapters, door, frame, models
from components.widgets.checks import show_checks
from components.widgets.explained import explained
from components.widgets.links import label
from components.widgets.markup import literal

apparatus.head("A transformer behind glass")
st.markdown(
    "A language model reads a text in pieces and, at the end, says how likely each possible "
    "next piece is. This is one at work on the **prompt** in the sidebar: change it and watch. "
    "**Click** into the drawing to look closer."
)
if door.clicked():
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

    found = at_home(choice, frame.prompt(), door.click)
    waiting.empty()
    checks = found.checks
    with explained():
        prediction = engine.inspect(inspection.predict, choice, frame.prompt())
        best, share = literal(repr(prediction.answers[0])), prediction.probabilities[0]
        st.caption(
            f"What comes next, by {literal(choice.name)}? The likeliest {prediction.asked} is "
            f"{best}, with {share:.1%}. Entropy {prediction.entropy:.2f} bits: like a fair choice "
            f"among {2**prediction.entropy:.1f} of its {prediction.choices:,} tokens."
        )
        checks = (*prediction.checks, *checks)
    if all(check.holds for check in checks):
        with st.popover(f":small[{label(checks)}]", type="tertiary"):
            show_checks(checks, choice, "Home")
    else:
        show_checks(checks, choice, "Home")
