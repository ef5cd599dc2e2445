"""Do rankings agree? Spearman's rank correlation between every two of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

By = Literal["strength", "sign"]
FEWEST: Final = 3
"""Pieces from which on a rank correlation means anything."""


@dataclass(frozen=True, eq=False)
class Agreement:
    """How alike rankings are, two by two."""

    names: tuple[str, ...]
    by: By
    pieces: int
    correlation: NDArray[np.float32]
    """[ranking, ranking], -1 (opposite) to 1 (the same order). NaN where one ranking has all
    pieces equal, or there are fewer than three."""


def agreement(names: Sequence[str], scores: NDArray[np.float32], by: By = "strength") -> Agreement:
    """Compare the rows of `scores` [ranking, piece] by rank: signed, or by size alone.

    Pieces that have no score (NaN) are left out. Ties share their mean rank (Spearman 1904).
    """
    from scipy.stats import rankdata

    known = scores[:, ~np.isnan(scores).any(0)].astype(np.float64)
    pieces = known.shape[1]
    found = np.full((len(names), len(names)), np.nan)
    if pieces >= FEWEST:
        ranks = rankdata(np.abs(known) if by == "strength" else known, axis=1)
        centred = ranks - ranks.mean(1, keepdims=True)
        length = np.sqrt((centred**2).sum(1))
        varied = np.flatnonzero(length > 0)
        unit = centred[varied] / length[varied, None]
        found[np.ix_(varied, varied)] = np.clip(unit @ unit.T, -1, 1)
    return Agreement(tuple(names), by, pieces, found.astype(np.float32))
