"""Which text is cut: the prompt, one of the samples, or a file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import streamlit as st

from components import engine
from components.inspection.catalogue import seen_from_here
from components.widgets import address, frame

FOLDER: Final = Path(__file__).parents[3] / "assets" / "samples" / "tokenizer"
PROMPT, FILE = "The prompt", "A file of yours"
SAMPLES: Final = {
    "The tour text": "tour.txt",
    "The tour text, with tabs": "tour-tabs.txt",
    "Many scripts and emoji": "scripts.txt",
    "Python code": "code.txt",
    "Numbers": "numbers.txt",
    "A poet's question": "bards.txt",
    "An apology": "apology.txt",
    "One sentence": "revolutionized.txt",
    "Alice in Wonderland": "alice.txt",
}
TYPES: Final = [
    *("txt", "md", "tex", "log", "srt", "csv", "tsv", "json", "jsonl", "xml", "yaml", "yml"),
    *("toml", "ini", "html", "css", "js", "ts", "py", "java", "c", "h", "cpp", "rs", "go", "rb"),
    *("sh", "sql"),
]
MEGABYTES: Final = 20


@dataclass(frozen=True)
class ChosenText:
    """The text that is looked at."""

    text: str
    name: str
    """What it is called."""
    note: str = ""
    """How a file was read."""
    file: str = ""
    """Where code finds it, seen from the folder of `app.py`; empty if it is no file there."""


def choose_text() -> ChosenText | None:
    """Ask for a text; return None while a file is wanted and there is none yet.

    Raises:
        InspectionError: the file cannot be read as text.
    """
    address.warn_unless_one_of("tok-text", (PROMPT, *SAMPLES, FILE))
    which = st.selectbox(
        "Text",
        [PROMPT, *SAMPLES, FILE],
        key="tok-text",
        bind="query-params",
        help="The prompt is in the sidebar.",
    )
    if which == FILE:
        return _uploaded()
    if which in SAMPLES:
        file = seen_from_here(FOLDER / SAMPLES[which])
        return ChosenText(sample(SAMPLES[which]), which, file=file)
    return ChosenText(frame.prompt(), "the prompt")


def sample(name: str) -> str:
    """Return a sample text, its line breaks untouched."""
    return (FOLDER / name).read_bytes().decode("utf-8")


def _uploaded() -> ChosenText | None:
    from components.inspection.tokenizer.reading import read_text

    upload = st.file_uploader(
        f"A text file: UTF-8, UTF-16 or Latin-1, up to {MEGABYTES} MB",
        type=TYPES,
        max_upload_size=MEGABYTES,
        key="tokenizer-file",
    )
    if upload is None:
        return None
    read = engine.compute(read_text, upload.name, upload.getvalue())
    note = (
        f"Read as **{read.encoding}**: {read.reason}. {read.size:,} bytes, "
        f"{len(read.text):,} characters."
    )
    return ChosenText(read.text, upload.name, note)
