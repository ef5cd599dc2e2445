"""Queries to search the bundled set with: what it answers, and what it does not."""

from collections.abc import Sequence
from typing import Final

from components.inspection.embeddings.keywords import marked
from components.widgets.markup import literal

FIRST: Final = "Who fractured a limb?"
ANSWERED: Final = {
    "When does the boat to Poland leave?": ("The boat to Poland leaves on Wednesday.",),
    "What does the clock cost?": ("The clock costs ten coins, and the shell costs more.",),
    "How long was the journey to Thailand?": ("Our trip to Thailand took four days.",),
    FIRST: (
        "Adam broke his leg and went to the doctor.",
        "Noah broke his arm and went to the doctor.",
    ),
    "Which reptile gave birth?": ("The farmer's snake had a lovely baby.",),
    "Who purchased an instrument?": ("Ruth bought a guitar for eight coins at the shop.",),
}
"""Each with the sentences of the bundled set that answer it."""
NEAR: Final = (
    "When does the boat to Greece leave?",
    "Which town is the capital of Peru?",
    "Who broke a window?",
)
"""No sentence of the bundled set answers these, though some are about something alike."""
FAR: Final = ("What is the mass of the moon?", "How do I reset my password?", "Who wrote Hamlet?")
"""Nor these, and nothing there is like them."""


def in_bold(text: str, words: Sequence[str]) -> str:
    """Return a sentence as Markdown, letter by letter, with some words in bold.

    >>> in_bold("The *dog* barks", ("dog",))
    'The \\\\***dog**\\\\* barks'
    """
    pieces = marked(text[:300], tuple(words))
    return "".join(f"**{literal(piece)}**" if among else literal(piece) for piece, among in pieces)
