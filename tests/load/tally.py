"""What a class of readers has waited, and what went wrong, as a table in Markdown."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import quantiles

from tests.load.server import Watched
from tests.load.session import Run

SLOWEST = 8
_COLOUR = re.compile(r"\x1b\[[\d;]*m")


@dataclass
class Tally:
    """Counts of all readers together."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """From a request until its run had finished, by kind of request."""
    slowest: list[tuple[float, str]] = field(default_factory=list)
    """The longest waits, each with what was asked for and where."""
    wire: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    """Exceptions on a page, and requests without an answer, each with where."""
    refusals: Counter[str] = field(default_factory=Counter)
    """What a page could not do, and said so in words."""
    leaks: Counter[str] = field(default_factory=Counter)
    """Whose mark was sent to whom."""

    def add(self, kind: str, where: str, run: Run) -> None:
        """Count a run."""
        self.seconds[kind].append(run.seconds)
        self.slowest = sorted([*self.slowest, (run.seconds, f"{kind}: {where}")])[-SLOWEST:]
        self.wire += run.wire
        self.errors.update(f"{where}: {said}" for said in run.exceptions)
        self.refusals.update(f"{where}: {said}" for said in run.refusals)

    def join(self, other: "Tally") -> None:
        """Add what another has counted."""
        for kind, seconds in other.seconds.items():
            self.seconds[kind] += seconds
        self.slowest = sorted(self.slowest + other.slowest)[-SLOWEST:]
        self.wire += other.wire
        self.errors += other.errors
        self.refusals += other.refusals
        self.leaks += other.leaks


def share(values: Sequence[float], percent: int) -> float:
    """Return the value below which so many of a hundred lie.

    >>> share([1.0, 2.0, 3.0, 4.0, 5.0], 50), share([7.0], 95)
    (3.0, 7.0)
    """
    return quantiles(values, n=100, method="inclusive")[percent - 1] if values[1:] else values[0]


def report(title: str, tally: Tally, server: Watched | None, log: Sequence[str]) -> str:
    """Return everything as Markdown: a row for each kind of request, then what went wrong."""
    every = [second for kind in tally.seconds.values() for second in kind]
    lines = [f"## {title}", "", "| request | number | p50 s | p95 s | max s |"]
    lines.append("| --- | ---: | ---: | ---: | ---: |")
    for kind, seconds in [*sorted(tally.seconds.items()), ("**all**", every)]:
        if seconds:
            cells = (share(seconds, 50), share(seconds, 95), max(seconds))
            lines.append(
                f"| {kind} | {len(seconds)} | " + " | ".join(f"{s:.2f}" for s in cells) + " |"
            )
    lines += ["", "| errors | in the log | refused in words | leaks | MB on the wire |"]
    lines[-1] += " RSS MB before | highest | at the end | later | server CPU s |"
    lines.append("| ---: " * 10 + "|")
    counts = (tally.errors, log, tally.refusals, tally.leaks)
    cells = [str(total(each)) for each in counts] + [f"{tally.wire / 1e6:.1f}"]
    cells += server.cells() if server else ["–"] * 5
    lines += [f"| {' | '.join(cells)} |", ""]
    for name, found in (
        ("error", tally.errors),
        ("refused", tally.refusals),
        ("leak", tally.leaks),
    ):
        lines += [f"* {name}, {count}: {_line(said)}" for said, count in found.most_common(12)]
    lines += [f"* slow, {seconds:.1f} s: {what}" for seconds, what in reversed(tally.slowest)]
    return "\n".join(lines + [f"* log: {_line(said)}" for said in log[:12]])


def total(found: Counter[str] | Sequence[str]) -> int:
    """Return how many there are."""
    return found.total() if isinstance(found, Counter) else len(found)


def _line(said: str) -> str:
    return " ".join(said.split())[:300]


def problems(lines: Iterable[str]) -> list[str]:
    """Return the lines of a server's log that tell of an error.

    >>> problems(["all is well", "Traceback (most recent call last):", "ERROR:    in ASGI"])
    ['Traceback (most recent call last):', 'ERROR:    in ASGI']
    """
    signs = ("Traceback (most recent", "ERROR", "CRITICAL", "Exception ignored", "Fatal Python")
    plain = [_COLOUR.sub("", line).rstrip() for line in lines]
    return [line for line in plain if any(sign in line for sign in signs)]
