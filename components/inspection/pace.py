"""How long one plain pass takes here: measured, to say what work will cost before it starts."""

from typing import Final

import torch

from components.inspection.forward_pass import arguments_of, inputs_of
from components.inspection.kv_cache.clock import timed
from components.inspection.model import Model
from components.inspection.probe import drawn
from components.inspection.running import run

BRIEF: Final = 0.05
"""Seconds that a pass may take before it is not timed twice."""


def pass_seconds(model: Model, length: int, _again: int = 0) -> float:
    """Return the seconds of a plain pass over `length` ordinary tokens (of two stacks, in the
    encoder).

    `_again` only tells one measurement from another, where results are kept.

    Raises:
        InspectionError: the network's own code fails.
    """
    length = max(1, min(length, model.context - 1))
    given = arguments_of(model, inputs_of(model, drawn(model, length)))

    def once() -> float:
        with torch.no_grad():
            return timed(model.device, lambda: run(model, **given))[1]

    first = once()  # also fetches and prepares, which is little beside a pass that is slow
    return first if first > BRIEF and model.device.type == "cpu" else min(first, once())
