"""What may take long: its cost said first, a bar while it runs, and a way to stop it."""

import time
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.progress import Progress

WORK_AT_ONCE: Final = 1.2e11
"""Multiplications (and additions) that are done without asking: a few seconds on two cores."""
GPU_FACTOR: Final = 100
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
        said = f"reads a text of {self.tokens} tokens **{self.forwards:,}** times"
        return said + (
            f", **{self.backwards:,}** of them forward and back" if self.backwards else ""
        )


def allowed(choice: ModelChoice, cost: Cost, *what: Any) -> bool:
    """Say the cost, and whether to go on: at once if it is small, else when the reader starts it.

    `what` tells this run from others; a run that was started stays so, and its result is kept.
    """
    sign = _sign(choice, what)
    facts = engine.facts(choice)
    # Two operations for each weight and token; twice as many again to send a gradient back.
    work = 2.0 * facts.parameters * cost.tokens * (cost.forwards + 2 * cost.backwards)
    light = work <= WORK_AT_ONCE * (GPU_FACTOR if facts.device.startswith("cuda") else 1)
    answer = st.session_state.get(_ASKED, {}).get(sign)
    if answer == "start" or (light and answer is None):
        st.caption(f"This {cost}.")
        return True
    words, button = st.columns([3, 1], vertical_alignment="center")
    words.markdown(f"{'Stopped.' if answer == 'stop' else 'Not started yet.'} This {cost}.")
    button.button(
        "Start", key=f"start-{sign}", type="primary", width="stretch",
        on_click=_answer, args=(sign, "start"),
    )  # fmt: skip
    return False


def telling(choice: ModelChoice, *what: Any) -> Progress:
    """Return a progress that shows itself, with a stop button, once the work takes a while."""
    place = st.empty()
    began = time.monotonic()
    parts: dict[str, Any] = {}

    def tell(share: float, phrase: str) -> None:
        if share >= 1:
            # Finished: the next piece of work, if there is one, tells again.
            place.empty()
            parts.clear()
            return
        if "bar" not in parts:
            # Also where Streamlit ends this run, if the reader has asked for something else.
            st.session_state.get(_ASKED)
            if time.monotonic() - began < SHOWN_AFTER:
                return
            bar, stop = place.container().columns([5, 1], vertical_alignment="center")
            parts["bar"] = bar.empty()
            number = st.session_state.get("attribution-stops", 0) + 1
            # Counted, since two buttons of one run may not share a key.
            st.session_state["attribution-stops"] = number
            stop.button(
                "Stop", key=f"stop-{number}", on_click=_answer,
                args=(_sign(choice, what), "stop"),
            )  # fmt: skip
        parts["bar"].progress(share, f"{phrase}: {share:.0%}")

    return tell


def _answer(sign: int, answer: str) -> None:
    # What was started or stopped is no widget's value: the button is gone in the next run.
    kept = st.session_state.get(_ASKED, {})
    kept = dict(list(kept.items())[-_MOST_KEPT:]) | {sign: answer}
    st.session_state[_ASKED] = kept


def _sign(choice: ModelChoice, what: tuple[Any, ...]) -> int:
    return crc32(repr((choice, what)).encode())
