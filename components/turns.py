"""Who may work now: places in the order of asking, and long work that gives way.

Computations share two cores and one network per model. Without an order, whoever polls at the right
moment goes first; without giving way, a minute's work of one reader is a minute's wait of thirty.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Generic, TypeVar
from weakref import WeakValueDictionary

from components.inspection.errors import InspectionError

QUANTUM: Final = 0.25
"""Seconds that work goes on, though others wait, before it lets one of them in."""
NEW_FIRST: Final = 4
"""So many who have not begun go before one who gave way: most are done within a quantum."""
POLL: Final = 0.05
"""Seconds between two looks at whether the reader still waits."""
MOST_WAITING: Final = 100
"""Readers in one queue; more are asked to come back."""
MOST_ASIDE: Final = 8
"""Computations that have begun and gave way: what they hold in memory is bounded so."""

Key = TypeVar("Key")
Waiting = Callable[[int], None]
"""Told again and again how many are before; may raise, to wait no longer."""


class Turns:
    """`places` to work at once. Who waits gets one in the order of asking: first those who have
    not begun, and after every `NEW_FIRST` of them one who gave way."""

    def __init__(self, places: int = 1) -> None:
        self._places = self._free = places
        self._queue: deque[threading.Event] = deque()
        self._returning: deque[threading.Event] = deque()
        self._new_in_a_row = 0
        self._lock = threading.Lock()

    def locked(self) -> bool:
        """Say whether anybody works; if nobody does, nobody waits either."""
        with self._lock:
            return self._free < self._places

    @contextmanager
    def turn(self, waiting: Waiting) -> Iterator["Turn"]:
        """Wait for a place, have it, give it on.

        Raises:
            InspectionError: `MOST_WAITING` are waiting already.
        """
        with self._lock:
            if len(self._queue) >= MOST_WAITING:
                raise InspectionError(
                    f"{MOST_WAITING} readers are waiting already. Try again in a minute."
                )
        self._enter(self._queue, waiting)
        turn = Turn(self)
        try:
            yield turn
        finally:
            if turn.held:
                self._leave()

    def _enter(self, queue: deque[threading.Event], waiting: Waiting) -> None:
        ticket = threading.Event()
        with self._lock:
            queue.append(ticket)
            self._serve()
        try:
            while not ticket.wait(POLL):
                waiting(self._before(ticket))
        except BaseException:
            with self._lock:
                if ticket in queue:
                    queue.remove(ticket)
                else:  # it was let in while it turned away
                    self._free += 1
                    self._serve()
            raise

    def _leave(self) -> None:
        with self._lock:
            self._free += 1
            self._serve()

    def _serve(self) -> None:
        while self._free and (self._queue or self._returning):
            new = bool(self._queue) and (not self._returning or self._new_in_a_row < NEW_FIRST)
            self._new_in_a_row = self._new_in_a_row + 1 if new and self._returning else 0
            self._free -= 1
            (self._queue if new else self._returning).popleft().set()

    def _before(self, ticket: threading.Event) -> int:
        with self._lock:
            return self._queue.index(ticket) if ticket in self._queue else 0

    def step_aside(self, waiting: Waiting) -> bool:
        """Let one who waits go before, if anybody does; return once it is this one's turn again."""
        with self._lock:
            others = self._queue or self._returning
            if not others or len(self._returning) >= MOST_ASIDE:
                return False
            self._free += 1
        self._enter(self._returning, waiting)
        return True


class Turn:
    """One place that somebody has."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._since = time.monotonic()
        self.held = True
        """False once the reader went away while others were let in."""

    def give_way(self, waiting: Waiting) -> None:
        """Let others in between two steps, if any wait and this has gone on for `QUANTUM`."""
        if time.monotonic() - self._since < QUANTUM:
            return
        self.held = False
        stayed = not self._turns.step_aside(waiting)
        self.held = True
        if not stayed:
            self._since = time.monotonic()


class TurnsByKey(Generic[Key]):
    """Turns for each of many things. Of what nobody works at or waits for, nothing stays."""

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[Key, Turns] = WeakValueDictionary()
        self._lock = threading.Lock()

    def of(self, key: Key) -> Turns:
        """Return the turns at `key`, for as long as somebody holds on to them."""
        with self._lock:
            return self._turns.setdefault(key, Turns())

    def __len__(self) -> int:
        """Return at how many things somebody works or waits."""
        return len(self._turns)
