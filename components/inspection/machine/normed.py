"""One norm, taken apart: what is taken off each row, what it is divided by, gain and shift.

Which kind it is, is measured on what it gave: RMSNorm (Zhang and Sennrich, 2019) divides by the
root of the mean square; LayerNorm (Ba et al., 2016) takes the mean off before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import torch
from jaxtyping import Float32, Float64
from torch import Tensor, nn

from components.inspection import rounding
from components.inspection.checks import Check

Kind = Literal["rms", "layer"]
Where = Literal[
    "before attention",
    "before cross-attention",
    "before MLP",
    "after attention",
    "after cross-attention",
    "after MLP",
    "of queries",
    "of keys",
    "of values",
    "of the embedding",
    "before the head",
]
UNSTATED: Final = (1e-5, 1e-6, 1e-12, 0.0)
"""Epsilons to try where a module states none (OLMo): the one that fits best is taken."""
ROUNDINGS: Final = 4.0
"""Results that a norm rounds: the quotient, gain + 1, the product, the sum."""
EPSILONS: Final = ("eps", "variance_epsilon", "epsilon", "norm_eps", "layer_norm_epsilon")


@dataclass(frozen=True, eq=False)
class Normed:
    """One norm and what it did to the rows: gives = (given - mean) / scale x gain + shift."""

    where: str
    """In words, mostly one of `Where`: "before attention"."""
    on: Literal["stream", "write", "vector"]
    """What it norms: the stream (or the sum of stream and write), a write alone, or a head's
    vector."""
    kind: Kind
    gain: Float32[np.ndarray, " normed"]
    """1 where the family has none; of Gemma 1 + its weight."""
    shift: Float32[np.ndarray, " normed"] | None
    epsilon: float
    mean: Float32[np.ndarray, " row"]
    """0 in RMSNorm."""
    scale: Float32[np.ndarray, " row"]
    """What each row is divided by, more than 0."""
    given: Float32[np.ndarray, "row normed"]
    gives: Float32[np.ndarray, "row normed"]
    """As recorded."""
    check: Check


@dataclass(frozen=True)
class NormRule:
    """What kind of norm a module is, as measured on a probe."""

    kind: Kind
    plus_one: bool
    """It multiplies by 1 + its weight (Gemma)."""
    epsilon: float


def norm_rule(
    module: nn.Module,
    given: Float32[np.ndarray, "row normed"],
    gives: Float32[np.ndarray, "row normed"],
    dtype: str,
) -> NormRule | None:
    """Return which norm `module` is, by what it was given and gave; None if it is none of these."""
    held = []
    for rule in _rules(module):
        check = normed(module, rule, given, gives, dtype, "before attention").check
        if check.holds:
            held.append((check.error / check.bound if check.bound else 0.0, rule))
    return min(held, key=lambda each: each[0])[1] if held else None


def _rules(module: nn.Module) -> Iterator[NormRule]:
    kinds: tuple[Kind, ...] = ("rms", "layer")
    for kind in kinds:
        for epsilon in _epsilons(module):
            yield NormRule(kind, False, epsilon)
            yield NormRule(kind, True, epsilon)


def normed(
    module: nn.Module,
    rule: NormRule,
    given: Float32[np.ndarray, "row normed"],
    gives: Float32[np.ndarray, "row normed"],
    dtype: str,
    where: str,
    on: Literal["stream", "write", "vector"] = "stream",
) -> Normed:
    """Return a norm taken apart at some rows, by the kind that it is."""
    weight, shift = _vector(module, "weight", given), _vector(module, "bias", given)
    x = given.astype(np.float64)
    gain = np.ones(x.shape[1]) if weight is None else weight + rule.plus_one
    mean = x.mean(1) if rule.kind == "layer" else np.zeros(len(x))
    scale = np.sqrt(((x - mean[:, None]) ** 2).mean(1) + rule.epsilon)
    return Normed(
        where=where,
        on=on,
        kind=rule.kind,
        gain=gain.astype(np.float32),
        shift=None if shift is None else shift.astype(np.float32),
        epsilon=rule.epsilon,
        mean=mean.astype(np.float32),
        scale=scale.astype(np.float32),
        given=given,
        gives=gives,
        check=norm_check(given, gives, mean, scale, gain, shift, dtype, where),
    )


def norm_check(
    given: Float32[np.ndarray, "row normed"],
    gives: Float32[np.ndarray, "row normed"],
    mean: Float64[np.ndarray, " row"],
    scale: Float64[np.ndarray, " row"],
    gain: Float64[np.ndarray, " normed"],
    shift: Float64[np.ndarray, " normed"] | None,
    dtype: str,
    where: str,
) -> Check:
    """Compare what a norm gave with what its mean, scale, gain and shift lead to."""
    added = np.zeros_like(gain) if shift is None else shift
    divided = np.where(scale > 0, scale, 1.0)  # of a row of zeros
    ours = (given - mean[:, None]) / divided[:, None] * gain + added
    return rounding.compared(
        f"the norm {where} gives (x - mean) / scale x gain + shift",
        gives,
        ours,
        norm_bound(given.astype(np.float64), mean, divided, gain, added, dtype),
        "This norm does something else than is drawn.",
    )


def norm_bound(
    given: Float64[np.ndarray, "row normed"],
    mean: Float64[np.ndarray, " row"],
    scale: Float64[np.ndarray, " row"],
    gain: Float64[np.ndarray, " normed"],
    shift: Float64[np.ndarray, " normed"],
    dtype: str,
) -> Float64[np.ndarray, "row normed"]:
    """Return how far off what a norm gives may be."""
    # The mean is a sum, whose rounding is taken off every number.
    sizes = np.abs(given) + np.abs(mean)[:, None]
    share = ROUNDINGS * rounding.unit(dtype) + 2 * rounding.summed(given.shape[1])
    average = rounding.summed(given.shape[1]) * np.abs(given).mean(1, keepdims=True) * mean.any()
    allowed = (share * sizes + average) / scale[:, None] * np.abs(gain)
    return allowed + ROUNDINGS * rounding.unit(dtype) * np.abs(shift) + rounding.least(dtype)


def _vector(
    module: nn.Module, name: str, given: Float32[np.ndarray, "row normed"]
) -> Float64[np.ndarray, " normed"] | None:
    found = getattr(module, name, None)
    if not isinstance(found, Tensor) or found.dim() != 1 or len(found) != given.shape[1]:
        return None
    return found.detach().to("cpu", torch.float64).numpy()


def _epsilons(module: nn.Module) -> list[float]:
    """Return what may be a norm's epsilon, under any of the names that families give it."""
    own = [getattr(module, name, None) for name in EPSILONS]
    stated = [float(one) for one in own if isinstance(one, (int, float))]
    return list(dict.fromkeys(stated)) or list(UNSTATED)
