"""The server under load, seen from outside: its memory and the time of its processor."""

import asyncio
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

import psutil

EVERY = 0.5
"""Seconds between two looks at the memory."""


def serving(url: str) -> psutil.Process:
    """Return the process on this machine that listens at an address.

    Raises:
        LookupError: there is none.
    """
    port = urlsplit(url).port
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
            return psutil.Process(connection.pid)
    raise LookupError(f"no process on this machine listens at {url}")


@dataclass
class Watched:
    """A server's process, watched."""

    process: psutil.Process
    before: int = 0
    peak: int = 0
    end: int = 0
    later: int | None = None
    began: float = 0.0
    used: float = 0.0
    """Seconds of processor, from the beginning to the end."""
    _looking: asyncio.Task[None] | None = field(default=None, repr=False)

    async def __aenter__(self) -> Self:
        self.before = self.peak = self.memory()
        self.began = self.processor()
        self._looking = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._looking is not None
        self._looking.cancel()
        self.used, self.end = self.processor() - self.began, self.memory()
        self.peak = max(self.peak, self.end)

    def memory(self) -> int:
        """Return the bytes that the server and its children hold."""
        return int(sum(each.memory_info().rss for each in self._all()))

    def processor(self) -> float:
        """Return the seconds of processor that the server and its children have used."""
        return float(sum(sum(each.cpu_times()[:2]) for each in self._all()))

    def cells(self) -> list[str]:
        """Return before, highest, at the end and later in MB, and the seconds of processor."""
        sizes = (self.before, self.peak, self.end, self.later)
        told = ["–" if size is None else f"{size / 1e6:,.0f}" for size in sizes]
        return [*told, f"{self.used:.1f}"]

    def _all(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            self.peak = max(self.peak, self.memory())
