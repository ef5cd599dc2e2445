"""Which activation an MLP was seen to use, and whether each of its steps is as it is said."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float32

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.machine.mlp_parts import (
    Mlp,
    activated,
    activation_share,
    hidden_check,
    stated_activations,
)
from components.inspection.model import Model

WORDS: Final[Mapping[str, str]] = {
    "relu": "ReLU",
    "gelu": "GELU (exact)",
    "gelu_pytorch_tanh": "GELU (tanh)",
    "silu": "SiLU",
    "gelu_new": "GELU (tanh)",
    "gelu_fast": "GELU (tanh)",
    "swish": "SiLU",
    "relu2": "ReLU²",
    "quick_gelu": "quick GELU",
}
ACTED: Final = "what the activation gave is its function of what it was given"
PRODUCT: Final = "what enters the last map is the activated gate times up"
OTHER: Final = "The activation of this MLP is another function than is shown."


@dataclass(frozen=True)
class Candidate:
    """One function, tried on what the model recorded."""

    name: str
    """In transformers."""
    strain: float
    """How far off it is, as a multiple of what rounding allows; at most 1: it fits."""


def before_of(mlp: Mlp) -> Float32[np.ndarray, "row neuron"]:
    """Return what goes into the activation: the gate, where there is one."""
    found = mlp.before if mlp.gate is None else mlp.gate
    assert found is not None  # one of the two is there
    return found


def candidates_of(model: Model, mlp: Mlp) -> tuple[Candidate, ...]:
    """Try each function that the configuration names, and the usual ones, on what was recorded."""
    found = []
    for name in stated_activations(model):
        check = hidden_check(before_of(mlp), mlp.up, mlp.hidden, name, model.facts.dtype)
        strain = 0.0 if not check.error else check.error / check.bound if check.bound else np.inf
        found.append(Candidate(name, float(strain)))
    return tuple(sorted(found, key=lambda one: one.strain))


def activation_checks(
    mlp: Mlp, acted: Float32[np.ndarray, "row neuron"] | None, dtype: str
) -> tuple[Check, ...]:
    """Compare what was recorded of an MLP, step by step: the activation, the product.

    `acted` is what the activation gave; None where no module of its own gives it.
    """
    if acted is None:
        return (mlp.check,)
    before = before_of(mlp)
    ours = activated(before, mlp.activation)
    allowed = activation_share(dtype) * (np.abs(ours) + np.abs(before)) + rounding.least(dtype)
    checks = [mlp.check, rounding.compared(ACTED, acted, ours, allowed, OTHER)]
    if mlp.up is not None:
        product = acted.astype(np.float64) * mlp.up
        once = 2 * rounding.unit(dtype) * np.abs(product) + rounding.least(dtype)
        why = "Something else than a product of gate and up enters the last map."
        checks.append(rounding.compared(PRODUCT, mlp.hidden, product, once, why))
    return tuple(checks)
