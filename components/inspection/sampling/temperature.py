"""What temperature does to one distribution: every temperature of a range at once."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from scipy.special import entr, softmax
from transformers import TemperatureLogitsWarper

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.distribution import checked_logits
from components.inspection.sampling.settings import RANGES

LOWEST: Final = 0.05
HIGHEST: Final = RANGES["temperature"].high
POINTS: Final = 61
"""Temperatures of a curve, each the same factor from the last; 1 is among them."""
FOLLOWED: Final = 6
"""Tokens whose probability is followed: the likeliest."""


@dataclass(frozen=True, eq=False)
class TemperatureCurve:
    """The likeliest tokens and the entropy of one distribution, at every temperature."""

    temperatures: Float64[np.ndarray, " temperature"]
    tokens: Int64[np.ndarray, " token"]
    """Ids of those that are followed, the likeliest first; the order is the same at all
    temperatures."""
    probabilities: Float64[np.ndarray, "temperature token"]
    entropy: Float64[np.ndarray, " temperature"]
    """In bits: from 0 (certain) to `most`."""
    most: float
    """Entropy, in bits, if all tokens were equally likely: the limit of high temperatures."""
    checks: tuple[Check, ...]


def temperature_curve(logits: Float[np.ndarray, " vocabulary"]) -> TemperatureCurve:
    """Divide `logits` (minus infinity: cannot be given) by temperatures from `LOWEST` to `HIGHEST`,
    and take the softmax of each.

    Raises:
        InspectionError: there are no logits, or one is not a number.
    """
    raw = checked_logits(logits).astype(np.float64)
    steps = np.geomspace(LOWEST, HIGHEST, POINTS)
    temperatures = np.sort(np.append(steps, 1.0))
    shares = softmax(raw / temperatures[:, None], axis=-1)
    entropy = entr(shares).sum(-1) / np.log(2)
    tokens = np.argsort(-raw, kind="stable")[:FOLLOWED].astype(np.int64)
    return TemperatureCurve(
        temperatures,
        tokens,
        shares[:, tokens],
        entropy,
        float(np.log2(np.isfinite(raw).sum())),
        (_transformers_check(raw, temperatures, shares), _rising_check(entropy, len(raw))),
    )


def _transformers_check(
    raw: Float64[np.ndarray, " vocabulary"],
    temperatures: Float64[np.ndarray, " temperature"],
    shares: Float64[np.ndarray, "temperature vocabulary"],
) -> Check:
    scores = torch.from_numpy(raw.astype(np.float32))[None]
    theirs = torch.cat(
        [TemperatureLogitsWarper(float(each))(None, scores).softmax(-1) for each in temperatures]
    ).numpy()
    # A logit is rounded when it is divided: by a share of its size, which its exponential grows by.
    size = np.abs(raw[np.isfinite(raw)]).max() / temperatures[:, None]
    return rounding.compared(
        "at each temperature the probabilities are those of transformers' own processor",
        shares,
        theirs,
        rounding.of_softmax(len(raw), "float32", shares)
        + 2 * shares * np.expm1(2 * rounding.unit("float32") * size),
        "The curve is not what `generate` would draw from.",
    )


def _rising_check(entropy: Float64[np.ndarray, " temperature"], tokens: int) -> Check:
    fall = float(np.maximum(entropy[:-1] - entropy[1:], 0).max())
    return Check(
        "entropy never falls as the temperature rises",
        fall,
        rounding.summed(tokens, "float64") * float(entropy.max() + 1),
        "Its slope is the variance of the logits over the cube of the temperature, which is "
        "never below 0: so these are not probabilities of one set of logits.",
    )
