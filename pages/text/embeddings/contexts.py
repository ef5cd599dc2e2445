"""What the figures of In context share: the sentences, the word, and examples that a model has."""

from collections.abc import Callable
from typing import Any

from components.inspection.embeddings.in_context import EXTRA_PASSES, WordInContext
from components.inspection.embeddings.occurrences import first_whole
from components.lesson import Ask
from components.widgets import running
from components.widgets.markup import coded
from components.widgets.presets import examples

OFFERS = {
    "Bank: money, river": (
        ("He went to the bank to deposit money", "She sat on the river bank"),
        "bank",
    ),
    "Play: a game, a theatre": (
        (
            "They liked to play in the garden.",
            "The play was wonderful.",
            "Mary wanted to play by the lake.",
            "Yesterday the play was boring.",
        ),
        "play",
    ),
    "Apple: a fruit, a company": (
        (
            "She ate an apple after lunch",
            "He bought a computer made by Apple",
            "An apple fell from the tree",
        ),
        "apple",
    ),
    "Orange: what follows decides": (
        ("Tom had a red cup and an orange", "Tom had a red cup and an orange kite"),
        "orange",
    ),
    "One sentence, two positions": (("The dog saw the cat. The cat saw the dog",), "dog"),
}
"""Sentences and the word that is looked at; a view begins with the first whose word is whole."""
EXAMPLES = {
    name: {"contexts": "\n".join(sentences), "in_context": word}
    for name, (sentences, word) in OFFERS.items()
}


def asked(ask: Ask) -> tuple[tuple[str, ...], str]:
    """Ask for the sentences and the word."""
    start = list(EXAMPLES.values())[ask.consult(first_whole, tuple(OFFERS.values()))]
    hint = "One on each line. Every place where the word stands is taken."
    with ask.tucked("Your sentences"):
        written = ask.text(
            "Sentences", "contexts", start["contexts"], lines=6, most=6_000, hint=hint
        )
    word = ask.text("Word", "in_context", start["in_context"], most=80, wide=110)
    examples(ask, EXAMPLES)
    return tuple(line.strip() for line in written.splitlines() if line.strip()), word.strip()


def read(ask: Ask, inspection: Callable[..., Any], *more: Any) -> Any:
    """Return `inspection(model, sentences, word, *more)`; what is long waits to be started.

    Raises:
        InspectionError: there is no sentence, or the word stands nowhere twice.
    """
    sentences, word = asked(ask)
    longest = max(sentences, key=len, default="a")
    cost = running.over(ask, longest, len(sentences) + EXTRA_PASSES)
    return running.inspected(ask, inspection, sentences, word, *more, cost=cost)


def pieces(found: WordInContext) -> str:
    """Say how the word is cut, where it is not one token everywhere."""
    cut = {one.pieces for one in found.found}
    if len(cut) == 1 and len(next(iter(cut))) == 1:
        return ""
    ways = "; ".join(" ".join(map(coded, each)) for each in sorted(cut))
    return (
        f" The word is not the same one token everywhere (it is {ways}): of several, the mean of "
        "their vectors is taken."
    )


def direction(found: WordInContext) -> str:
    """Say what a word can know of its sentence."""
    if found.one_way:
        return (
            " This model reads one way: a word knows what stands before it and nothing of what "
            "follows, so after the same beginning it is the same vector."
        )
    return " This model reads both ways: what follows a word changes its vector too."
