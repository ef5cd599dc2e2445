"""Do rankings agree? Spearman's rank correlation between every two of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

import numpy as np
from jaxtyping import Float32
from scipy.stats import spearmanr

By = Literal["strength", "sign"]
FEWEST: Final = 3
"""Pieces from which on a rank correlation means anything."""


@dataclass(frozen=True, eq=False)
class Agreement:
    """How alike rankings are, two by two."""

    names: tuple[str, ...]
    by: By
    pieces: int
    correlation: Float32[np.ndarray, "ranking ranking"]
    """-1 (opposite) to 1 (the same order). NaN where one ranking has all
    pieces equal, or there are fewer than three."""


def agreement(
    names: Sequence[str], scores: Float32[np.ndarray, "ranking feature"], by: By = "strength"
) -> Agreement:
    """Compare the rows of `scores` by rank: signed, or by size alone.

    Pieces that have no score (NaN) are left out. Ties share their mean rank (Spearman 1904).
    """
    known = scores[:, ~np.isnan(scores).any(0)].astype(np.float64)
    if by == "strength":
        known = np.abs(known)
    pieces, varied = known.shape[1], [np.ptp(row) > 0 if row.size else False for row in known]
    found = np.full((len(names), len(names)), np.nan)
    if pieces >= FEWEST:
        for one, other in product(np.flatnonzero(varied), repeat=2):
            found[one, other] = spearmanr(known[one], known[other]).statistic
    return Agreement(tuple(names), by, pieces, found.astype(np.float32))
