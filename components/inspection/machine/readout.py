"""How the end of the stream becomes logits at one place: a norm, a matrix and a factor, measured.

A norm divides by a number that it takes from the whole vector. With that number held at what it is
at one place, all that follows the stream is linear: so each part's share of a logit can be told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64
from torch import Tensor

from components.inspection import rounding
from components.inspection.anatomy import StackParts, part
from components.inspection.embeddings.table import table_of
from components.inspection.errors import InspectionError
from components.inspection.model import Model

NORMED: Final = 4.0
"""Results that a norm rounds in each number by itself: mean or cast, quotient, product, sum. What
it rounds in all of them alike is in the scale, which is measured."""
MANY: Final = 512
"""Tokens of the vocabulary for which the matrix and its factor must give the network's logits."""

TINY: Final = 1e-300
"""What stands for 0 below a fraction."""

Rows = Float64[np.ndarray, "token width"]


@dataclass(frozen=True, eq=False)
class FrozenNorm:
    """normed = gain × (stream [− its mean]) × scale + shift, at one place."""

    kind: Literal["rms", "layer"]
    gain: Float64[np.ndarray, " width"]
    shift: Float64[np.ndarray, " width"]
    scale: float
    """One over the root of the mean square (rms) or the standard deviation (layer), as measured."""
    normed: Float64[np.ndarray, " width"]
    """What the module itself gives."""
    rounded: Float64[np.ndarray, " width"]
    """By how much that is more than the formula, which was found to be within rounding."""

    def through(self, weights: Float64[np.ndarray, " width"]) -> Float64[np.ndarray, " width"]:
        """Return the vector whose product with the stream is that of `weights` with the normed."""
        found = weights * self.gain * self.scale
        return found - found.mean() if self.kind == "layer" else found


@dataclass(frozen=True, eq=False)
class Readout:
    """logit[toward] − logit[rather] = direction · stream + constant, at one place; without another
    token, logit[toward] itself."""

    direction: Float64[np.ndarray, " width"]
    constant: float
    """What no part of the stream adds: the norm's shift and the biases of the matrix."""
    difference: float
    """The two logits' difference (or the one logit) as the network gave them; where it caps them,
    before the cap."""
    factor: float
    """What the network multiplies all logits with."""
    capped: bool
    off: float
    """By how much rounding behind the stream may have moved the difference."""


def together(sizes: Float[np.ndarray, "*axes _"]) -> Float64[np.ndarray, "*axes"]:
    """Return how far independent errors of at most these sizes add up: no farther than their sum,
    and but for one case in 10^21 than 10 times the root of their squares (Hoeffding)."""
    root = np.sqrt(np.square(sizes, dtype=np.float64).sum(-1))
    return np.asarray(np.minimum(sizes.sum(-1, dtype=np.float64), rounding.CERTAIN * root))


def frozen_norm(
    model: Model, parts: StackParts, last: Float32[np.ndarray, "token width"], place: int
) -> FrozenNorm:
    """Return the norm behind the `last` stream of a stack with its scale at `place`.

    Raises:
        InspectionError: there is none, or what it does is neither a root-mean-square norm nor a
            layer norm.
    """
    if parts.final_norm is None:
        raise InspectionError(
            f"Vitrine knows of no norm between the stream of '{model.name}' and its logits, so "
            "what each part adds to a logit cannot be told. Choose another model."
        )
    norm = part(model.network.base_model, parts.final_norm)
    with torch.no_grad():
        given = torch.from_numpy(last).to(model.device, model.dtype)
        own = norm(given[None])[0].cpu().double().numpy()
    rounding.require_numbers(own)
    rows, width = last.astype(np.float64), last.shape[1]
    weight, shift = (_numbers(norm, name, width) for name in ("weight", "bias"))
    zeros = np.zeros(width)
    gains = [np.ones(width)] if weight is None else [weight, 1 + weight]
    tried = [
        _fitted(model, kind, gain, zeros if shift is None else shift, rows, own, place)
        for kind, gain in product(("rms", "layer"), gains)
    ]
    strain, found = min(tried, key=lambda each: each[0])
    if not strain <= 1:
        raise InspectionError(
            f"The last norm of '{model.name}' ({type(norm).__name__}) is neither a "
            "root-mean-square norm nor a layer norm with one gain for each number: what it gives "
            f"differs from the nearest of them by {strain:.2g} times what rounding allows. So what "
            "each part of the stream adds to a logit cannot be told. Choose another model."
        )
    return found


def _fitted(
    model: Model,
    kind: Literal["rms", "layer"],
    gain: Float64[np.ndarray, " width"],
    shift: Float64[np.ndarray, " width"],
    rows: Rows,
    own: Rows,
    place: int,
) -> tuple[float, FrozenNorm]:
    """Return how far such a norm is from what the module gives; 1 is just within rounding."""
    mean = rows.mean(-1, keepdims=True) if kind == "layer" else np.zeros((len(rows), 1))
    bare = gain * (rows - mean)
    length = np.square(bare).sum(-1, keepdims=True)
    scale = ((own - shift) * bare).sum(-1, keepdims=True) / np.maximum(length, TINY)
    ours = scale * bare + shift
    unit, fine = rounding.unit(model.facts.dtype), rounding.summed(rows.shape[1])
    off = NORMED * unit * (np.abs(ours) + np.abs(shift))
    if kind == "layer":  # a mean, too, is off
        mean_off = unit * np.abs(mean) + fine * np.abs(rows).mean(-1, keepdims=True)
        off = off + np.abs(gain * scale) * mean_off
    error = np.abs(own - ours) / (off + rounding.least(model.facts.dtype))
    strain = float(np.nan_to_num(error, nan=np.inf).max())
    frozen = float(scale[place, 0])
    return strain, FrozenNorm(kind, gain, shift, frozen, own[place], (own - ours)[place])


def readout(
    model: Model,
    norm: FrozenNorm,
    logits: Float32[np.ndarray, " vocabulary"],
    toward: int,
    rather: int | None,
) -> Readout:
    """Return how the network's `logits` at one place come from its stream, if so simply.

    Without `rather`, how the one logit does.

    Raises:
        InspectionError: they are not one matrix times the normed stream, times one factor.
    """
    table = table_of(model, "output")
    if table.shape != (len(logits), len(norm.normed)):
        raise InspectionError(
            f"The matrix that makes logits in '{model.name}' is {table.shape[0]:,} x "
            f"{table.shape[1]:,}; {len(logits):,} x {len(norm.normed):,} was expected, so "
            "something stands between it and the stream. What each part adds cannot be told."
        )
    spread = np.linspace(0, len(logits) - 1, min(MANY, len(logits))).astype(np.int64)
    asked = [toward] if rather is None else [toward, rather]
    tokens = np.unique(np.concatenate([spread, asked]))
    places, signs = np.searchsorted(tokens, asked), np.array([1.0, -1.0])[: len(asked)]
    chosen = torch.from_numpy(tokens).to(table.device)
    matrix = table[chosen].cpu().double().numpy()
    stated = _numbers(model.network.get_output_embeddings(), "bias", len(logits))
    bias = np.zeros(len(tokens)) if stated is None else stated[tokens]
    products = matrix @ norm.normed + bias
    sizes = np.abs(matrix) @ np.abs(norm.normed) + np.abs(bias)
    unit, given = rounding.unit(model.facts.dtype), logits[tokens].astype(np.float64)
    # A product is rounded once, and once more where a bias is added to it.
    once = unit * (np.abs(products) + np.abs(bias))
    off = rounding.summed(matrix.shape[1] + 1) * sizes + (1 + bool(bias.any())) * once
    # Some multiply the normed stream with a factor, and round that; others the logits.
    scaled = together(np.abs(matrix * norm.normed) * unit) + unit * np.abs(products)
    for factor, cap in factors_and_caps(model, products, given):
        before, spare = _uncapped(given, cap, unit)
        ours = factor * products
        allowed = abs(factor) * (off + (scaled if factor != 1 else 0)) + spare
        told = np.isfinite(before) & np.isfinite(allowed)
        if told.mean() < 0.5 or not told[places].all():
            continue
        if np.all(np.abs(before - ours)[told] <= allowed[told]):
            weights = factor * (signs @ matrix[places])
            return Readout(
                direction=norm.through(weights),
                constant=float(weights @ norm.shift + factor * (signs @ bias[places])),
                difference=float(signs @ before[places]),
                factor=factor,
                capped=cap is not None,
                off=abs(float(weights @ norm.rounded)) + float(allowed[places].sum()),
            )
    raise InspectionError(
        f"The logits of '{model.name}' are not one matrix times its normed stream (and a factor): "
        "something else is computed behind the last block, as in models that fill in words, or a "
        "cap has flattened them. So what each part of the stream adds to a logit cannot be told. "
        "Choose another model, or two likelier tokens."
    )


def factors_and_caps(
    model: Model, products: Float64[np.ndarray, " token"], logits: Float64[np.ndarray, " token"]
) -> Iterator[tuple[float, float | None]]:
    """Yield what factor and what cap may stand behind the matrix, the plainest first."""
    stated = getattr(model.network.config.get_text_config(), "final_logit_softcapping", None)
    caps = [None, float(stated)] if stated else [None]
    yield from ((1.0, cap) for cap in caps)
    for cap in caps:
        given, _ = _uncapped(logits, cap, 0.0)
        told = np.isfinite(given)
        yield float(given[told] @ products[told] / max(np.square(products[told]).sum(), TINY)), cap


def _uncapped(
    logits: Float64[np.ndarray, " token"], cap: float | None, unit: float
) -> tuple[Float64[np.ndarray, " token"], Float64[np.ndarray, " token"]]:
    """Return logits as they were before a cap, and by how much what the cap rounded moves them:
    a quotient, a tanh and a product."""
    if cap is None:
        return logits, np.zeros(len(logits))
    with np.errstate(invalid="ignore", divide="ignore"):
        before = cap * np.arctanh(logits / cap)
        farther = cap * np.arctanh(np.abs(logits) * (1 + 2 * unit) / cap)
    return before, farther - np.abs(before) + unit * np.abs(before)


def _numbers(module: object, name: str, count: int) -> Float64[np.ndarray, " _"] | None:
    """Return what a module keeps under a name, if it is as many numbers."""
    found = getattr(module, name, None)
    if not isinstance(found, Tensor) or found.shape != (count,):
        return None
    return found.detach().cpu().double().numpy()
