"""View: what a tokenizer makes of a text, in numbers."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from components.figures.tokenizer import counted_tokens, length_histogram, window_fit
from components.inspection.tokenizer.cutting import encoding_checks
from components.inspection.tokenizer.statistics import (
    CountedToken,
    TextStatistics,
    chunks,
    statistics_of,
)
from components.lesson import Ask, Predict, Shown, View
from pages.text.tokenizer import asking, code
from pages.text.tokenizer.asking import ChosenText, ChosenTokenizer, counted

WINDOWS = (
    ("BERT, GPT-1", 512),
    ("GPT-3", 2_048),
    ("Phi-3-mini", 4_096),
    ("Llama 3", 8_192),
    ("Mistral 7B v0.2", 32_768),
    ("Llama 3.1", 131_072),
)
"""Context lengths that models are published with, in tokens."""
ANSWERS = ("under a quarter", "a quarter to a half", "over a half")


def statistics(ask: Ask) -> tuple[TextStatistics, ChosenTokenizer, ChosenText]:
    chosen, read = asking.tokenizer(ask), asking.text(ask)
    encoded = asking.encoded(ask, chosen, read)
    return chosen.inspect(ask, statistics_of, read.text, encoded), chosen, read


def shown(
    ask: Ask, figure: Any, alt: str, told: str, read_: str, table: Callable[[], pd.DataFrame]
) -> Shown:
    """Return what all four figures owe alike."""
    found, chosen, read = statistics(ask)
    encoded = asking.encoded(ask, chosen, read)
    listed = sum(token.count for token in found.frequent) / max(found.tokens, 1)
    return Shown(
        figure,
        alt=alt,
        told=numbers(found) + told,
        checks=chosen.inspect(ask, encoding_checks, read.text, encoded),
        table=table,
        code=code.cutting(chosen.source, read, chosen.revision),
        read=f"{read_} A word is a run of characters that are not white space.",
        predict=Predict(
            "What share of all tokens are the twenty most frequent ones?",
            ANSWERS,
            ANSWERS[(listed >= 0.25) + (listed > 0.5)],
            f"{listed:.0%}, with {found.distinct:,} distinct tokens in the text.",
        ),
        tries="*Alice in Wonderland* as the text, then *Python code*: how long are the tokens?",
        facts={
            "tokens": found.of_text,
            "special": found.added,
            "distinct": found.distinct,
            "unknown": found.unknown,
        },
    )


def numbers(found: TextStatistics) -> str:
    special = f" ({found.added} special token{'s' * (found.added != 1)} added)" * (found.added > 0)
    rate = found.characters / max(found.seconds, 1e-9) / 1e6
    return (
        f"{counted(found.of_text, found.added)}{special}: **{found.characters_per_token:.2f}** "
        f"characters per token ({found.characters:,} characters), **{found.bytes_per_token:.2f}** "
        f"bytes ({found.bytes:,} in UTF-8); **{found.tokens_per_word:.2f}** tokens per word "
        f"({found.words:,} words), **{found.tokens_per_line:.1f}** per line with text "
        f"({found.lines:,}).  \n**{found.distinct:,} distinct tokens**, "
        f"{found.distinct / max(found.vocabulary, 1):.1%} of {found.vocabulary:,} in the "
        f"vocabulary; **{found.unknown:,} unknown tokens**."
        + (
            f" Tokenized in {found.seconds:.1f} s: {rate:.1f} million characters per second."
            if found.seconds > 0.5
            else ""
        )
    )


def lengths(ask: Ask) -> Shown:
    found, *_ = statistics(ask)
    return shown(
        ask,
        length_histogram(found),
        f"Number of tokens by length in bytes, of {found.of_text:,}.",
        "",
        "A bar says how many tokens of the text write so many bytes; special ones are left out.",
        lambda: pd.DataFrame({"bytes": range(len(found.lengths)), "tokens": found.lengths}),
    )


def fit(ask: Ask) -> Shown:
    found, chosen, _ = statistics(ask)
    size = ask.choice_of("Chunk, in tokens", "chunk", [128, 256, 512, 1024, 2048, 4096], 512)
    overlap = ask.choice_of("Overlap", "overlap", [0, 16, 32, 64], 64)
    own = [(chosen.title, found.context)] if found.context else []
    windows = own + [(name, most) for name, most in WINDOWS if most != found.context]
    made = chunks(found.tokens, size, overlap)
    return shown(
        ask,
        window_fit(found.tokens, windows),
        f"How {found.tokens:,} tokens fill the context windows of known models.",
        "  \n"
        + (
            f"A text that is too long is read in **{made:,} chunks** of {size:,} tokens, each "
            f"repeating {overlap} of the one before: 1 + ⌈({found.tokens:,} − {size:,}) ÷ "
            f"({size:,} − {overlap})⌉ = {made:,}."
            if made > 1
            else f"The text is one chunk: {found.tokens:,} tokens fit into {size:,}."
        ),
        "A bar says how much of a model's context window this many tokens fill, special ones "
        "included. They are this tokenizer's tokens; each of these models has its own, and would "
        "make another number of them.",
        lambda: pd.DataFrame(
            {
                "model": [name for name, _ in windows],
                "context window": [most for _, most in windows],
                "windows filled": [found.tokens / most for _, most in windows],
            }
        ),
    )


def frequent(ask: Ask) -> Shown:
    found, *_ = statistics(ask)
    return listing(ask, found.frequent, "count", "The most frequent tokens and how often they are")


def longest(ask: Ask) -> Shown:
    found, *_ = statistics(ask)
    return listing(ask, found.longest, "length", "The longest tokens that occur, in bytes")


def listing(ask: Ask, tokens: tuple[CountedToken, ...], by: str, says: str) -> Shown:
    most = max((getattr(token, by) for token in tokens), default=0)
    return shown(
        ask,
        counted_tokens(tokens, by),
        f"{says}; the first: {most:,}.",
        "",
        f"{says}. `·` stands for a space, ⟨E2⟩ for a byte that is no character by itself.",
        lambda: pd.DataFrame(
            [{"token": t.text, "id": t.id, "times": t.count, "bytes": t.length} for t in tokens],
            columns=["token", "id", "times", "bytes"],
        ),
    )


VIEW = View(
    "How many tokens is a text, how long are they, and does it fit what a model reads at once?",
    kind="Count",
    kinds={
        "Length": View("", lengths),
        "Context windows": View("", fit),
        "Frequent": View("", frequent),
        "Longest": View("", longest),
    },
)
