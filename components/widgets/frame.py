"""The sidebar that all pages share: one prompt, one model."""

from typing import Final

import streamlit as st

from components.widgets import models, settled
from components.widgets.listed import line, listing
from components.widgets.markup import literal

SAMPLES: Final = {
    "Who gets the drink?": "When Mary and John went to the shop, Mary gave a drink to",
    "An open end": "Once upon a time there was a",
    "A capital": "The capital of France is",
    "A story": "Once upon a time there was a little fox named Leo.",
    "Far-off verb": "The keys near the castle",
    "Counting": "one, two, three, four, five,",
    "A feeling": "This restaurant is awesome.",
    "Said twice": "lamp river cake moon garden bell lamp river cake moon",
    "Who is tired?": "The dog chased the squirrel because it",
}
"""Prompts that teach with the bundled model."""
FROM_BOOKS: Final = (
    "The Shawshank",
    "I am driving a",
    "When a measure becomes a",
    "This movie was a very",
    "The quick brown fox jumps over the lazy dog",
    "What is the capital of France?",
)
"""Prompts of well-known books and courses on transformers, for models that have read the world."""
MOST_PROMPT: Final = 100_000
"""Characters that the prompt box takes."""

_EXAMPLE: Final = "prompt-that-nobody-wrote"
_HELD: Final = "prompt-to-go-on-with"
_LIST: Final = "samples-list"

_ENTER: Final = st.components.v2.component(
    "enter_applies",
    js="""
// Streamlit applies a text box at Ctrl+Enter. In the prompt's, Enter alone does it.
export default () => {
  const applies = (event) => {
    const box = event.target
    if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.metaKey) return
    if (event.isComposing || !box.closest?.(".st-key-prompt")) return
    event.preventDefault()
    const keys = { key: "Enter", code: "Enter", ctrlKey: true, bubbles: true, cancelable: true }
    box.dispatchEvent(new KeyboardEvent("keydown", keys))
  }
  document.addEventListener("keydown", applies, true)
  return () => document.removeEventListener("keydown", applies, true)
}
""",
)


def sidebar(example: str) -> None:
    """Draw the prompt box and the model picker, and leave a place at the head of the page.

    `example` is the prompt that the page opens on, until the reader writes one.
    """
    head = st.empty()
    with st.sidebar:
        _prompt_box(example)
        models.ask(head)
        _ENTER(key="enter-applies", height="content")


def prompt() -> str:
    """Return the prompt that all pages share."""
    return st.session_state.get("prompt") or ""


def keep_prompt() -> None:
    """Let the next page open on this prompt, though nobody wrote it, and not on its own example."""
    st.session_state[_HELD] = prompt()


def _prompt_box(example: str) -> None:
    if st.session_state.get("prompt", "") == st.session_state.get(_EXAMPLE):
        st.session_state["prompt"] = example
    st.session_state[_EXAMPLE] = example
    kept = settled.text("prompt", "Prompt", example, MOST_PROMPT)
    if _HELD in st.session_state:
        st.session_state["prompt"] = st.session_state.pop(_HELD)
    st.text_area(
        "Prompt",
        example,
        height=120,
        max_chars=MOST_PROMPT,
        **kept,
        help="Every page looks at the model reading this text. Enter applies it, Shift+Enter "
        "breaks the line.",
    )
    for sentence in settled.corrections(["prompt"]):
        st.caption(literal(sentence))
    if kept["bind"] is None:
        st.caption(
            f"{len(prompt()):,} characters: too long for a link, so it stays in this session."
        )
    with listing(st.popover("Sample prompts", width="stretch", key=_LIST, on_change="rerun")):
        for name, text in SAMPLES.items():
            line(name, text, f"sample-{name}", _take, text)
        st.caption("From well-known books, for models that have read more than stories:")
        for text in FROM_BOOKS:
            line(text, "", f"sample-{text}", _take, text)


def _take(text: str) -> None:
    # A widget's value can only be set from outside through its key.
    st.session_state["prompt"], st.session_state[_LIST] = text, False
