"""View: what a tokenizer makes of a text, in numbers."""

import pandas as pd

from components.figures.tokenizer import counted_tokens, length_histogram
from components.figures.tokenizer_tables import counted_table
from components.inspection.tokenizer.statistics import CountedToken, TextStatistics
from components.lesson import Ask, Predict, Shown, View
from pages.text.tokenizer.context_windows import CONTEXT_WINDOWS
from pages.text.tokenizer.counts import Counted, shown, statistics

ANSWERS = ("under a quarter", "a quarter to a half", "over a half")


def lengths(ask: Ask) -> Shown:
    counted = statistics(ask)
    found = counted[0]
    return shown(
        counted,
        length_histogram(found),
        f"Number of tokens by length in bytes, of {found.of_text:,}.",
        "",
        "A bar says how many tokens of the text write so many bytes; special ones are left out.",
        lambda: pd.DataFrame({"bytes": range(len(found.lengths)), "tokens": found.lengths}),
        question(found),
    )


def frequent(ask: Ask) -> Shown:
    counted = statistics(ask)
    says = "The most frequent tokens and how often they are"
    return listing(counted, counted[0].frequent, "count", says)


def longest(ask: Ask) -> Shown:
    counted = statistics(ask)
    says = "The longest tokens that occur, in bytes"
    return listing(counted, counted[0].longest, "length", says)


def listing(counted: Counted, tokens: tuple[CountedToken, ...], by: str, says: str) -> Shown:
    most = max((getattr(token, by) for token in tokens), default=0)
    return shown(
        counted,
        counted_tokens(tokens, by),
        f"{says}; the first: {most:,}.",
        "",
        f"{says}. `·` stands for a space, ⟨E2⟩ for a byte that is no character by itself.",
        lambda: counted_table(tokens),
        question(counted[0]),
    )


def question(found: TextStatistics) -> Predict:
    """Ask how much of the text the twenty most frequent tokens are."""
    listed = sum(token.count for token in found.frequent) / max(found.tokens, 1)
    return Predict(
        "What share of all tokens are the twenty most frequent ones?",
        ANSWERS,
        ANSWERS[(listed >= 0.25) + (listed > 0.5)],
        f"{listed:.0%}, with {found.distinct:,} distinct tokens in the text.",
    )


VIEW = View(
    "How many tokens is a text, how long are they, and does it fit what a model reads at once?",
    kind="Count",
    kinds={
        "Length": View("", lengths),
        "Context windows": CONTEXT_WINDOWS,
        "Frequent": View("", frequent),
        "Longest": View("", longest),
    },
)
