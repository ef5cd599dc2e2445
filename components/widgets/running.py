"""What may take long: its cost said first, a bar while it runs, and a way to stop it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from zlib import crc32

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components import engine
from components.engine import ModelChoice
from components.inspection.attribution.pace import pace
from components.widgets import measuring
from components.widgets.ask import Ask, Later
from components.widgets.bar import Bar

_ASKED: Final = "running-started-or-stopped"
_STOPS: Final = "running-stop-buttons"
_MOST_KEPT: Final = 200


@dataclass(frozen=True)
class Cost:
    """What is ahead."""

    forwards: int
    backwards: int
    tokens: int
    """Of each text that is read."""

    def __str__(self) -> str:
        """Say it in a line of Markdown.

        >>> print(Cost(1_318, 128, 15))
        up to **1,318** forward passes of 15 tokens, **128** of them with a backward pass
        """
        said = f"up to **{self.forwards:,}** forward passes of {self.tokens} tokens"
        return said + (
            f", **{self.backwards:,}** of them with a backward pass" if self.backwards else ""
        )


def told(ask: Ask, cost: Cost) -> str:
    """Return in a sentence what work costs, and how long it takes here."""
    return f"Cost: {cost}, about {measuring.duration(seconds(ask.choice, cost))} here."


def quick(ask: Ask, cost: Cost) -> bool:
    """Say whether work is quick enough to be done unasked."""
    return seconds(ask.choice, cost) <= measuring.UNASKED


@contextmanager
def started(
    ask: Ask,
    cost: Cost,
    *what: Any,
    words: str = "",
    asks: tuple[str, tuple[str, ...]] = ("", ()),
) -> Iterator[Callable[..., Any]]:
    """Give what inspects as `ask.inspect` does; a bar, with a Stop button, tells of long work.

    What is quick begins at once; else the view ends here until the reader starts it: its cost,
    then `words`, and the question (`asks`, its text and answers) that is to be answered before
    anything is seen. `what` tells this work from others; once started it stays so.

    Raises:
        Later: it has not been started, or was stopped.
    """
    sign = _sign(ask.choice, what)
    if st.session_state.get(f"start-{sign}"):  # the button was pressed for this run
        _answer(sign, "start")
    answer = st.session_state.get(_ASKED, {}).get(sign)
    if not (answer == "start" or (answer is None and quick(ask, cost))):
        said = f"{'Stopped.' if answer == 'stop' else 'Not started yet.'} {told(ask, cost)}"
        raise Later("Start", said + words, f"start-{sign}", asks)
    bar = Bar(ask.working, partial(_stop, sign))

    def tell(share: float, phrase: str) -> None:
        bar.tell(share, f"{phrase}: {share:.0%}")

    def inspect(inspection: Callable[..., Any], *inputs: Any) -> Any:
        return engine.inspect(inspection, ask.choice, *inputs, progress=tell)

    try:
        yield inspect
    finally:
        bar.clear()


def _stop(sign: int, row: DeltaGenerator) -> None:
    # Counted, since two buttons of one run may not share a key.
    number = st.session_state.get(_STOPS, 0) + 1
    st.session_state[_STOPS] = number
    row.button("Stop", key=f"stop-{number}", on_click=_answer, args=(sign, "stop"))


def seconds(choice: ModelChoice, cost: Cost) -> float:
    """Return how long work takes here, by the measured pace."""
    # Texts of nearly one length take nearly one time.
    length = -(-cost.tokens // 8) * 8
    found: float = engine.inspect(pace, choice, length).seconds(cost.forwards, cost.backwards)
    if found <= measuring.UNASKED:
        return found
    # The machine may have been busy: where that matters, it is measured anew once a minute.
    minute = int(time.time() // 60)
    again = engine.inspect(pace, choice, length, minute)
    return min(found, again.seconds(cost.forwards, cost.backwards))


def start(choice: ModelChoice, *what: Any) -> None:
    """Let the work that `what` tells from others go on without asking again."""
    _answer(_sign(choice, what), "start")


def keep(name: str, *value: Any) -> None:
    """Keep something for this reader, such as the last result, to go on from."""
    st.session_state[f"running-{name}"] = value


def kept(name: str) -> tuple[Any, ...]:
    """Return what was kept under `name`, or nothing."""
    found: tuple[Any, ...] = st.session_state.get(f"running-{name}", ())
    return found


def _answer(sign: int, answer: str) -> None:
    # What was started or stopped is no widget's value: the button is gone in the next run.
    known = st.session_state.get(_ASKED, {})
    st.session_state[_ASKED] = dict(list(known.items())[-_MOST_KEPT:]) | {sign: answer}


def _sign(choice: ModelChoice, what: tuple[Any, ...]) -> int:
    return crc32(repr((choice, what)).encode())
