"""How long each step takes, with and without a cache, step by step and repeat by repeat.

What goes wrong in such measurements, and what is done about it here: the first passes are slow
(warmed up, not counted); one number is chance (repeats; the median, with all points kept); drift
favours whoever comes first (the two ways take turns in coming first); the garbage collector
falls into a step (held off); a GPU is timed before it is done (CUDA events); the way without a
cache builds one all the same (`use_cache=False`); prefill is mixed with decoding (kept apart).
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.decoding import Decoder
from components.inspection.kv_cache.asking import allowed_difference, checked
from components.inspection.kv_cache.clock import quiet, timed
from components.inspection.kv_cache.machine import Machine, machine_of
from components.inspection.model import Model

Way = Literal["with", "without"]
WAYS: Final[tuple[Way, Way]] = ("with", "without")
BREATH: Final = 0.25
"""Seconds of work after which others may have their turn."""


@dataclass(frozen=True, eq=False)
class Timing:
    """A measurement, whole or as far as it got."""

    prompt: int
    """Tokens that prefill reads."""
    new: int
    repeats: int
    start: int
    """Positions that the decoder holds after prefill: `prompt`, or 1 of two stacks."""
    seconds: Float64[np.ndarray, "way repeat step"]
    """Ways as in `WAYS`. Step 0 is prefill, which gives the first new token;
    step t reads t new tokens. Not (yet) measured is NaN."""
    tokens: tuple[int, ...]
    """The greedy tokens that were fed; both ways read the same. Empty while warming up."""
    different: int
    """At how many of the measured steps another token was chosen than the one that was fed."""
    behind: float
    """There: by how much its logit was beyond that of the fed one, at most."""
    allowed: float
    """What rounding alone may account for of that; 0 where nothing differs."""
    estimate: float
    """Seconds that the whole was expected to take after warming up; NaN while that lasts."""
    warm: float
    """Share of the warming up that is done, 0 to 1."""
    at: float
    """When it was begun, in seconds since 1970."""
    machine: Machine

    @property
    def share(self) -> float:
        """How much of it is measured, 0 to 1."""
        return float(np.isfinite(self.seconds).mean())

    @property
    def whole(self) -> bool:
        """Everything that was asked for is measured."""
        return bool(np.isfinite(self.seconds).all())

    @property
    def checks(self) -> tuple[Check, ...]:
        """Both ways must choose the same tokens, but where two logits are as good as equal."""
        return (
            Check(
                "no token that one way chose is behind in the other by more than rounding",
                self.behind,
                self.allowed,
                rounding.meant(
                    self.behind,
                    "The two ways compute different things, and their times cannot be compared.",
                ),
            ),
        )


def measure(model: Model, text: str, prompt: int, new: int, repeats: int) -> Iterator[Timing]:
    """Yield what is measured so far, about four times a second, the whole at last.

    `text` is cut or repeated to `prompt` tokens; `new` greedy tokens are written, `repeats`
    times with a cache and without, in turn. Between two yields nothing of the model is held but
    a cache of its own, so others may use it.

    Raises:
        InspectionError: a number is out of range, the text too long, or the model keeps no cache.
    """
    decoder = Decoder(model, checked(model, text, prompt, new, repeats))
    seconds = np.full((2, repeats, new), np.nan)
    behind = np.zeros((2, repeats, new))
    written: list[Tensor] = []
    expected, permitted = float("nan"), 0.0
    machine, began = machine_of(model), time.time()

    def so_far() -> Timing:
        done = len(written) == new
        return Timing(
            prompt=prompt,
            new=new,
            repeats=repeats,
            start=decoder.begin.shape[1],
            seconds=seconds.copy(),
            tokens=tuple(int(token) for token in written) if done else (),
            different=int(np.count_nonzero(behind)),
            behind=float(behind.max()),
            allowed=permitted,
            estimate=expected,
            warm=len(written) / new,
            at=began,
            machine=machine,
        )

    yield so_far()
    breathed = time.monotonic()
    for _, token in decoder.greedy(decoder.new_cache(), new):
        written.append(token)
        if time.monotonic() - breathed > BREATH:
            yield so_far()
            breathed = time.monotonic()
    fed = torch.cat(written, dim=1)
    expected = repeats * pace_of(decoder, new).both(new)
    yield so_far()
    for repeat in range(repeats):
        # Each way comes first in every other repeat.
        for way in (0, 1) if repeat % 2 == 0 else (1, 0):
            for _ in _run(decoder, fed, WAYS[way], seconds[way, repeat], behind[way, repeat]):
                if behind.any() and not permitted:
                    whole = torch.cat([decoder.begin, fed[:, :-1]], dim=1)
                    # Either way may be off by that much, and the two logits in turn.
                    permitted = 2 * allowed_difference(decoder, whole, new)
                yield so_far()
    yield so_far()


@dataclass(frozen=True)
class Pace:
    """Seconds of three passes, from which longer work is foretold."""

    short: float
    """Of the prompt without a cache (of two stacks: of the decoder's start)."""
    long: float
    """Of all tokens, without a cache."""
    step: float
    """Of one step with a cache."""

    def passes(self, count: float) -> float:
        """Return the seconds of `count` passes without a cache, from shortest to longest."""
        return count * (self.short + self.long) / 2

    def both(self, new: int) -> float:
        """Return the seconds of writing `new` tokens once with a cache and once without."""
        return self.passes(new) + self.short + (new - 1) * self.step


def pace(model: Model, text: str, prompt: int | None, new: int) -> Pace:
    """Time three passes, each warmed up.

    Raises:
        InspectionError: as `measure`.
    """
    return pace_of(Decoder(model, checked(model, text, prompt, new)), new)


def pace_of(decoder: Decoder, new: int) -> Pace:
    """Do as `pace`, for a text that is prepared."""
    device, start = decoder.model.device, decoder.begin.shape[1]
    filler = decoder.begin[:, :1]
    everything = torch.cat([decoder.begin, filler.expand(-1, new - 1)], dim=1)
    cache = decoder.new_cache()
    decoder.without(decoder.begin)
    decoder.without(everything)
    _, short = timed(device, lambda: decoder.without(decoder.begin))
    _, long = timed(device, lambda: decoder.without(everything))
    decoder.prefill(cache)
    decoder.step(filler, cache, start)
    _, one = timed(device, lambda: decoder.step(filler, cache, start + 1))
    return Pace(short, long, one)


def _run(
    decoder: Decoder,
    fed: Int64[Tensor, "1 step"],
    way: Way,
    seconds: Float64[np.ndarray, " step"],
    behind: Float64[np.ndarray, " step"],
) -> Iterator[None]:
    """Write once in one way, filling `seconds` and `behind`; yield to take breath."""
    cache = decoder.new_cache()
    everything = torch.cat([decoder.begin, fed], dim=1)
    start, device, step = decoder.begin.shape[1], decoder.model.device, 0
    while step < len(seconds):
        until = time.monotonic() + BREATH
        with quiet():
            while True:  # at least one step for each breath, however slow the machine

                def work(step: int = step) -> tuple[Tensor, Tensor]:
                    if way == "without":
                        logits = decoder.without(everything[:, : start + step])
                    elif step == 0:
                        logits = decoder.prefill(cache)
                    else:
                        logits = decoder.step(fed[:, step - 1 : step], cache, start + step - 1)
                    return logits[0], logits[0].argmax()

                (logits, chosen), seconds[step] = timed(device, work)
                ours = int(fed[0, step])
                behind[step] = float(logits[chosen].double() - logits[ours].double())
                step += 1
                if step == len(seconds) or time.monotonic() >= until:
                    break
        yield
