"""What may take long: its cost said first, a bar while it runs, and a way to stop it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.progress import Progress

AT_ONCE: Final = 3.0
"""Seconds that work may take, by the measured pace, to start without asking."""
SHOWN_AFTER: Final = 0.6
"""Seconds after which a bar appears."""
_ASKED: Final = "attribution-runs"
_MOST_KEPT: Final = 200


@dataclass(frozen=True)
class Cost:
    """What is ahead."""

    forwards: int
    backwards: int
    tokens: int
    """Of each text that is read."""

    def __str__(self) -> str:
        said = f"reads a text of {self.tokens} tokens up to **{self.forwards:,}** times"
        return said + (
            f", **{self.backwards:,}** of them forward and back" if self.backwards else ""
        )


def allowed(choice: ModelChoice, cost: Cost, *what: Any) -> bool:
    """Say the cost, and whether to go on: at once if it is small, else when the reader starts it.

    `what` tells this run from others; a run that was started stays so, and its result is kept.
    """
    sign, seconds = _sign(choice, what), _seconds(choice, cost)
    said = f"This {cost}: about {lasting(seconds)} here."
    answer = st.session_state.get(_ASKED, {}).get(sign)
    if answer == "start" or (seconds <= AT_ONCE and answer is None):
        st.caption(said)
        return True
    words, button = st.columns([3, 1], vertical_alignment="center")
    words.markdown(f"{'Stopped.' if answer == 'stop' else 'Not started yet.'} {said}")
    button.button(
        "Start",
        key=f"start-{sign}",
        type="primary",
        width="stretch",
        on_click=start,
        args=(choice, *what),
    )
    return False


def _seconds(choice: ModelChoice, cost: Cost) -> float:
    from components.inspection.attribution.pace import pace

    # Texts of nearly one length take nearly one time.
    length = -(-cost.tokens // 8) * 8
    seconds: float = engine.inspect(pace, choice, length).seconds(cost.forwards, cost.backwards)
    if seconds <= AT_ONCE:
        return seconds
    # The machine may have been busy: where that matters, it is measured anew once a minute.
    minute = int(time.time() // 60)
    again = engine.inspect(pace, choice, length, minute)
    return min(seconds, again.seconds(cost.forwards, cost.backwards))


def lasting(seconds: float) -> str:
    """Write a duration for eyes.

    >>> lasting(0.04), lasting(2.34), lasting(75), lasting(4000)
    ('0.1 s', '2.3 s', '1 min 15 s', '67 min')
    """
    if seconds < 60:
        return f"{max(seconds, 0.1):.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 10 else f"{round(seconds / 60)} min"


@contextmanager
def telling(choice: ModelChoice, *what: Any) -> Iterator[Progress]:
    """Give a progress that shows itself, with a stop button, once the work takes a while.

    Both are gone when the work is over, however it ends.
    """
    place = st.empty()
    began = time.monotonic()
    parts: dict[str, Any] = {}

    def tell(share: float, phrase: str) -> None:
        # Also where Streamlit ends this run, if the reader has asked for something else.
        st.session_state.get(_ASKED)
        if "bar" not in parts:
            if time.monotonic() - began < SHOWN_AFTER:
                return
            bar, stop = place.container().columns([5, 1], vertical_alignment="center")
            parts["bar"] = bar.empty()
            number = st.session_state.get("attribution-stops", 0) + 1
            # Counted, since two buttons of one run may not share a key.
            st.session_state["attribution-stops"] = number
            stop.button(
                "Stop",
                key=f"stop-{number}",
                on_click=_answer,
                args=(_sign(choice, what), "stop"),
            )
        parts["bar"].progress(min(share, 1.0), f"{phrase}: {share:.0%}")

    try:
        yield tell
    finally:
        place.empty()


def start(choice: ModelChoice, *what: Any) -> None:
    """Let the run that `what` tells from others go on without asking again."""
    _answer(_sign(choice, what), "start")


def _answer(sign: int, answer: str) -> None:
    # What was started or stopped is no widget's value: the button is gone in the next run.
    kept = st.session_state.get(_ASKED, {})
    kept = dict(list(kept.items())[-_MOST_KEPT:]) | {sign: answer}
    st.session_state[_ASKED] = kept


def _sign(choice: ModelChoice, what: tuple[Any, ...]) -> int:
    return crc32(repr((choice, what)).encode())
