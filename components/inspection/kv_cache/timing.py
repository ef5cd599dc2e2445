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
from numpy.typing import NDArray
from torch import Tensor

from components.inspection.errors import InspectionError
from components.inspection.kv_cache.clock import quiet, timed
from components.inspection.kv_cache.decoding import Decoding, check_writes, filled
from components.inspection.kv_cache.machine import Machine, machine_of
from components.inspection.model import Model

Way = Literal["with", "without"]
WAYS: Final[tuple[Way, Way]] = ("with", "without")
MOST_NEW: Final = 256
MOST_PROMPT: Final = 4_096
MOST_REPEATS: Final = 20
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
    """Positions that the decoder holds after prefill: `prompt`, or 1 with two towers."""
    seconds: NDArray[np.float64]
    """[way, repeat, step]; ways as in `WAYS`. Step 0 is prefill, which gives the first new token;
    step t reads t new tokens. Not (yet) measured is NaN."""
    tokens: tuple[int, ...]
    """[new]: the greedy tokens that were fed; both ways read the same."""
    same: bool
    """Both ways chose each of these tokens, wherever they were measured."""
    estimate: float
    """Seconds that the whole was expected to take after warming up."""
    machine: Machine

    @property
    def share(self) -> float:
        """How much of it is measured, 0 to 1."""
        return float(np.isfinite(self.seconds).mean())

    @property
    def whole(self) -> bool:
        """Everything that was asked for is measured."""
        return bool(np.isfinite(self.seconds).all())


def measure(model: Model, text: str, prompt: int, new: int, repeats: int) -> Iterator[Timing]:
    """Yield what is measured so far, about four times a second, the whole at last.

    `text` is cut or repeated to `prompt` tokens; `new` greedy tokens are written, `repeats`
    times with a cache and without, in turn. Between two yields nothing of the model is held but
    a cache of its own, so others may use it.

    Raises:
        InspectionError: a number is out of range, the text too long, or the model keeps no cache.
    """
    ids = checked(model, text, prompt, new, repeats)
    decoding = Decoding(model, ids)
    fed = _warmed_up(decoding, new)
    estimate = repeats * _expected(decoding, fed)
    seconds = np.full((2, repeats, new), np.nan)
    chosen = fed.new_full((2, repeats, new), -1)
    machine = machine_of(model)

    def so_far() -> Timing:
        measured = torch.from_numpy(np.isfinite(seconds))
        right = (chosen.cpu() == fed[0].cpu()) | ~measured
        return Timing(
            prompt=prompt,
            new=new,
            repeats=repeats,
            start=decoding.begin.shape[1],
            seconds=seconds.copy(),
            tokens=tuple(fed[0].tolist()),
            same=bool(right.all()),
            estimate=estimate,
            machine=machine,
        )

    yield so_far()
    for repeat in range(repeats):
        # Each way comes first in every other repeat.
        for way in (0, 1) if repeat % 2 == 0 else (1, 0):
            for _ in _run(decoding, fed, WAYS[way], seconds[way, repeat], chosen[way, repeat]):
                yield so_far()
    yield so_far()


def checked(model: Model, text: str, prompt: int | None, new: int, repeats: int = 1) -> list[int]:
    """Return the prompt's ids, if all of this can be measured. None: the text as long as it is.

    Raises:
        InspectionError: it cannot.
    """
    check_writes(model)
    if prompt is None:
        prompt = len(model.encode(text))
    for name, value, low, high in (
        ("The prompt's length", prompt, 1, MOST_PROMPT),
        ("The number of new tokens", new, 2, MOST_NEW),
        ("The number of repeats", repeats, 1, MOST_REPEATS),
    ):
        if not low <= value <= high:
            raise InspectionError(f"{name} is {value:,}; it goes from {low} to {high:,}.")
    most = model.context - (0 if model.kind == "seq2seq" else new)
    if prompt > most:
        raise InspectionError(
            f"{prompt:,} tokens of prompt and {new} new ones are more than the "
            f"{model.context:,} that this model reads at most: shorten the prompt to {most:,}."
        )
    return filled(model, text, prompt)


def estimate(model: Model, text: str, prompt: int, new: int) -> float:
    """Return about how many seconds one repeat will take, both ways together.

    From three timed passes: the shortest and the longest without a cache, with a straight line
    between them, and one step with it.

    Raises:
        InspectionError: as `measure`.
    """
    decoding = Decoding(model, checked(model, text, prompt, new))
    return _expected(decoding, decoding.read.new_zeros((1, new)))


def _run(
    decoding: Decoding, fed: Tensor, way: Way, seconds: NDArray[np.float64], chosen: Tensor
) -> Iterator[None]:
    """Write once in one way, filling `seconds` and `chosen`; yield to take breath."""
    cache = decoding.new_cache()
    everything = torch.cat([decoding.begin, fed], dim=1)
    start, device, step = decoding.begin.shape[1], decoding.model.device, 0
    while step < len(seconds):
        until = time.monotonic() + BREATH
        with quiet():
            while True:  # at least one step for each breath, however slow the machine

                def work(step: int = step) -> Tensor:
                    if way == "without":
                        logits = decoding.without(everything[:, : start + step])
                    elif step == 0:
                        logits = decoding.prefill(cache)
                    else:
                        logits = decoding.step(fed[:, step - 1 : step], cache)
                    return logits.argmax()

                chosen[step], seconds[step] = timed(device, work)
                step += 1
                if step == len(seconds) or time.monotonic() >= until:
                    break
        yield


def _warmed_up(decoding: Decoding, new: int) -> Tensor:
    """Write once with a cache, uncounted; return the greedy tokens [1, new]."""
    cache = decoding.new_cache()
    token = decoding.prefill(cache).argmax().view(1, 1)
    tokens = [token]
    for _ in range(new - 1):
        token = decoding.step(token, cache).argmax().view(1, 1)
        tokens.append(token)
    return torch.cat(tokens, dim=1)


def _expected(decoding: Decoding, fed: Tensor) -> float:
    new, device = fed.shape[1], decoding.model.device
    everything = torch.cat([decoding.begin, fed[:, :-1]], dim=1)
    cache = decoding.new_cache()
    decoding.without(decoding.begin)
    decoding.without(everything)
    _, short = timed(device, lambda: decoding.without(decoding.begin))
    _, long = timed(device, lambda: decoding.without(everything))
    decoding.prefill(cache)
    decoding.step(fed[:, :1], cache)
    _, one = timed(device, lambda: decoding.step(fed[:, :1], cache))
    return new * (short + long) / 2 + short + (new - 1) * one
