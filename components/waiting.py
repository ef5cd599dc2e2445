"""A reader waits for a turn: told who is before, free to leave, and let go on in time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from components.inspection.errors import InspectionError
from components.inspection.progress import Progress
from components.turns import Turn, Turns

PATIENCE: Final = 120.0
"""Seconds that a reader waits for a turn before being told to try again."""
WORTH_A_WORD: Final = 1.0
"""Seconds of waiting after which the reader is told that somebody else is being served."""


@contextmanager
def waited_for(turns: Turns, said: str) -> Iterator[Turn]:
    """Wait for a turn, telling the reader why and who is before; have it, give it on.

    Raises:
        InspectionError: it takes longer than `PATIENCE`, or too many wait.
    """
    started, notice = time.monotonic(), _Notice(said)

    def waiting(before: int) -> None:
        yield_point()
        waited = time.monotonic() - started
        if waited > PATIENCE:
            raise InspectionError(
                f"The model has been busy for {PATIENCE:.0f} seconds with other readers' work. "
                "Try again in a moment, or shorten the text."
            )
        if waited > WORTH_A_WORD:
            notice.tell(before)

    try:
        with turns.turn(waiting) as turn:
            notice.clear()
            yield turn
    finally:
        notice.clear()


class _Notice:
    """A line on the page while a reader waits."""

    def __init__(self, said: str) -> None:
        self._said, self._last = said, -1
        self._place: Any = None

    def tell(self, before: int) -> None:
        """Say how many are before, where that has changed."""
        if before == self._last or get_script_run_ctx(suppress_warning=True) is None:
            return
        self._last = before
        self._place = self._place or st.empty()
        place = f"{before} before you" if before else "you are next"
        self._place.caption(f"{self._said}: {place}.")

    def clear(self) -> None:
        """Take it away, if it was told."""
        if self._place is not None:
            self._place.empty()
            self._place = None


def telling(progress: Progress | None, first: Callable[[float], None]) -> dict[str, Progress]:
    """Return what work is called with: with `progress`, what is to be done `first` each time that
    it tells its share."""
    if progress is None:
        return {}

    def tell(share: float, phrase: str) -> None:
        first(share)
        progress(share, phrase)

    return {"progress": tell}


def yield_point(_before: int = 0) -> None:
    """Let Streamlit end this run here if the reader has already asked for something else."""
    if get_script_run_ctx(suppress_warning=True) is not None:
        st.session_state.get("_")
