"""The one source of chance in the grammar, which knows what every choice costs.

A choice of probability p costs -ln p nats. The costs of all choices in a document add up to the
negative log probability of the way it was written. Its mean over documents is the entropy of the
grammar: no model that predicts the text token by token can have a lower expected loss, as far as
no two ways of choosing write the same text. Where they do, the cost is an upper bound on the
negative log probability of the text itself.

Source: Shannon (1948), A Mathematical Theory of Communication, sections 6 and 7.
"""

import math
import random
from collections.abc import Sequence
from typing import TypeVar

Choice = TypeVar("Choice")


class Pen:
    """Make the choices of one document and add up what they cost.

    >>> pen = Pen(seed=1)
    >>> word = pen.pick(["red", "green", "blue", "white"])
    >>> round(pen.cost, 3), round(math.log(4), 3)
    (1.386, 1.386)
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.restart()

    def restart(self) -> None:
        """Begin a new document; the stream of chance goes on."""
        self.cost = 0.0
        """Nats spent since the document began: 0 or more."""
        self._combinations: set[str] = set()

    def pick(self, options: Sequence[Choice]) -> Choice:
        """Return one of `options`, each equally likely."""
        self.cost += math.log(len(options))
        return options[int(self._random.random() * len(options))]

    def weighted(self, options: Sequence[Choice], weights: Sequence[float]) -> Choice:
        """Return one of `options` with a probability in proportion to its weight."""
        index = self._random.choices(range(len(options)), weights)[0]
        self.cost -= math.log(weights[index] / sum(weights))
        return options[index]

    def chance(self, probability: float) -> bool:
        """Return True with the given probability, which lies strictly between 0 and 1."""
        happens = self._random.random() < probability
        self.cost -= math.log(probability if happens else 1 - probability)
        return happens

    def between(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included.

        >>> 3 <= Pen(0).between(3, 5) <= 5
        True
        """
        return self.pick(range(low, high + 1))

    def several(self, options: Sequence[Choice], count: int) -> list[Choice]:
        """Return `count` different options in a random order."""
        left = list(options)
        chosen = []
        for _ in range(count):
            chosen.append(self.pick(left))
            left.remove(chosen[-1])
        return chosen

    def combine(self, kind: str, *parts: object) -> None:
        """Remember that the document brings these parts together, in this order."""
        self._combinations.add(f"{kind}: " + " + ".join(str(part) for part in parts))

    def combinations(self) -> set[str]:
        """Return what was brought together, each as a line such as "capital: France + 2"."""
        return set(self._combinations)
