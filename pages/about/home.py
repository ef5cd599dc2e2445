"""Home: what there is to see, and the current prompt's prediction, live."""

import streamlit as st

from components import engine
from components.figures.visible import visible
from components.widgets import apparatus, chapters, frame, models
from components.widgets.bars import bars
from components.widgets.checks import show_checks
from components.widgets.explained import explained
from components.widgets.markup import literal

apparatus.head("A transformer behind glass")
st.markdown(
    "A language model reads a text in pieces and, at the end, says how likely each possible "
    "next piece is. Change the **prompt** in the sidebar and watch. Every number here is "
    "computed by the model while you look."
)

prediction_side, pages_side = st.columns([3, 2], gap="large")
with pages_side.container(border=True, gap=None):
    for chapter, lessons in chapters.CHAPTERS.items():
        st.caption(chapter.upper())
        for lesson in lessons:
            st.page_link(lesson.page, label=f"**{lesson.title}**", help=lesson.shows)
            st.markdown(f":small[{lesson.shows}]")

with prediction_side, explained():
    choice = models.chosen()
    from components.inspection import prediction as inspection

    prediction = engine.inspect(inspection.predict, choice, frame.prompt())
    st.subheader(f"What comes next? The {prediction.asked}, by {literal(choice.name)}")
    asked_at = prediction.tokens[prediction.place] if prediction.asked == "masked token" else "___"
    shown = frame.prompt()[-300:]
    if engine.facts(choice).kind == "seq2seq":
        shown += f"\n→ {asked_at}"  # the answer begins anew
    elif prediction.asked == "next token" or (
        prediction.asked == "masked token" and asked_at not in frame.prompt()
    ):
        shown += f" {asked_at}"
    # As it is written: a prompt is no Markdown.
    st.text(shown)
    top, share = visible(prediction.answers[0]), prediction.probabilities[0]
    bars(
        prediction.answers,
        prediction.probabilities.tolist(),
        f"The likeliest {prediction.asked} is '{top}' with probability {share:.1%}.",
        key="home-bars",
    )
    st.caption(
        f"The {len(prediction.answers)} likeliest of {prediction.choices:,} hold "
        f"{prediction.probabilities.sum():.1%} of the probability. Entropy "
        f"{prediction.entropy:.2f} bits, perplexity {2**prediction.entropy:.1f}: like a fair "
        f"choice among {2**prediction.entropy:.1f} tokens."
    )
    show_checks(prediction.checks, choice, "Home")
