"""Which text is looked at: the prompt, one that is typed, one of the samples, or a file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from components.inspection.catalogue import seen_from_here
from components.lesson import Ask
from components.widgets.chapters import Lesson
from components.widgets.text_files import uploaded

FOLDER: Final = Path(__file__).parents[3] / "assets" / "samples" / "tokenizer"
PROMPT, TYPED, FILE = "The prompt", "Typed here", "A file of yours"
METHODS, ALICE = "Where methods differ", "Alice in Wonderland"
SAMPLES: Final = {
    METHODS: "methods.txt",
    "Lower, Title, UPPER case": "capitals.txt",
    "One word family": "family.txt",
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


MOST_TYPED: Final = 1_500
"""Characters of a typed text: it goes into the address."""


@dataclass(frozen=True)
class ChosenText:
    """The text that is looked at."""

    text: str
    name: str
    """What it is called."""
    file: str = ""
    """Where code finds it, seen from the folder of `app.py`; empty if it is no file there."""


def text(ask: Ask, instead: str = TYPED) -> ChosenText:
    """Ask for the text: the prompt, until something else is typed; as long as nobody has written a
    prompt, the sample `instead`.

    Raises:
        InspectionError: the file cannot be read as text.
    """
    first = instead if ask.prompt == Lesson.example else TYPED
    hint = "The prompt is in the sidebar."
    which = ask.choice_of("Text", "text", [PROMPT, TYPED, *SAMPLES, FILE], first, hint=hint)
    if which == TYPED:
        hint = "Tokenized while you type. Until you do, it is the prompt."
        typed = ask.text(
            "Type here", "typed_text", ask.prompt[:MOST_TYPED], lines=2, live=True, hint=hint
        )
        if typed != ask.prompt[:MOST_TYPED]:
            return ChosenText(typed, "the typed text")
    if which == FILE:
        found = uploaded(ask)
        if found is not None:
            name, read = found
            said = f"Read as {read.encoding}: {read.reason}. {read.size:,} bytes, "
            ask.drawn("read", lambda _: ask.note(f"{said}{len(read.text):,} characters."))
            return ChosenText(read.text, name)
        ask.drawn("no-file", lambda _: ask.note("No file yet: until then this is the prompt."))
    elif which in SAMPLES:
        place = FOLDER / SAMPLES[which]
        return ChosenText(sample(SAMPLES[which]), f"“{which}”", seen_from_here(place))
    return ChosenText(ask.prompt, "the prompt")


def sample(name: str) -> str:
    """Return a sample text, its line breaks untouched."""
    return (FOLDER / name).read_bytes().decode("utf-8")
