"""What the live playground in the browser answers with."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int32


@dataclass(frozen=True, eq=False)
class Answer:
    """What the browser made of logits and settings.

    `ids` are the tokens left, likeliest first (the browser sends at most 4,096), and `shares` their
    probabilities, 0 to 1. `stages` maps a step's name (`settings.STEPS`) to its
    "tokens" left, "mass" kept and "entropy" in bits.
    """

    ids: Int32[np.ndarray, " kept"]
    shares: Float32[np.ndarray, " kept"]
    stages: Mapping[str, Mapping[str, float]]
