"""What the four counts of Statistics owe alike: the numbers of one text, its checks, its code."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from components.inspection.checks import Check
from components.inspection.tokenizer.cutting import encoding_checks
from components.inspection.tokenizer.statistics import TextStatistics, statistics_of
from components.lesson import Ask, Predict, Shown
from pages.text.tokenizer import asking, code, texts
from pages.text.tokenizer.asking import ChosenTokenizer, counted
from pages.text.tokenizer.texts import ChosenText

Counted = tuple[TextStatistics, ChosenTokenizer, ChosenText, tuple[Check, ...]]
"""The numbers of a text, whose tokens they are, the text, and the checks of its tokens."""


def statistics(ask: Ask) -> Counted:
    """Ask for tokenizer and text; return what the one makes of the other."""
    chosen, read = asking.tokenizer(ask), texts.text(ask, texts.ALICE)
    encoded = asking.encoded(ask, chosen, read)
    found = chosen.inspect(ask, statistics_of, read.text, encoded)
    return found, chosen, read, chosen.inspect(ask, encoding_checks, read.text, encoded)


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
    found, chosen, read, checks = of
    return Shown(
        figure,
        alt=alt,
        told=numbers(found) + told,
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
    rate = found.characters / max(found.seconds, 1e-9) / 1e6
    return (
        f"{counted(found.of_text, found.added)}: **{found.characters_per_token:.2f}** "
        f"characters per token ({found.characters:,} characters), **{found.bytes_per_token:.2f}** "
        f"bytes ({found.bytes:,} in UTF-8); **{found.tokens_per_word:.2f}** tokens per word "
        f"({found.words:,} words), **{found.tokens_per_line:.1f}** per line with text "
        f"({found.lines:,}).  \n**{found.distinct:,} distinct tokens**, "
        f"{found.distinct / max(found.vocabulary, 1):.1%} of {found.vocabulary:,} in the "
        f"vocabulary; **{found.unknown:,} unknown tokens**; **{found.blank:,}** "
        f"({found.blank / max(found.of_text, 1):.1%}) write only white space."
        + (
            f" Tokenized in {found.seconds:.1f} s: {rate:.1f} million characters per second."
            if found.seconds > 0.5
            else ""
        )
    )
