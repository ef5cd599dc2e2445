"""How fast this model reads texts here: measured, to say what work will cost before it starts."""

from dataclasses import dataclass
from typing import Final

import torch
from jaxtyping import Float32
from torch import Tensor

from components.inspection.attribution.problem import MOST_TOKENS
from components.inspection.attribution.targets import Target, TargetScore, rows_at_once
from components.inspection.kv_cache.clock import timed
from components.inspection.model import Model
from components.inspection.probe import drawn
from components.inspection.running import sent_back

BRIEF: Final = 0.05
"""Seconds that a measurement may take before it is not made larger."""
REPEATS: Final = 2
"""Least measurements of texts of which one takes no longer than that."""
SIDE_BY_SIDE: Final = (1, 4, 16)
"""Texts that are read at once, tried in this order."""


@dataclass(frozen=True)
class Pace:
    """Seconds for each text, of those read side by side."""

    forward: float
    back: float
    """Of a text that is read and through which a gradient is sent back; infinite if that was not
    asked for."""

    def seconds(self, forwards: int, backwards: int) -> float:
        """Return how long it takes to read `forwards` texts, `backwards` of them also back."""
        forward = (forwards - backwards) * self.forward
        return forward + backwards * self.back if backwards else forward


def pace(model: Model, length: int, gradients: bool = True, _again: int = 0) -> Pace:
    """Let `model` read a few texts of `length` ordinary tokens, forward and, if `gradients` are
    asked for, back.

    Several at once are tried as long as that is quick: a GPU, or a small network, reads them in
    little more time than one. `_again` only tells one measurement from another, where results are
    kept.

    Raises:
        InspectionError: the network's own code fails.
    """
    length = max(1, min(length, MOST_TOKENS, model.context - 1))
    ids = torch.tensor([drawn(model, length)], device=model.device)
    with torch.no_grad():
        one = model.embeddings()[0](ids).detach().float()
    score = TargetScore(model, Target(length - 1, 0))
    most, found = rows_at_once(model, length), Pace(float("inf"), float("inf"))

    def forward(texts: Float32[Tensor, "batch token width"]) -> None:
        with torch.no_grad():
            score(texts)

    def back(texts: Float32[Tensor, "batch token width"]) -> None:
        leaf = texts.clone().requires_grad_()
        with sent_back(model):
            torch.autograd.grad(score(leaf).sum(), leaf)

    # The first pass of all also fetches and prepares.
    _, first = timed(model.device, lambda texts=one: forward(texts))  # type: ignore[misc]
    if first > BRIEF and not gradients and model.device.type == "cpu":
        return Pace(first, float("inf"))  # preparing is little beside a pass that is slow
    least = REPEATS if first <= BRIEF else 1
    for rows in SIDE_BY_SIDE:
        if rows > most:
            break
        texts = one.expand(rows, -1, -1)
        spent, repeats = 0.0, 0
        while spent <= BRIEF or repeats < least:
            _, once = timed(model.device, lambda texts=texts: forward(texts))  # type: ignore[misc]
            back_again = 0.0
            if gradients:
                _, back_again = timed(model.device, lambda texts=texts: back(texts))  # type: ignore[misc]
            # The smallest: another process may have been in the way.
            fastest = min(found.back, back_again / rows) if gradients else found.back
            found = Pace(min(found.forward, once / rows), fastest)
            spent, repeats = spent + once + back_again, repeats + 1
        if once + back_again > BRIEF:
            break
    return found
