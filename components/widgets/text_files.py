"""Files of the reader's own, and what is made for them, as controls in the row of a view."""

from collections.abc import Callable
from typing import Final

from streamlit.delta_generator import DeltaGenerator

from components.inspection.access import access
from components.inspection.tokenizer.reading import FileText, read_text
from components.widgets.ask import Ask

TYPES: Final = [
    *("txt", "md", "tex", "log", "srt", "csv", "tsv", "json", "jsonl", "xml", "yaml", "yml"),
    *("toml", "ini", "html", "css", "js", "ts", "py", "java", "c", "h", "cpp", "rs", "go", "rb"),
    *("sh", "sql"),
]
MOST_WRITTEN: Final = 2_000
"""Characters of a text that code writes out; a longer one it reads from a file."""
ELSEWHERE: Final = "text.txt"
"""The file that a reader is told to save a text in."""


def uploaded(ask: Ask) -> tuple[str, FileText] | None:
    """Ask for a text file; return its name and what is in it, None while there is none.

    Raises:
        InspectionError: the file cannot be read as text.
    """

    most = access().megabytes

    def draw(row: DeltaGenerator) -> tuple[str, FileText] | None:
        upload = row.file_uploader(
            f"A text file: UTF-8, UTF-16 or Latin-1, up to {most} MB",
            type=TYPES,
            max_upload_size=most,
            key=f"{ask.scope}-file",
            width=round(420 * ask.scale),
        )
        if upload is None:
            return None
        return upload.name, ask.compute(read_text, upload.name, upload.getvalue())

    return ask.drawn("file", draw)


def in_code(text: str, file: str = ELSEWHERE) -> str:
    """Return `text` as Python: written out, or read from `file` as it is, line breaks and all."""
    if len(text) <= MOST_WRITTEN:
        return repr(text)
    return f'open({file!r}, encoding="utf-8", newline="").read()'


def download(ask: Ask, label: str, content: Callable[[], str], name: str) -> None:
    """Offer a file called `name`; `content` is made when somebody asks for it."""

    def draw(row: DeltaGenerator) -> None:
        row.download_button(
            label, lambda: content().encode(), name, on_click="ignore", key=f"get-{name}"
        )

    ask.drawn(f"get-{name}", draw)
