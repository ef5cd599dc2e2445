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
    example: str = "When Mary and John went to the shop, Mary gave a drink to"
    """The prompt that the page opens on, until the reader writes one: it shows what is taught."""

    @property
    def page(self) -> StreamlitPage:
        """The page as Streamlit knows it."""
        return st.Page(f"pages/{self.path}", title=self.title, default=self is HOME)


OPEN: Final = "Once upon a time there was a"
"""The bundled model hesitates: its next token has an entropy of 2.6 bits."""
CAPITAL: Final = "The capital of France is"
"""The bundled model answers it, and makes up its mind late."""
HOME: Final = Lesson("about/home.py", "Home", "What there is to see.", OPEN)
FORWARD_PASS: Final = Lesson(
    "inside/forward_pass/forward_pass.py",
    "Forward pass",
    "The whole machine in one drawing, from the prompt to the next token.",
)
GLOSSARY: Final = Lesson("about/glossary.py", "Glossary", "The field's words, in plain ones.")
CHAPTERS: Final[dict[str, tuple[Lesson, ...]]] = {
    "Text": (
        Lesson(
            "text/tokenizer/tokenizer.py",
            "Tokenizer tour",
            "How a text is cut into tokens, by merging, longest match or best path.",
        ),
        Lesson(
            "text/embeddings/embeddings.py",
            "Embeddings",
            "Vectors of tokens, words and sentences: maps that mislead, neighbours, search, "
            "clusters.",
            "The dog saw the cat. The cat saw the dog",
        ),
    ),
    "Inside": (
        FORWARD_PASS,
        Lesson(
            "inside/attention/attention.py",
            "Attention",
            "Where every head looks, what kind of head it is, and each step to a weight.",
        ),
        Lesson(
            "inside/layers/layers.py",
            "Layers",
            "What each layer adds to the stream, what the model would say there, and why.",
            CAPITAL,
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
        Lesson(
            "inside/architecture/architecture.py",
            "Architecture",
            "What a network is made of: every module, its weights, its work, its shapes.",
            CAPITAL,
        ),
    ),
    "Output": (
        Lesson(
            "output/sampling/sampling.py",
            "Sampling playground",
            "How temperature and top-p reshape the next-token distribution, as you drag.",
            OPEN,
        ),
        Lesson(
            "output/kv_cache/kv_cache.py",
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
        GLOSSARY,
    ),
}


def navigation() -> dict[str, list[StreamlitPage]]:
    """Return the pages by chapter, as `st.navigation` takes them."""
    return {"": [HOME.page]} | {
        chapter: [lesson.page for lesson in lessons] for chapter, lessons in CHAPTERS.items()
    }


def example(page: StreamlitPage) -> str:
    """Return the prompt that a page opens on."""
    lessons = [HOME, *(lesson for chapter in CHAPTERS.values() for lesson in chapter)]
    return next(lesson.example for lesson in lessons if lesson.title == page.title)
