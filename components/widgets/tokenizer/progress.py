"""A progress bar for work that may take more than a second."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import streamlit as st

from components.inspection.progress import Progress
from components.widgets.tokenizer.holder import Asked

if TYPE_CHECKING:
    from components.inspection.tokenizer.pieces import EncodedText

LONG: Final = 300_000
"""Characters from which on a bar is shown."""


def encoded_text(asked: Asked, text: str) -> "EncodedText":
    """Return all ids of `text`, with a bar if it is long."""
    from components.inspection.tokenizer.cutting import encode

    with bar_for(text) as progress:
        return asked.ask(encode, text, True, progress=progress)


@contextmanager
def bar_for(text: str) -> Iterator[Progress | None]:
    """Show a bar while `text` is worked on, if it is long; hand on what fills it."""
    if len(text) < LONG:
        yield None
        return
    place = st.empty()
    bar = place.progress(0.0, "Starting")

    def fill(share: float, phrase: str) -> None:
        bar.progress(min(max(share, 0.0), 1.0), f"{phrase}: {share:.0%}")

    yield fill
    place.empty()
