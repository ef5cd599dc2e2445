"""Glossary: the field's words in plain ones, and where each is seen."""

import streamlit as st

from components import glossary
from components.widgets import apparatus, settled

MOST_TEXT = 60

apparatus.head("Glossary")
st.markdown(
    "The field's words, as papers, courses and tools use them. Each page lists below its figure "
    "those that it needs."
)
wanted = st.text_input(
    "Find", max_chars=MOST_TEXT, width=420, **settled.text("find", "Find", "", MOST_TEXT)
)
apparatus.correct("find")
rows = [
    f"- **{term}**: {plain}."
    for term, plain in glossary.TERMS.items()
    if wanted.strip().lower() in f"{term} {plain}".lower()
]
st.markdown("\n".join(rows) or "No word of this list has that in it.", width=900)
