"""Seconds of each module in one pass over a text, measured here and now."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Float64

from components.inspection.architecture.ledger_pass import booked
from components.inspection.checks import Check
from components.inspection.forward_pass import arguments_of, inputs_of
from components.inspection.kv_cache.clock import quiet, timed
from components.inspection.model import Model
from components.inspection.running import run

REPEATS: Final = 9
WARM: Final = 2
"""Passes before the first that counts: they also fetch and prepare."""


@dataclass(frozen=True, eq=False)
class Times:
    """A measurement, whole or as far as it got. Rows are those of the model's `ModuleTree`."""

    tokens: int
    """That were read (of two stacks: by the encoder)."""
    runs: Float64[np.ndarray, "repeat row"]
    """Seconds of each module itself, of those inside it none."""
    whole: Float64[np.ndarray, " repeat"]
    """Seconds of those passes."""
    plain: Float64[np.ndarray, " repeat"]
    """Seconds of passes in which no module was timed, in turn with them."""
    at: float
    """When it was begun, in seconds since 1970."""
    device: str

    @property
    def done(self) -> float:
        """The share of the passes that were measured, 0 to 1."""
        return len(self.whole) / REPEATS

    @property
    def seconds(self) -> Float64[np.ndarray, " row"]:
        """Of each module itself: the median of the passes."""
        return np.asarray(np.median(self.runs, axis=0))

    @property
    def checks(self) -> tuple[Check, ...]:
        """What of a pass is in no module: never less than nothing, since clocks run within it."""
        return (
            Check(
                "the modules' times together are no longer than their pass, in seconds",
                float(np.maximum(self.runs.sum(axis=1) - self.whole, 0.0).max()),
                float(np.finfo(np.float64).eps * self.runs.shape[1] * self.whole.max()),
                "Time was booked on two modules at once.",
            ),
            Check(
                "the share of a pass that was spent in no module",
                float(1 - np.median(self.runs.sum(axis=1) / self.whole)),
            ),
        )


def times(model: Model, text: str) -> Iterator[Times]:
    """Yield what is measured so far, after each of `REPEATS` passes over `text`.

    Raises:
        InspectionError: the text is empty or too long, or the network's own code fails.
    """
    inputs = inputs_of(model, text)
    given, tokens = arguments_of(model, inputs), next(iter(inputs.values())).shape[1]
    runs, whole, plain, began = [], [], [], time.time()

    def once() -> None:
        with torch.no_grad():
            run(model, **given)

    def clock() -> float:
        if model.device.type == "cuda":
            torch.cuda.synchronize(model.device)
        if model.device.type == "mps":
            torch.mps.synchronize()
        return time.perf_counter()

    for repeat in range(-WARM, REPEATS):
        with quiet():
            bare = timed(model.device, once)[1]
            with booked(model.network, clock) as book:
                begun = clock()
                once()
                took = clock() - begun
        if repeat < 0:
            continue
        runs.append(book)
        whole.append(took)
        plain.append(bare)
        yield Times(
            tokens,
            np.array(runs),
            np.array(whole),
            np.array(plain),
            began,
            str(model.device),
        )
