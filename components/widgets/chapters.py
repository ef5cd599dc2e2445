"""The table of contents: every page, its chapter, and what is to be seen there."""

from dataclasses import dataclass
from typing import Final

import streamlit as st
from streamlit.navigation.page import StreamlitPage


@dataclass(frozen=True)
class Lesson:
    """One page: its file below `pages/`, its title, and one sentence for the home page."""

    path: str
    title: str
    shows: str

    @property
    def page(self) -> StreamlitPage:
        """The page as Streamlit knows it."""
        return st.Page(f"pages/{self.path}", title=self.title, default=self is HOME)


HOME: Final = Lesson("about/home.py", "Home", "What there is to see.")
CHAPTERS: Final[dict[str, tuple[Lesson, ...]]] = {
    "Text": (
        Lesson(
            "text/tokenizer.py",
            "Tokenizer tour",
            "How a text is cut into tokens: yours, a file's, and by other tokenizers.",
        ),
    ),
    "Inside": (
        Lesson(
            "inside/attention.py",
            "Attention",
            "Where every head looks, what kind of head it is, and each step to a weight.",
        ),
        Lesson(
            "inside/attribution/attribution.py",
            "Attribution",
            "Which words of the prompt made the answer, by seven methods, and whether they hold.",
        ),
        Lesson(
            "inside/positions/positions.py",
            "Positions",
            "How a model tells order: its queries and keys turning like clocks, as you drag.",
        ),
    ),
    "Output": (
        Lesson(
            "output/sampling.py",
            "Sampling playground",
            "How temperature and top-p reshape the next-token distribution, as you drag.",
        ),
        Lesson(
            "output/kv_cache.py",
            "Key-value cache",
            "What keeping keys and values saves, measured step by step, and what it costs.",
        ),
    ),
    "About": (
        Lesson(
            "about/self_check.py",
            "Self-check",
            "Can these numbers be believed? Every premise and check, on the loaded model.",
        ),
    ),
}


def navigation() -> dict[str, list[StreamlitPage]]:
    """Return the pages by chapter, as `st.navigation` takes them."""
    return {"": [HOME.page]} | {
        chapter: [lesson.page for lesson in lessons] for chapter, lessons in CHAPTERS.items()
    }
