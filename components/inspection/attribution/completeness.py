"""Do the scores add up? Integrated gradients with more and more steps, until they do.

A gap may be small by chance: with few steps, errors on one stretch of the way cancel those on
another. So it must be small for two doublings running.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Float32, Int

from components.inspection.attribution import catalogue
from components.inspection.attribution.catalogue import USUAL, MethodSettings
from components.inspection.attribution.methods import Attribution, attribute
from components.inspection.attribution.question import Question
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.progress import Progress, silent

FIRST_STEPS: Final = 4
MOST_STEPS: Final = 512
RUNNING: Final = 2
"""Doublings in a row that must be within the bound."""


@dataclass(frozen=True, eq=False)
class Completeness:
    """How the sum of the scores nears the change that it should equal."""

    steps: Int[np.ndarray, " trial"]
    """4, 8, 16, ..."""
    gaps: Float32[np.ndarray, " trial"]
    """In logits: the change from baseline to text minus the sum of the scores."""
    bound: float
    """The gap that is small enough, as a share of the change."""
    last: Attribution
    """The scores of the last try."""

    @property
    def shares(self) -> Float32[np.ndarray, " trial"]:
        """The size of the gap as a share of the size of the change."""
        change = max(abs(self.last.change), float(np.finfo(np.float32).tiny))
        return (np.abs(self.gaps) / change).astype(np.float32)

    @property
    def reached(self) -> bool:
        """The last two tries are within the bound: one alone may be by chance."""
        return len(self.steps) >= RUNNING and bool((self.shares[-RUNNING:] <= self.bound).all())


def steps_tried(most_steps: int = MOST_STEPS) -> list[int]:
    """Return the numbers of steps, each twice the one before.

    >>> steps_tried(32)
    [4, 8, 16, 32]
    """
    tried = [FIRST_STEPS]
    while tried[-1] * 2 <= most_steps:
        tried.append(tried[-1] * 2)
    return tried


def cost(most_steps: int = MOST_STEPS) -> tuple[int, int]:
    """Return how many texts are read at most, and through how many a gradient is sent back."""
    each = [
        catalogue.cost("integrated_gradients", 1, MethodSettings(steps=n))
        for n in steps_tried(most_steps)
    ]
    return sum(one[0] for one in each), sum(one[1] for one in each)


def raise_steps(
    model: Model,
    question: Question,
    bound: float,
    most_steps: int = MOST_STEPS,
    progress: Progress = silent,
) -> Completeness:
    """Double the steps until the gap is at most `bound` of the change for two doublings running.

    Raises:
        InspectionError: the bound is not between 0 and 1, or the question cannot be put.
    """
    if not 0 < bound < 1:
        raise InspectionError(f"The bound must be between 0 and 1 (0 and 100%), not {bound:g}.")
    tried: list[Attribution] = []
    allowed = steps_tried(most_steps)
    for count in allowed:
        done = sum(allowed[: len(tried)]) / sum(allowed)

        def tell(share: float, _phrase: str, done: float = done, count: int = count) -> None:
            progress(done + share * count / sum(allowed), f"{count} steps")

        settings = replace(USUAL, steps=count)
        tried.append(attribute(model, question, "integrated_gradients", settings, progress=tell))
        found = Completeness(
            steps=np.array(allowed[: len(tried)], np.int32),
            gaps=np.array([each.gap for each in tried], np.float32),
            bound=bound,
            last=tried[-1],
        )
        if found.reached:
            break
    progress(1.0, "Done")
    return found
