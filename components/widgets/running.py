"""What may take long: its cost said first, a bar while it runs, and a way to stop it."""

import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol
from zlib import crc32

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components import engine
from components.engine import ModelChoice
from components.inspection.access import access
from components.inspection.attribution.pace import pace
from components.inspection.errors import InspectionError
from components.inspection.kv_cache.asking import tokens_in
from components.inspection.pace import pass_seconds
from components.inspection.progress import Progress
from components.widgets import measuring
from components.widgets.ask import Ask, Later
from components.widgets.bar import Bar

_ASKED: Final = "running-started-or-stopped"
_STOPS: Final = "running-stop-buttons"
_MOST_KEPT: Final = 200
BUSY: Final = 10.0
"""So many times longer than `measuring.UNASKED` work seems to take at most because other programs
are in the way; beyond that it is long for certain."""


class Ahead(Protocol):
    """What is ahead: says itself in a line of Markdown, and knows how long it takes."""

    def seconds(self, choice: ModelChoice, *again: int) -> float:
        """Return how long it takes here; `again` measures it anew."""
        ...


@dataclass(frozen=True)
class Cost:
    """What is ahead, where texts may be read side by side."""

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

    def seconds(self, choice: ModelChoice, *again: int) -> float:
        """Return how long it takes here, by the measured pace; `again` measures it anew."""
        found = engine.inspect(pace, choice, _about(self.tokens), self.backwards > 0, *again)
        return found.seconds(self.forwards, self.backwards)


@dataclass(frozen=True)
class Passes:
    """What is ahead, where texts are read one after another."""

    forwards: int
    tokens: int
    """Of each text that is read."""
    steps: int = 0
    """Passes over one token more, all others being kept in a cache."""

    def __str__(self) -> str:
        """Say it in a line of Markdown.

        >>> print(Passes(24, 195, 360))
        up to **24** forward passes of 195 tokens and **360** of one token
        >>> print(Passes(9, 12))
        up to **9** forward passes of 12 tokens
        """
        said = f"up to **{self.forwards:,}** forward passes of {self.tokens} tokens"
        return said + (f" and **{self.steps:,}** of one token" if self.steps else "")

    def seconds(self, choice: ModelChoice, *again: int) -> float:
        """Return how long it takes here, by passes that are timed; `again` times them anew."""
        found = self.forwards * engine.inspect(pass_seconds, choice, _about(self.tokens), *again)
        if self.steps:
            found += self.steps * engine.inspect(pass_seconds, choice, 1, *again)
        return found


def over(ask: Ask, text: str, forwards: int, steps: int = 0) -> Passes:
    """Return what it takes to read `text` so many times, and then `steps` tokens one by one.

    Raises:
        InspectionError: the model cannot read it.
    """
    return Passes(forwards, ask.inspect(tokens_in, text), steps)


def over_prompt(ask: Ask, forwards: int, steps: int = 0) -> Passes:
    """Do as `over`, for the prompt."""
    return over(ask, ask.prompt, forwards, steps)


def _about(tokens: int) -> int:
    """Texts of nearly one length take nearly one time.

    >>> _about(1), _about(8), _about(9)
    (8, 8, 16)
    """
    return -(-tokens // 8) * 8


def told(ask: Ask, cost: Ahead) -> str:
    """Return in a sentence what work costs, and how long it takes here."""
    return f"Cost: {cost}, about {measuring.duration(seconds(ask.choice, cost))} here."


def quick(ask: Ask, cost: Ahead) -> bool:
    """Say whether work is quick enough to be done unasked."""
    return seconds(ask.choice, cost) <= measuring.unasked()


@contextmanager
def started(
    ask: Ask,
    cost: Ahead,
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
    with _begun(ask, cost, what, words, asks) as tell:
        yield lambda inspection, *inputs: engine.inspect(
            inspection, ask.choice, *inputs, progress=tell if _tells(inspection) else None
        )


@contextmanager
def computing(
    ask: Ask,
    cost: Ahead,
    *what: Any,
    words: str = "",
    asks: tuple[str, tuple[str, ...]] = ("", ()),
) -> Iterator[Callable[..., Any]]:
    """Do as `started` for work that needs no model: give what computes as `ask.compute` does.

    Raises:
        Later: it has not been started, or was stopped.
    """
    with _begun(ask, cost, what, words, asks) as tell:
        yield lambda function, *inputs: engine.compute(
            function, *inputs, progress=tell if _tells(function) else None
        )


@contextmanager
def _begun(
    ask: Ask, cost: Ahead, what: tuple[Any, ...], words: str, asks: tuple[str, tuple[str, ...]]
) -> Iterator[Progress]:
    sign, answer = _sign(ask.choice, what), answered(ask.choice, *what)
    if not (answer == "start" or (answer is None and quick(ask, cost))):
        within_limits(ask, cost)
        said = f"{'Stopped.' if answer == 'stop' else 'Not started yet.'} {told(ask, cost)}"
        # Several parts of a page may wait for the same work, each with a button of its own.
        begin = partial(_answer, sign, "start")
        raise Later("Start", said + words, f"start-{sign}-{ask.key}", asks, begin)
    bar = Bar(ask.working, stops(ask.choice, *what))
    try:
        yield lambda share, phrase: bar.tell(share, f"{phrase}: {share:.0%}")
    finally:
        bar.clear()


def _tells(work: Callable[..., Any]) -> bool:
    """Say whether work tells how far it is."""
    return "progress" in inspect.signature(work).parameters


def inspected(
    ask: Ask,
    inspection: Callable[..., Any],
    *inputs: Any,
    cost: Passes,
    asks: tuple[str, tuple[str, ...]] = ("", ()),
) -> Any:
    """Return `inspection(model, *inputs)`, as `started` begins it.

    Raises:
        Later: it has not been started, or was stopped.
    """
    what = (inspection.__qualname__, *inputs)
    with started(ask, cost, *what, asks=asks) as ask_for:
        return ask_for(inspection, *inputs)


def within_limits(ask: Ask, cost: Ahead) -> None:
    """Go on if work may take so long on this server.

    Raises:
        InspectionError: it may not.
    """
    most, takes = access().seconds, seconds(ask.choice, cost)
    if takes > most:
        raise InspectionError(
            f"This takes about {measuring.duration(takes)} here, and this server gives at most "
            f"{measuring.duration(most)} to one computation. Shorten the text, choose fewer "
            "steps or a smaller model, or start Vitrine on your own machine."
        )


def answered(choice: ModelChoice, *what: Any) -> str | None:
    """Return whether this reader has let the work that `what` tells "start" or "stop" last."""
    found: str | None = st.session_state.get(_ASKED, {}).get(_sign(choice, what))
    return found


def stops(choice: ModelChoice, *what: Any) -> Callable[[DeltaGenerator], None]:
    """Return what draws, into a row, the button that stops the work that `what` tells."""
    return partial(_stop, _sign(choice, what))


def _stop(sign: int, row: DeltaGenerator) -> None:
    # Counted, since two buttons of one run may not share a key.
    number = st.session_state.get(_STOPS, 0) + 1
    st.session_state[_STOPS] = number
    row.button("Stop", key=f"stop-{number}", on_click=_answer, args=(sign, "stop"))


def seconds(choice: ModelChoice, cost: Ahead) -> float:
    """Return how long work takes here, by the measured pace."""
    found = cost.seconds(choice)
    if found <= measuring.unasked() or found > BUSY * measuring.UNASKED:
        return found
    # The machine may have been busy: where that matters, it is measured anew once a minute.
    return min(found, cost.seconds(choice, int(time.time() // 60)))


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
