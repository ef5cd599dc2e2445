"""How far work is: a bar where the figure will be, once it takes a while."""

import inspect
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

from components.inspection.progress import Progress

SOON: Final = 0.4
"""Seconds of work after which a bar is shown."""
WAITING: Final = "Computing"
"""What it says of work that has not told yet how far it is."""


class Bar:
    """A bar in `place`, an `st.empty()`, from `SOON` seconds of work on, until it is cleared.

    `beside` draws what stands beside it.
    """

    def __init__(
        self, place: DeltaGenerator, beside: Callable[[DeltaGenerator], None] | None = None
    ) -> None:
        self._place, self._beside, self._began = place, beside, time.monotonic()
        self._drawn: DeltaGenerator | None = None
        # Work that says nothing is told of by a clock of its own.
        self._lock, self._over = threading.Lock(), False
        self._clock = threading.Timer(SOON, self._wait)
        if get_script_run_ctx(suppress_warning=True) is not None:
            self._clock.daemon = True
            add_script_run_ctx(self._clock)
            self._clock.start()

    def tell(self, share: float, phrase: str) -> None:
        """Show that `share` of the work, from 0 to 1, is done."""
        st.session_state.get("_")  # Streamlit may end this run here
        with self._lock:
            if self._drawn is not None or time.monotonic() - self._began >= SOON:
                self._show(share, phrase)

    def clear(self) -> None:
        """Take the bar away, if it was drawn."""
        self._clock.cancel()
        with self._lock:
            self._over = True
            if self._drawn is not None:
                self._place.empty()

    def _wait(self) -> None:
        with self._lock:
            if self._drawn is None and not self._over:
                self._show(0.0, WAITING)

    def _show(self, share: float, phrase: str) -> None:
        if self._drawn is None:
            self._drawn = self._place
            if self._beside is not None:
                row = self._place.container(horizontal=True, vertical_alignment="center")
                self._drawn = row.empty()
                self._beside(row)
        self._drawn.progress(min(max(share, 0.0), 1.0), phrase)


@contextmanager
def telling(place: DeltaGenerator, work: Callable[..., Any]) -> Iterator[dict[str, Progress]]:
    """Give what `work` is called with, so that it tells how far it is, if it can."""
    bar = Bar(place)
    try:
        yield {"progress": bar.tell} if "progress" in inspect.signature(work).parameters else {}
    finally:
        bar.clear()
