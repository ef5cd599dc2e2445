"""What one method says of one question."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.inspection.attribution.catalogue import MethodName
from components.inspection.attribution.features import Features
from components.inspection.attribution.question import Question
from components.inspection.checks import Check


@dataclass(frozen=True, eq=False)
class Attribution:
    """A score for each piece of a text, and what they add up to."""

    method: MethodName
    features: Features
    scores: NDArray[np.float32]
    """[unit], in units of the target (logits). Above 0 speaks for the answer, below 0 against it.
    NaN for pieces that are held fixed."""
    at_input: float
    at_baseline: float
    forwards: int
    """Texts that were read."""
    backwards: int
    """Texts through which a gradient was sent back."""
    errors: NDArray[np.float32] | None = None
    """[unit], in logits: the standard error of scores that rest on random draws; None where none
    was drawn."""
    checks: tuple[Check, ...] = ()
    orders: int = 0
    """Random orders behind Shapley values; 0 where they are exact."""
    pairs: NDArray[np.float64] | None = None
    """[pair, free piece]: what Shapley values are the mean of, to go on from."""
    question: Question | None = None
    """As it was put: with its baseline named."""
    seed: int = 0

    @property
    def total(self) -> float:
        """The sum of the scores."""
        return float(np.nansum(self.scores.astype(np.float64)))

    @property
    def change(self) -> float:
        """What there was to explain."""
        return self.at_input - self.at_baseline

    @property
    def gap(self) -> float:
        """The change that the scores do not account for (convergence delta): 0 if complete."""
        return self.change - self.total

    def error_of(self, unit: int) -> float | None:
        """Return the standard error of one unit's score, or None."""
        return None if self.errors is None else float(self.errors[unit])
