"""What the views ask alike: which tokenizer, and whether a space stands before a word."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from components.inspection.catalogue import short_name
from components.inspection.tokenizer.about import tokenizer_facts
from components.inspection.tokenizer.catalogue import title
from components.inspection.tokenizer.pieces import EncodedText
from components.inspection.tokenizer.statistics import TimedEncoding, encode_timed
from components.lesson import Ask
from components.widgets.markup import literal
from components.widgets.tokenizers import OWN, one
from pages.text.tokenizer.texts import ChosenText

Result = TypeVar("Result")
TALL: Final = 440
"""Pixels of height of a live strip that is longer than a screen; it scrolls."""
MARKERS: Final = (
    "Vocabularies write a word's edges in four ways: `Ġ` is a space (byte-level BPE: 0x20 + 0x100 "
    "= U+0120, no. 288), `▁` is a space (SentencePiece), `##` goes on with a word (WordPiece), "
    "`</w>` ends one (the first BPE). “a theme” is `a Ġtheme`, `▁a ▁theme`, `a theme`, "
    "`a</w> theme</w>`, or in parts `Ġthe me`, `▁the me`, `the ##me`, `the me</w>`."
)
"""A legend of what vocabulary entries look like, as Markdown."""


@dataclass(frozen=True)
class ChosenTokenizer:
    """The tokenizer that is looked at: the chosen model's, or another."""

    source: str
    title: str
    revision: str
    own: bool
    """It is the chosen model's."""

    @property
    def name(self) -> str:
        """What it is called in a sentence, safe in Markdown."""
        return literal(self.title)

    def inspect(self, ask: Ask, inspection: Callable[..., Result], *inputs: Any) -> Result:
        """Return `inspection(holder, *inputs)` for this tokenizer."""
        if self.own:
            return ask.consult(inspection, *inputs)
        return ask.compute(inspection, self.source, *inputs)


def tokenizer(ask: Ask) -> ChosenTokenizer:
    """Ask which tokenizer, and say what kind it is."""
    source = one(ask)
    if source == OWN:
        choice = ask.choice
        chosen = ChosenTokenizer(choice.source, choice.name, choice.revision, True)
    else:
        chosen = ChosenTokenizer(source, short_name(title(source)), "main", False)
    facts = chosen.inspect(ask, tokenizer_facts)
    marked = "" if facts.marker == "none" else f" · {facts.marker}"
    said = f"{facts.method} · {facts.vocabulary:,} tokens in the vocabulary{marked}"
    ask.drawn("facts", lambda _: ask.note(said))
    return chosen


def timed(ask: Ask, chosen: ChosenTokenizer, read: ChosenText) -> TimedEncoding:
    """Return all ids of the text, those added before and after it included, and when and on what
    they were found."""
    return chosen.inspect(ask, encode_timed, read.text)


def encoded(ask: Ask, chosen: ChosenTokenizer, read: ChosenText) -> EncodedText:
    """Return all ids of the text, those added before and after it included."""
    return timed(ask, chosen, read).encoded


def spaced(ask: Ask, chosen: ChosenTokenizer, label: str, name: str, on: bool = False) -> bool:
    """Ask whether a space stands before a word; where that makes no difference, say so."""
    facts = chosen.inspect(ask, tokenizer_facts)
    said = "This tokenizer puts a space before every text itself: a word is always tokenized as "
    said += "behind another one."
    if facts.drops_space:
        said = "This tokenizer drops the spaces between words: a word is the same wherever it "
        said += "stands."
    if facts.adds_space or facts.drops_space:
        ask.drawn(f"{name}-always", lambda _: ask.note(said))
        return True
    hint = "In the middle of a sentence a word has one. Many tokenizers cut it otherwise then."
    return ask.toggle(label, name, on, hint=hint)


def counted(tokens: int, special: int = 0) -> str:
    """Return how many tokens, in bold, special ones apart."""
    more = f" + {special} special" if special else ""
    return f"**{tokens:,} token{'s' * (tokens != 1)}**{more}"
