"""One reader: opens pages, changes views, types, slides, and looks whether others' texts come."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from random import Random
from typing import Final

from websockets.exceptions import WebSocketException

from tests.load.controls import Control, among, other, pressed
from tests.load.live import answer, signature, told_by
from tests.load.session import NoAnswerError, Run, Session
from tests.load.tally import Tally

OPEN: Final = "open a page"
VIEW: Final = "change the view"
TYPE: Final = "type a prompt"
SLIDE: Final = "slider or number"
OTHER: Final = "other control"
MEASURE: Final = "start a measurement"
LIVE: Final = "drag or click in a live figure"
ANSWER: Final = "a live figure's own answer"
MODEL: Final = "change the model"
WEIGHTS: Final = {OPEN: 20, VIEW: 20, TYPE: 25, SLIDE: 15, OTHER: 15, MEASURE: 3, LIVE: 10}
SWITCHES: Final = 6
"""Weight of changing the model, where there are two."""
SENTENCES: Final = (
    "{} went to the shop and gave a drink to",
    "Once upon a time {} found a little fox named",
    "The dog chased {} because it was",
    "one, two, {}, four, five,",
    "The keys near the castle of {} are {} and",
    "lamp river {} moon garden lamp river {}",
)
_LETTERS: Final = "bdfghjklmn"
_NOT_TYPED: Final = ("example-", "sample-", "model-", "give-up-")
"""Buttons that put another text than the reader's, or another model, into the boxes."""


def mark(number: int, seed: int = 0) -> str:
    """Return a word that this reader alone writes.

    >>> mark(17), mark(17, 2), mark(317)
    ('zqbdlbdlbxv', 'zqbdlbdlfxv', 'zqgdlgdlbxv')
    """
    digits = "".join(_LETTERS[int(digit)] for digit in f"{number:03d}")
    return f"zq{digits}{digits}{_LETTERS[seed % 10]}xv"


def marks_in(payload: bytes, marks: Iterable[str]) -> set[str]:
    """Return the marks in a message, those too that are cut into tokens.

    >>> marks_in(b'["zq", "bdl", "bdlbxv"]', [mark(17), mark(18)])
    {'zqbdlbdlbxv'}
    """
    letters = re.sub(rb"[^A-Za-z]|\\u[0-9a-f]{4}", b"", payload)
    if b"zq" not in letters:
        return set()
    return {each for each in marks if each.encode() in letters}


class Reader:
    """A reader with a mark of their own among `everyone`'s; what they do is drawn from a seed."""

    def __init__(self, number: int, everyone: Sequence[str], seed: int, models: Sequence[str]):
        self.mark, self.models = everyone[number], models
        self.others = [each for each in everyone if each != self.mark]
        self.rng = Random(f"{seed} {number}")
        self.tally = Tally()
        self.opened = self.view = ""
        self._answered = ""

    async def read(self, url: str, think: float, until: float) -> None:
        """Read until the loop's clock says `until`, about `think` seconds between two requests."""
        clock = asyncio.get_running_loop()
        await asyncio.sleep(self.rng.uniform(0, think))
        while clock.time() < until:
            # Whose connection is lost comes back, as a browser does.
            try:
                async with Session(url, self.look) as session:
                    await self._visit(session, think, until)
            except (NoAnswerError, OSError, WebSocketException, LookupError) as error:
                self.tally.errors[f"{self.opened or 'home'}: {error}"] += 1
                await asyncio.sleep(1)

    def look(self, payload: bytes) -> None:
        """Look for others' marks in what was sent to this reader."""
        for found in marks_in(payload, self.others):
            self.tally.leaks[f"{found} to {self.mark}"] += 1

    async def _visit(self, session: Session, think: float, until: float) -> None:
        clock = asyncio.get_running_loop()
        self.opened = self.rng.choice(("", "", "attention", "tokenizer", "sampling"))
        run = await session.open(self.opened, prompt=self.sentence())
        self.view = session.view
        self.count(OPEN, run)
        await self._answer(session)
        while clock.time() < until:
            await asyncio.sleep(min(think * self.rng.uniform(0.3, 1.7), until - clock.time()))
            if clock.time() < until:
                await self.act(session)

    async def act(self, session: Session) -> str:
        """Do one thing; return its kind."""
        weights = WEIGHTS | ({MODEL: SWITCHES} if len(self.models) > 1 else {})
        while True:
            (kind,) = self.rng.choices(list(weights), list(weights.values()))
            run = await self._try(kind, session)
            if run is not None:
                self.view = session.view
                self.count(kind, run)
                await self._answer(session)
                return kind
            del weights[kind]  # there is nothing of the kind on this page

    async def _try(self, kind: str, session: Session) -> Run | None:
        if kind == OPEN:
            others = [page for page in session.pages if page != self.opened]
            if not others:
                return None
            self.opened = self.rng.choice(others)
            return await session.open(self.opened)
        if kind == TYPE:
            return await session.set(among(session.controls, key="prompt"), self.sentence())
        if kind == MODEL:
            box = among(session.controls, key="model")
            left = [model for model in self.models if model != session.values[box.id]]
            return await session.set(box, self.rng.choice(left))
        offered = [control for control in session.controls if kind_of(control) == kind]
        if not offered:
            return None
        control = self.rng.choice(offered)
        if kind == LIVE:
            told = told_by(control, self.rng)
            return await session.send(control, told) if told else None
        if control.kind == "button":
            return await session.send(control, pressed(control))
        return await session.set(control, other(control, session.values[control.id], self.rng))

    async def _answer(self, session: Session) -> None:
        """Tell the result of a live figure that was drawn anew, as its script does by itself."""
        for control in session.controls:
            if control.kind == "bidi_component" and signature(control) not in ("", self._answered):
                told = answer(control)
                if told is not None:
                    self._answered = signature(control)
                    self.count(ANSWER, await session.send(control, told))

    def sentence(self) -> str:
        """Return a text that holds this reader's mark."""
        return self.rng.choice(SENTENCES).replace("{}", f"{self.mark} {self.rng.randint(0, 99)}")

    def count(self, kind: str, run: Run) -> None:
        """Count a request and what came of it."""
        where = f"{self.opened or 'home'}, {self.view}" if self.view else self.opened or "home"
        self.tally.add(kind, where, run)


def kind_of(control: Control) -> str:
    """Return what a reader does with a control, or "" for what a load leaves alone."""
    if control.kind == "bidi_component":
        return LIVE
    if control.aside or control.key.startswith(_NOT_TYPED):
        return ""
    if control.key == "view":
        return VIEW
    if control.kind in ("slider", "number_input"):
        return SLIDE
    if control.kind == "button":
        return OTHER if control.proto.type == "tertiary" else MEASURE
    return "" if control.kind in ("text_input", "text_area") else OTHER
