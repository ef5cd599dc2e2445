"""What one method says of one question."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from components.inspection.attribution.catalogue import METHODS, MethodName
from components.inspection.attribution.features import Features
from components.inspection.attribution.question import Question
from components.inspection.checks import Check, worst


@dataclass(frozen=True, eq=False)
class Attribution:
    """A score for each piece of a text, and what they add up to."""

    method: MethodName
    features: Features
    scores: Float32[np.ndarray, " feature"]
    """In units of the target (logits). Above 0 speaks for the answer, below 0 against it. NaN for
    pieces that are held fixed."""
    at_input: float
    """The target for the text."""
    at_baseline: float
    """The target for the baseline."""
    forwards: int
    """Texts that were read."""
    backwards: int
    """Texts through which a gradient was sent back."""
    errors: Float32[np.ndarray, " feature"] | None = None
    """In logits: the standard error of scores that rest on random draws; None where none was
    drawn."""
    checks: tuple[Check, ...] = ()
    orders: int = 0
    """Random orders behind Shapley values; 0 where they are exact."""
    pairs: Float64[np.ndarray, "order_pair free"] | None = None
    """What Shapley values are the mean of, to go on from."""
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


def checks_of(found: Sequence[Attribution]) -> list[Check]:
    """Return what was compared for the methods: of a check that several have, the worst."""
    made: dict[str, list[tuple[str, Check]]] = {}
    for each in found:
        for check in each.checks:
            if check.verdict != "reported":
                made.setdefault(check.says, []).append((METHODS[each.method].title, check))
    return [
        worst([check for _, check in those])
        if len(those) == len(found)
        else worst(
            [check for _, check in those], f"{says} ({', '.join(title for title, _ in those)})"
        )
        for says, those in made.items()
    ]
