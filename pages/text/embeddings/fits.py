"""What training classifiers takes, before it is begun."""

from dataclasses import dataclass
from typing import Final

from components.engine import ModelChoice

PACE: Final = 1e-7
"""Seconds for one number of one vector and one kind, as measured on two cores."""
LEAST: Final = 0.02
"""Seconds of the smallest."""


@dataclass(frozen=True)
class Fits:
    """Classifiers to be trained."""

    sentences: int
    width: int
    kinds: int
    times: int

    def __str__(self) -> str:
        """Say it in a line of Markdown."""
        return f"**{self.times}** classifiers on up to {self.sentences:,} sentences"

    def seconds(self, _choice: ModelChoice, *_again: int) -> float:
        """Return about how long it takes."""
        return self.times * (LEAST + PACE * self.sentences * self.width * self.kinds)
