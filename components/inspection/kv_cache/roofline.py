"""What this machine can do at most, and where the passes lie below it.

The roofline model (Williams, Waterman and Patterson 2009): a piece of work takes at least its
operations over the machine's rate of operations, and at least its bytes over the rate at which
they can be moved. Operations per byte say which of the two binds.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch

from components.inspection.kv_cache.clock import quiet, timed
from components.inspection.kv_cache.decoding import Decoding
from components.inspection.kv_cache.machine import Machine, machine_of
from components.inspection.kv_cache.timing import checked
from components.inspection.kv_cache.work import Pass, work
from components.inspection.model import Model
from components.inspection.progress import Progress, silent

ROUNDS: Final = 5
SIDE: Final = {"cpu": 512, "cuda": 8_192, "mps": 2_048}
"""Of the square matrices that are multiplied."""
LEAST_COPY: Final = 2**22
MOST_COPY: Final = 2**28
LENGTHS: Final = 6
LIMITS: Final = 4
"""Products and copies in a round: short ones, so that some fall between other programs' work."""


@dataclass(frozen=True)
class TimedPass:
    """A pass and the median of its seconds."""

    done: Pass
    seconds: float

    @property
    def intensity(self) -> float:
        """Operations for each byte that goes in or out of a matrix product."""
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
    copy_rate: float
    """Bytes per second, read and written, of a copy of as many bytes as the weights have, at
    best."""
    copied: int
    """Bytes of that copy's source."""
    passes: tuple[TimedPass, ...]
    """As in `Work.passes`."""
    lengths: tuple[int, ...]
    """Positions of passes without a cache."""
    seconds: tuple[float, ...]
    """[length]: median seconds of such a pass."""
    machine: Machine

    @property
    def ridge(self) -> float:
        """Operations per byte from which on operations bind, no longer bytes."""
        return self.matrix_rate / self.copy_rate

    def roof(self, intensity: float) -> float:
        """Return the most operations per second at so many operations per byte."""
        return min(self.matrix_rate, self.copy_rate * intensity)


def roofline(
    model: Model, text: str, prompt: int, new: int, attempt: int = 0, progress: Progress = silent
) -> Roofline:
    """Measure the machine's rates and the model's passes, in about a second.

    `attempt` asks for a new measurement where the result of an earlier one was kept.

    Raises:
        InspectionError: as `timing.measure`.
    """
    del attempt
    ids = checked(model, text, prompt, new)
    progress(0.0, "Counting operations")
    counted = work(model, text, prompt, new)
    progress(0.3, "Timing passes, products and copies in turn")
    copied = min(max(model.facts.weight_bytes, LEAST_COPY), MOST_COPY)
    side = SIDE[model.device.type]
    decoding = Decoding(model, ids)
    end = decoding.begin.shape[1] + new - 1
    lengths = sorted({max(1, round(end * part / LENGTHS)) for part in range(1, LENGTHS + 1)} | {1})
    everything = decoding.read.new_full((1, end), int(decoding.read[0, 0]))
    prompts: list[Callable[[], object]] = [
        lambda length=length: decoding.without(everything[:, :length])  # type: ignore[misc]
        for length in lengths
    ]
    cache = decoding.new_cache()
    decoding.prefill(cache)
    for place in range(new - 2):
        decoding.step(everything[:, place : place + 1], cache)
    # The cache grows by a token in each round: at these lengths that changes nothing.
    times = _in_turn(
        model,
        *(_product(model, side),) * LIMITS,
        *(_copy(model, copied),) * LIMITS,
        lambda: decoding.prefill(decoding.new_cache()),
        lambda: decoding.step(everything[:, :1], cache),
        lambda: decoding.without(everything),
        *prompts,
    )
    progress(1.0, "Done")
    return Roofline(
        matrix_rate=2 * side**3 / _best(times[:LIMITS]),
        copy_rate=2 * copied / _best(times[LIMITS : 2 * LIMITS]),
        copied=copied,
        passes=tuple(
            TimedPass(each, statistics.median(taken))
            for each, taken in zip(counted.passes, times[2 * LIMITS :][:3], strict=True)
        ),
        lengths=tuple(lengths),
        seconds=tuple(statistics.median(taken) for taken in times[2 * LIMITS + 3 :]),
        machine=machine_of(model),
    )


def _in_turn(model: Model, *works: Callable[[], object]) -> list[list[float]]:
    """Time the works in turn, so that noise meets them alike; return each one's seconds."""
    times: list[list[float]] = [[] for _ in works]
    with quiet():
        for round_ in range(ROUNDS + 1):
            for each, taken in zip(works, times, strict=True):
                _, seconds = timed(model.device, each)
                if round_:  # the first one warms up
                    taken.append(seconds)
    return times


def _best(times: list[list[float]]) -> float:
    return min(min(taken) for taken in times)


def _product(model: Model, side: int) -> Callable[[], object]:
    one = torch.ones((side, side), dtype=model.dtype, device=model.device)
    out = torch.empty_like(one)
    return lambda: torch.mm(one, one, out=out)


def _copy(model: Model, size: int) -> Callable[[], object]:
    source = torch.ones(size, dtype=torch.uint8, device=model.device)
    target = torch.empty_like(source)
    return lambda: target.copy_(source)
