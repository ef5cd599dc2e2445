"""What this machine can do at most, and where the passes lie below it.

The roofline model (Williams, Waterman and Patterson 2009): a piece of work takes at least its
operations over the machine's rate of operations, and at least its bytes over the rate at which
they can be moved. Its arithmetic intensity, operations per byte, says which of the two limits it:
below the ridge point it is memory-bound, above compute-bound.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import torch
from jaxtyping import Int64
from torch import Tensor

from components.inspection.checks import Check
from components.inspection.decoding import Decoder
from components.inspection.kv_cache.asking import checked
from components.inspection.kv_cache.clock import quiet, timed
from components.inspection.kv_cache.limits import copy, product
from components.inspection.kv_cache.machine import Machine, machine_of
from components.inspection.kv_cache.timing import Pace
from components.inspection.kv_cache.work import Pass, Work, work
from components.inspection.model import Model

ROUNDS: Final = 5
LENGTHS: Final = 6
LIMITS: Final = 4
"""Products and copies in a round: short ones, so that some fall between other programs' work."""
NEAR: Final = 2.0
"""Within so many times of the roof, the roof is said to limit a pass; farther below it, it is what
calling many small operations costs."""

Limit = Literal["memory", "compute", "overhead"]


@dataclass(frozen=True)
class TimedPass:
    """A pass and the median of its seconds."""

    done: Pass
    seconds: float

    @property
    def intensity(self) -> float:
        """Operations for each byte in or out of a matrix product (arithmetic intensity)."""
        return self.done.operations / self.done.matrix_bytes

    @property
    def rate(self) -> float:
        """Operations per second reached."""
        return self.done.operations / self.seconds


@dataclass(frozen=True)
class Roofline:
    """Rates of the machine, and three passes of the model below them."""

    matrix_rate: float
    """Operations per second of a large matrix product in the model's number format, at best: a
    roof is what can be reached, so the fastest round counts."""
    side: int
    """Of the matrices in that product."""
    copy_rate: float
    """Bytes per second, read and written, of a copy of as many bytes as the weights have, at
    best."""
    copied: int
    """Bytes of that copy's source."""
    work: Work
    passes: tuple[TimedPass, ...]
    """As in `Work.passes`."""
    lengths: tuple[int, ...]
    """Positions of passes without a cache."""
    seconds: tuple[float, ...]
    """[length]: median seconds of such a pass."""
    rounds: int
    """Over so many rounds, of `ROUNDS`."""
    at: float
    """When it was measured, in seconds since 1970."""
    machine: Machine

    @property
    def ridge(self) -> float:
        """Operations per byte from which on operations limit, no longer bytes (ridge point)."""
        return self.matrix_rate / self.copy_rate

    @property
    def share(self) -> float:
        """How much of it is measured, 0 to 1."""
        return self.rounds / ROUNDS

    @property
    def checks(self) -> tuple[Check, ...]:
        """Of the operations counted."""
        return self.work.checks

    def roof(self, intensity: float) -> float:
        """Return the most operations per second at so many operations per byte."""
        return min(self.matrix_rate, self.copy_rate * intensity)

    def limit(self, each: TimedPass) -> Limit:
        """Say what limits a pass: the roof, if it is within `NEAR` times of it, else overhead."""
        if each.rate * NEAR < self.roof(each.intensity):
            return "overhead"
        return "memory" if each.intensity < self.ridge else "compute"


def expected_seconds(pace: Pace, new: int) -> float:
    """Return about how long `rooflines` takes, from the pace of the model's passes."""
    once = pace.short + pace.step + pace.long + pace.passes(LENGTHS + 1)
    # Counting runs each pass through Python; the cache is filled twice.
    return 4 * pace.passes(2) + 2 * new * pace.step + (ROUNDS + 1) * once


@dataclass(frozen=True)
class RooflineStep:
    """How far a measurement is."""

    share: float
    """Of all passes, 0 to 1."""
    found: Roofline | None
    """Over the rounds that are whole; None before the first is."""


def rooflines(model: Model, text: str, prompt: int, new: int) -> Iterator[RooflineStep]:
    """Yield what is measured so far, after each pass.

    Between two yields nothing of the model is held, so others may use it.

    Raises:
        InspectionError: as `asking.checked`.
    """
    decoder = Decoder(model, checked(model, text, prompt, new))
    began, machine = time.time(), machine_of(model)
    yield RooflineStep(0.0, None)
    counted = work(model, text, prompt, new)
    start = decoder.begin.shape[1]
    end, filler = start + new - 1, decoder.begin[:, :1]
    everything = torch.cat([decoder.begin, filler.expand(-1, new - 1)], dim=1)
    lengths = sorted({max(1, round(end * part / LENGTHS)) for part in range(1, LENGTHS + 1)} | {1})
    cache = decoder.new_cache()
    decoder.prefill(cache)
    for past in range(start, end - 1):
        decoder.step(filler, cache, past)
    side, multiply = product(model)
    copied, move = copy(model)
    # The cache grows by a token in each round: at these lengths that changes nothing.
    works: list[Callable[[], object]] = [
        *(multiply,) * LIMITS,
        *(move,) * LIMITS,
        lambda: decoder.prefill(decoder.new_cache()),
        lambda: decoder.step(filler, cache, end - 1),
        lambda: decoder.without(everything),
        *(_without(decoder, everything[:, :length]) for length in lengths),
    ]
    times: list[list[float]] = [[] for _ in works]

    def so_far(rounds: int) -> Roofline:
        medians = [statistics.median(taken) for taken in times[2 * LIMITS :]]
        return Roofline(
            matrix_rate=2 * side**3 / _best(times[:LIMITS]),
            side=side,
            copy_rate=2 * copied / _best(times[LIMITS : 2 * LIMITS]),
            copied=copied,
            work=counted,
            passes=tuple(
                TimedPass(each, taken)
                for each, taken in zip(counted.passes, medians[:3], strict=True)
            ),
            lengths=tuple(lengths),
            seconds=tuple(medians[3:]),
            rounds=rounds,
            at=began,
            machine=machine,
        )

    found: Roofline | None = None
    for round_ in range(ROUNDS + 1):
        for number, (each, taken) in enumerate(zip(works, times, strict=True)):
            with quiet():
                _, seconds = timed(model.device, each)
            if round_:  # the first one warms up
                taken.append(seconds)
            done = round_ * len(works) + number + 1
            if done < len(works) * (ROUNDS + 1):
                yield RooflineStep(done / (len(works) * (ROUNDS + 1)), found)
        if round_:
            found = so_far(round_)
    yield RooflineStep(1.0, found)


def _without(decoder: Decoder, ids: Int64[Tensor, "1 token"]) -> Callable[[], object]:
    return lambda: decoder.without(ids)


def _best(times: Sequence[list[float]]) -> float:
    return min(min(taken) for taken in times)
