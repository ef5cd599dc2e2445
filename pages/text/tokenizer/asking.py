"""What the views ask alike: which tokenizer, which text, and whether a space stands before it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from components.inspection.catalogue import seen_from_here, short_name
from components.inspection.tokenizer.about import tokenizer_facts
from components.inspection.tokenizer.catalogue import title
from components.inspection.tokenizer.cutting import encode
from components.inspection.tokenizer.pieces import EncodedText
from components.lesson import Ask
from components.widgets.markup import literal
from components.widgets.text_files import uploaded
from components.widgets.tokenizers import OWN, one

Result = TypeVar("Result")
FOLDER: Final = Path(__file__).parents[3] / "assets" / "samples" / "tokenizer"
PROMPT, FILE, ALICE = "The prompt", "A file of yours", "Alice in Wonderland"
SAMPLES: Final = {
    "The tour text": "tour.txt",
    "The tour text, with tabs": "tour-tabs.txt",
    "Many scripts and emoji": "scripts.txt",
    "Python code": "code.txt",
    "Numbers": "numbers.txt",
    "A poet's question": "bards.txt",
    "An apology": "apology.txt",
    "One sentence": "revolutionized.txt",
    ALICE: "alice.txt",
}
TALL: Final = 440
"""Pixels of height of a live strip that is longer than a screen; it scrolls."""


@dataclass(frozen=True)
class ChosenText:
    """The text that is looked at."""

    text: str
    name: str
    """What it is called."""
    file: str = ""
    """Where code finds it, seen from the folder of `app.py`; empty if it is no file there."""


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
            return ask.inspect(inspection, *inputs)
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


def text(ask: Ask) -> ChosenText:
    """Ask for the text: the prompt, one of the samples, or a file.

    Raises:
        InspectionError: the file cannot be read as text.
    """
    hint = "The prompt is in the sidebar."
    which = ask.choice_of("Text", "text", [PROMPT, *SAMPLES, FILE], hint=hint)
    if which == FILE:
        found = uploaded(ask)
        if found is not None:
            name, read = found
            said = f"Read as {read.encoding}: {read.reason}. {read.size:,} bytes, "
            ask.drawn("read", lambda _: ask.note(f"{said}{len(read.text):,} characters."))
            return ChosenText(read.text, name)
        ask.drawn("no-file", lambda _: ask.note("No file yet: until then this is the prompt."))
    elif which != PROMPT:
        return ChosenText(sample(SAMPLES[which]), which, seen_from_here(FOLDER / SAMPLES[which]))
    return ChosenText(ask.prompt, "the prompt")


def sample(name: str) -> str:
    """Return a sample text, its line breaks untouched."""
    return (FOLDER / name).read_bytes().decode("utf-8")


def encoded(ask: Ask, chosen: ChosenTokenizer, read: ChosenText) -> EncodedText:
    """Return all ids of the text, those added before and after it included."""
    return chosen.inspect(ask, encode, read.text, True)


def spaced(ask: Ask, chosen: ChosenTokenizer, label: str, name: str, on: bool = False) -> bool:
    """Ask whether a space stands before a word; of a tokenizer that always puts one, say so."""
    if chosen.inspect(ask, tokenizer_facts).adds_space:
        said = "This tokenizer puts a space before every text itself: a word is always tokenized "
        ask.drawn(f"{name}-always", lambda _: ask.note(f"{said}as behind another one."))
        return True
    hint = "In the middle of a sentence a word has one. Many tokenizers cut it otherwise then."
    return ask.toggle(label, name, on, hint=hint)


def counted(tokens: int, special: int = 0) -> str:
    """Return how many tokens, in bold, special ones apart."""
    more = f" + {special} special" if special else ""
    return f"**{tokens:,} token{'s' * (tokens != 1)}**{more}"
