"""Measuring on demand: progress, a stop that loses nothing, and what was measured last."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import streamlit as st

from components import engine
from components.inspection.access import access
from components.inspection.errors import InspectionError
from components.inspection.progress import Progress, silent
from components.widgets.markup import literal

Found = TypeVar("Found")

UNASKED: Final = 3.0
"""Seconds that a view may compute when it is opened; what takes longer waits for a button."""
_STOPPED: Final = "measuring-stopped"
_LIMITED: Final = "measuring-limited"


def unasked() -> float:
    """Return the seconds that a view may compute when it is opened, on this server."""
    return min(UNASKED, access().unasked)


def measure(
    key: str,
    steps: Callable[..., Iterator[Found]],
    asked: tuple[Any, ...],
    told: Callable[[Found], tuple[float, str, bool]],
    draw: Callable[[Found], Any] | None = None,
) -> None:
    """Run `steps(model, *inputs)` for `asked`, (choice, *inputs), and keep what comes under `key`.

    `told` says of each step how much is done, in words too, and whether it is worth keeping;
    `draw` makes the figure that grows while it is measured. Each step is kept at once, so stopping
    loses nothing; until there is one, what was kept before stays.
    """
    choice, *inputs = asked
    place = st.empty()
    with place.container():
        bar = st.progress(0.0, "Starting")
        # Pressing it starts a new run of the page, which ends this one at its next word.
        st.button("Stop and keep what is measured", key=f"{key}-stop")
        picture = st.empty()
    # A measurement is no widget's value, and takes too long to be made anew at each rerun.
    st.session_state[_STOPPED] = key
    end = time.monotonic() + access().seconds
    try:
        for found in engine.stream(steps, choice, *inputs):
            share, says, worth = told(found)
            if worth:
                st.session_state[key] = (asked, found)
                st.session_state.pop(_STOPPED, None)
            bar.progress(min(share, 1.0), says)
            if draw is not None and worth:
                picture.plotly_chart(draw(found), config={"displayModeBar": False})
            if worth and share < 1 and time.monotonic() > end:
                st.session_state[_LIMITED] = key
                break
    except InspectionError:
        st.session_state.pop(_STOPPED, None)
        place.empty()
        raise
    place.empty()


def to_the_end(
    model: Any,
    steps: Callable[..., Iterator[Found]],
    told: Callable[[Found], tuple[float, str, bool]],
    *inputs: Any,
    progress: Progress = silent,
) -> Found | None:
    """Return the last of `steps(model, *inputs)`: what is quick enough to need no button."""
    found = None
    for found in steps(model, *inputs):
        progress(*told(found)[:2])
    return found


def last(key: str) -> tuple[tuple[Any, ...], Any] | None:
    """Return what was measured last, after (choice, *inputs) that it was measured for."""
    _say_if_stopped(key)
    found: tuple[tuple[Any, ...], Any] | None = st.session_state.get(key)
    return found


def kept(key: str, asked: tuple[Any, ...]) -> tuple[tuple[Any, ...], Any] | None:
    """Return what was measured last, and for what; say so if it was for other settings."""
    found = last(key)
    if found is not None and found[0] != asked:
        st.caption(":orange[Below is the last measurement, with other settings than those above.]")
    return found


def _say_if_stopped(key: str) -> None:
    """Say that the last try was stopped before there was anything to keep, or by a limit, if so."""
    if st.session_state.get(_LIMITED) == key:
        del st.session_state[_LIMITED]
        st.info(
            f"Ended after {access().seconds:.0f} seconds, the most that this server gives to one "
            "computation. Shown is what was measured until then."
        )
    if st.session_state.get(_STOPPED) == key:
        del st.session_state[_STOPPED]
        st.warning(
            "Stopped while warming up, before the first step was measured: there is nothing new to "
            "keep. Fewer tokens warm up faster."
        )


def measured_by(at: float, device: str, unasked: bool) -> str:
    """Say when something was measured, on what, and for whom: what was measured `unasked` is shared
    by all readers. In small print, as Markdown."""
    whom = (
        "by the first who opened this with these settings, and kept since" if unasked else "by you"
    )
    return f"  \n:small[:gray[Measured at {clock(at)} on {literal(device)}, {whom}.]]"


def clock(at: float) -> str:
    """Write a time of day, on the server's clock, for eyes."""
    return time.strftime("%H:%M:%S %Z, %d %b", time.localtime(at))


def duration(seconds: float) -> str:
    """Write seconds for eyes.

    >>> duration(0.04), duration(3.84), duration(42.3), duration(1_304)
    ('0.1 s', '3.8 s', '42 s', '22 minutes')
    """
    if seconds < 10:
        return f"{max(seconds, 0.1):.1f} s"
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} minutes"
