"""Work on maps in a thread of its own: it can be waited for, told of and stopped at any moment.

UMAP compiles itself for seconds, t-SNE says nothing before its end, and numba's threads are not to
be shared by two callers: so one thread does all of the one, another all of the other, one map after
another, and whoever has asked is told how far it is. Nothing is held while somebody is told.
"""

import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, Literal, TypeVar

from components.inspection.progress import Progress

Result = TypeVar("Result")
Worker = Literal["UMAP", "t-SNE"]

POLL: Final = 0.1
"""Seconds between two words on how far it is."""
_WORKERS: Final = {name: ThreadPoolExecutor(1, f"vitrine-{name}") for name in ("UMAP", "t-SNE")}


class Stopped(Exception):  # noqa: N818 (nobody sees it: whoever asked has left)
    """Nobody waits for this map any more."""


class Told:
    """How far a map is.

    As the `miniters` of a tqdm bar it is asked after each round whether so many rounds are enough
    to print something: they never are, and it knows how many there were. (A file that tqdm writes
    to is no place to stop at: tqdm holds the lock of all bars then, and would keep it.)
    """

    def __init__(self) -> None:
        self.share, self.phrase = 0.0, "Waiting for another map"
        self.rounds, self.stopped = 0, False

    def say(self, share: float, phrase: str) -> None:
        """Note how far it is, for whoever waits.

        Raises:
            Stopped: nobody does.
        """
        if self.stopped:
            raise Stopped
        self.share, self.phrase = share, phrase

    def __le__(self, done: int) -> bool:
        """Hear how many rounds are done; nothing is to be printed."""
        self.say(done / max(self.rounds, 1), f"UMAP: round {done} of {self.rounds}")
        return False

    def __gt__(self, _other: float) -> bool:
        """Say to tqdm's own watch over bars that are slow that this one is not."""
        return False


def run(worker: Worker, work: Callable[..., Result], *inputs: Any, progress: Progress) -> Result:
    """Return `work(*inputs, told)`, done by a thread that does such work only.

    Where `progress` raises, it is stopped: at its next word, or before it has begun.
    """
    told = Told()
    waits = _WORKERS[worker].submit(partial(_quietly, work, *inputs, told))
    try:
        while True:
            try:
                return waits.result(POLL)
            except TimeoutError:
                if waits.done():
                    raise
                progress(told.share, told.phrase)
    finally:
        told.stopped = True
        waits.cancel()


def _quietly(work: Callable[..., Result], *inputs: Any) -> Result:
    # umap-learn warns of what is meant here (no index for further points) and of graphs in several
    # pieces, which it then lays out one beside another.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return work(*inputs)


def now() -> float:
    """Return the seconds of a clock that only goes on."""
    return time.monotonic()
