"""From logits to probabilities: what every page does with the numbers that a model answers with."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Float64
from scipy.special import entr, log_softmax, softmax

from components.inspection.errors import InspectionError


def checked_logits(
    logits: Float[np.ndarray, "..."] | Sequence[Any],
) -> Float32[np.ndarray, " answer"]:
    """Return `logits` as an array of its own, if probabilities follow from them.

    Minus infinity is a number here: an answer that cannot be given.

    Raises:
        InspectionError: there are none, one is no number or plus infinity, or all are minus
            infinity.
    """
    values = np.array(logits, dtype=np.float32)
    if values.ndim != 1 or not values.size:
        raise InspectionError(
            f"The logits have shape {values.shape}, but one number for each token is needed: "
            "give a list of at least one."
        )
    if np.isnan(values).any() or not np.isfinite(values).any() or np.isposinf(values).any():
        raise InspectionError(
            "Some logits are not numbers (NaN or infinite), so no probability follows from "
            "them: the model's weights may be damaged, or its data type too narrow; load it "
            "in float32."
        )
    return values


def shares_of(logits: Float[np.ndarray, " answer"]) -> Float64[np.ndarray, " answer"]:
    """Return the probability of each answer, from 0 to 1: the softmax of `logits`."""
    return softmax(logits.astype(np.float64))


def log_shares_of(logits: Float[np.ndarray, "*axes answer"]) -> Float64[np.ndarray, "*axes answer"]:
    """Return the natural logarithm of each probability, at most 0, along the last axis: exact
    where the probability itself would be too small for a number."""
    return log_softmax(logits.astype(np.float64), axis=-1)


def entropy_of(shares: Float[np.ndarray, " answer"]) -> float:
    """Return the entropy of probabilities that sum to 1, in bits: 0 is certain.

    >>> entropy_of(np.array([0.5, 0.25, 0.125, 0.125]))
    1.75
    """
    return max(0.0, float(entr(shares.astype(np.float64)).sum() / np.log(2)))
