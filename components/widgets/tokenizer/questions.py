"""Things to try, each with a prediction asked for before the answer is computed."""

from dataclasses import dataclass
from typing import Final

import streamlit as st

from components.widgets.markup import literal
from components.widgets.tokenizer.cells import show_cut
from components.widgets.tokenizer.holder import Asked


@dataclass(frozen=True)
class Question:
    """A guess about how a text is cut."""

    asks: str
    text: str
    in_sentence: bool
    """It stands behind another word, and so has a space before it."""
    lesson: str
    """What to take from the answer, true whatever it is."""


ABOUT_TOKENS: Final = (
    Question(
        "How many tokens is ` hiking`, with the space that it has in a sentence?",
        "hiking",
        True,
        "Now try it without the space, at the start of a text: many tokenizers have the word only "
        "with its space, and must build it from pieces otherwise.",
    ),
    Question(
        "How many tokens is the one character 🎵?",
        "🎵",
        False,
        "It is four bytes in UTF-8. Where the vocabulary has no token for a character, it is "
        "spelled in bytes, or lost as unknown.",
    ),
    Question(
        "How many tokens is `CAPITALIZATION`?",
        "CAPITALIZATION",
        False,
        "The same word in small letters is another word to most tokenizers, and a more common one.",
    ),
)
CHOICES: Final = ("1", "2", "3", "4", "5", "6 or more")


def about_tokens(asked: Asked) -> None:
    """Ask the questions about tokens; each answer is computed once a guess is made."""
    st.subheader("Guess, then look")
    for number, (column, question) in enumerate(
        zip(st.columns(len(ABOUT_TOKENS), gap="medium"), ABOUT_TOKENS, strict=True)
    ):
        with column.container(border=True):
            _ask(asked, question, f"question-{number}")


def _ask(asked: Asked, question: Question, key: str) -> None:
    from components.inspection.tokenizer.cutting import cut, cut_in_sentence

    guess = st.segmented_control(question.asks, CHOICES, key=key)
    if guess is None:
        return
    found = asked.ask(
        cut_in_sentence if question.in_sentence else cut, question.text, 0, 100, False
    )
    right = guess == (str(found.total) if found.total < 6 else CHOICES[-1])
    st.markdown(
        f"{'**Right**' if right else '**Not quite**'}: **{found.total}** for "
        f"{literal(asked.title)}."
    )
    show_cut(found, f"{key}-strip")
    st.caption(question.lesson)
