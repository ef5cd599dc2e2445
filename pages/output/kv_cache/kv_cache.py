"""Lesson: the key-value cache. What does it save, what does it cost, and is it exact?"""

import streamlit as st

from components.widgets import address, frame
from pages.output.kv_cache.cache_types import kinds_view
from pages.output.kv_cache.contents import contents_view
from pages.output.kv_cache.logits import agreement_view
from pages.output.kv_cache.memory_planner import planner_view
from pages.output.kv_cache.roofline import work_view
from pages.output.kv_cache.timing import timing_view

VIEWS = {
    "Measured": timing_view,
    "The same answer": agreement_view,
    "What is in it": contents_view,
    "Kinds of cache": kinds_view,
    "Where the time goes": work_view,
    "Memory planner": planner_view,
}
WORDS = {
    "Measured": "To write a token, a model needs the **keys** and **values** of all tokens before "
    "it. It can compute them anew each time, or keep them: the key-value cache. Here both are "
    "measured.",
    "The same answer": "A cache must change nothing but the time. Step by step, the logits with it "
    "are compared with those of a full pass without.",
    "What is in it": "Most models keep one key and one value for each token, layer and key-value "
    "head: rows of numbers that are written once and then only read.",
    "Kinds of cache": "A cache can take its room at once, forget, or round what it keeps. The same "
    "text is written with each kind that transformers offers.",
    "Where the time goes": "With the cache most positions are never computed again. Yet the time "
    "saved is far less than the positions saved. Here is why.",
    "Memory planner": "The cache costs memory, more with every token and every reader. Will a "
    "model, its cache and its working memory fit on a GPU?",
}

st.title("Key-value cache")
address.warn_unless_one_of("kv_view", list(VIEWS))
view = st.segmented_control(
    "What to look at",
    list(VIEWS),
    default="Measured",
    required=True,
    key="kv_view",
    bind="query-params",
    label_visibility="collapsed",
)
view = view or "Measured"
st.markdown(WORDS[view])
choice = frame.chosen_model()
with frame.explained():
    VIEWS[view](choice, frame.prompt())
