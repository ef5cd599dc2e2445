"""What the four counts of Statistics owe alike: the numbers of one text, its checks, its code."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from components.inspection.checks import Check
from components.inspection.tokenizer.cutting import encoding_checks
from components.inspection.tokenizer.statistics import (
    TextStatistics,
    TimedEncoding,
    statistics_of,
)
from components.lesson import Ask, Predict, Shown
from components.widgets.measuring import duration, measured_by
from pages.text.tokenizer import asking, code, texts
from pages.text.tokenizer.asking import ChosenTokenizer, counted
from pages.text.tokenizer.texts import ChosenText

SLOW = 0.5
"""Seconds of cutting that are worth a word."""
Counted = tuple[TextStatistics, ChosenTokenizer, ChosenText, tuple[Check, ...], str]
"""The numbers of a text, whose tokens they are, the text, the checks of its tokens, and how long
cutting it took."""


def statistics(ask: Ask) -> Counted:
    """Ask for tokenizer and text; return what the one makes of the other."""
    chosen, read = asking.tokenizer(ask), texts.text(ask, texts.ALICE)
    timed = asking.timed(ask, chosen, read)
    found = chosen.inspect(ask, statistics_of, read.text, timed.encoded)
    checks = chosen.inspect(ask, encoding_checks, read.text, timed.encoded)
    return found, chosen, read, checks, took(timed)


def shown(
    of: Counted,
    figure: Any,
    alt: str,
    told: str,
    read_: str,
    table: Callable[[], pd.DataFrame],
    predict: Predict,
) -> Shown:
    """Return a figure over the counts with all that it owes."""
    found, chosen, read, checks, seconds = of
    return Shown(
        figure,
        alt=alt,
        told=numbers(found) + told + seconds,
        checks=checks,
        table=table,
        code=code.cutting(chosen.source, read, chosen.revision),
        read=f"{read_} A word is a run of characters that are not white space.",
        predict=predict,
        tries="*Python code* as the text: how many tokens write only white space? Then *Many "
        "scripts and emoji*: how many bytes is a token?",
        facts={
            "tokens": found.of_text,
            "special": found.added,
            "distinct": found.distinct,
            "unknown": found.unknown,
            "white space": found.blank,
        },
    )


def numbers(found: TextStatistics) -> str:
    """Return the text's numbers in a few sentences."""
    return (
        f"{counted(found.of_text, found.added)}: **{found.characters_per_token:.2f}** "
        f"characters per token ({found.characters:,} characters), **{found.bytes_per_token:.2f}** "
        f"bytes ({found.bytes:,} in UTF-8); **{found.tokens_per_word:.2f}** tokens per word "
        f"({found.words:,} words), **{found.tokens_per_line:.1f}** per line with text "
        f"({found.lines:,}).  \n**{found.distinct:,} distinct tokens**, "
        f"{found.distinct / max(found.vocabulary, 1):.1%} of {found.vocabulary:,} in the "
        f"vocabulary; **{found.unknown:,} unknown tokens**; **{found.blank:,}** "
        f"({found.blank / max(found.of_text, 1):.1%}) write only white space."
    )


def took(timed: TimedEncoding) -> str:
    """Say how long cutting took, when, on what, and for whom, if it took a while."""
    encoded = timed.encoded
    if encoded.seconds <= SLOW:
        return ""
    rate = encoded.characters / encoded.seconds / 1e6
    return (
        f" Tokenized in {duration(encoded.seconds)}: {rate:.1f} million characters per second."
        + measured_by(timed.at, timed.device, unasked=True)
    )
