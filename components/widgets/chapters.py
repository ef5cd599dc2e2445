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
    "Output": (
        Lesson(
            "output/sampling.py",
            "Sampling playground",
            "How temperature and top-p reshape the next-token distribution, as you drag.",
        ),
    ),
}


def navigation() -> dict[str, list[StreamlitPage]]:
    """Return the pages by chapter, as `st.navigation` takes them."""
    return {"": [HOME.page]} | {
        chapter: [lesson.page for lesson in lessons] for chapter, lessons in CHAPTERS.items()
    }
