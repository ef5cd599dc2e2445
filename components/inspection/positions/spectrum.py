"""How fast each pair turns, and what happens if pairs are formed by the wrong convention."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Float32, Float64
from scipy.special import softmax

from components.inspection import rounding
from components.inspection.attention.scores import ROUNDINGS
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.positions.labels import formula_check
from components.inspection.positions.measured import LayerCode, position_code
from components.inspection.positions.rope import require_rotation
from components.inspection.positions.rotation import Rope, other, permutation, rotated
from components.inspection.positions.vectors import RotatedLayer, turned_layer
from components.inspection.positions.words import sentence

SAME: Final = "attention by the model's own pairs is the model's"
CONVERTED: Final = "vectors and pairs both put the other way, all scores agree"


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The rotations of a model's layers, each once."""

    ropes: tuple[Rope, ...]
    layers: tuple[tuple[int, ...], ...]
    """[rope]: the layers that use it."""
    checks: tuple[tuple[Check, ...], ...]
    """[rope]: that its layers turn by it, and that it is the formula's, where it is to be."""
    says: str
    """How the model marks positions, with the layers that do not turn."""


def spectrum(model: Model) -> Spectrum:
    """Return each different rotation of `model` with the layers that use it.

    As those layers were handed it for a short text; some types change with the text's length.

    Raises:
        InspectionError: the model does not rotate.
    """
    stack = require_rotation(model)
    found: dict[tuple[object, ...], list[LayerCode]] = {}
    for each in stack.layers:
        if each.rope is not None:
            found.setdefault(_key(each.rope), []).append(each)
    return Spectrum(
        ropes=tuple(layers[0].rope for layers in found.values() if layers[0].rope is not None),
        layers=tuple(tuple(each.layer for each in layers) for layers in found.values()),
        checks=tuple(_checks(layers) for layers in found.values()),
        says=sentence(position_code(model)),
    )


def _key(rope: Rope) -> tuple[object, ...]:
    return (
        rope.frequencies.tobytes(),
        rope.scaling,
        rope.convention,
        rope.start,
        rope.direction,
        rope.size,
    )


def _checks(layers: list[LayerCode]) -> tuple[Check, ...]:
    rope = layers[0].rope
    assert rope is not None
    known = [each.check for each in layers if each.check is not None]
    nearest = max(known, key=lambda check: check.error / (check.bound or 1.0))
    if rope.kind != "default":
        return (nearest,)
    return (nearest, formula_check(rope, layers[0].uncertain))


@dataclass(frozen=True, eq=False)
class PairingComparison:
    """One head's attention if rotated as the model does, converted, and mistaken."""

    tokens: tuple[str, ...]
    rope: Rope
    """The model's own."""
    mistaken_error: float
    """Largest difference of a score if only the pairs were put the other way: the mistake."""
    right: Float32[np.ndarray, "query key"]
    """0 to 1: attention with the model's convention, by us."""
    wrong: Float32[np.ndarray, "query key"]
    """0 to 1: attention with the other convention on unconverted vectors."""
    checks: tuple[Check, ...]
    """That `right` is the model's, and that converted vectors have the same scores."""


def compare_pairings(model: Model, text: str, layer: int, head: int) -> PairingComparison:
    """Rotate one head's vectors by its own convention, by the other after conversion, and by
    the other without; everything else (cap, bias, mask, sink) is the model's.

    Raises:
        InspectionError: as `rotated_vectors`, or there is no such head.
    """
    found = turned_layer(model, text, layer)
    vectors = found.vectors
    if not 0 <= head < len(vectors.queries):
        raise InspectionError(
            f"There is no head {head}: layer {layer} has {len(vectors.queries)} heads."
        )
    rope, there = vectors.rope, other(vectors.rope)
    order = permutation(rope)
    q, k = vectors.queries[head], vectors.keys[vectors.key_head(head)]
    own, mistaken = _dots(q, k, rope), _dots(q, k, there)
    converted = _dots(q[:, order], k[:, order], there)
    seen = found.attention.visible[head]
    right = _attention(found, head, own)
    sizes = np.linalg.norm(q, axis=1)[:, None] * np.linalg.norm(k, axis=1) * rope.scaling**2
    return PairingComparison(
        tokens=vectors.tokens,
        rope=rope,
        mistaken_error=float(np.abs((own - mistaken) * vectors.scale)[seen].max(initial=0.0)),
        right=right,
        wrong=_attention(found, head, mistaken),
        checks=(
            _same_check(found, head, right, sizes),
            rounding.compared(
                CONVERTED,
                (converted * vectors.scale)[seen],
                (own * vectors.scale)[seen],
                # Two sums of as many products, and two turned vectors, in float32.
                (2 * rounding.summed(rope.size) + 8 * rounding.unit("float32"))
                * (sizes * abs(vectors.scale))[seen],
                "The two conventions are not the same rotation of reordered numbers.",
            ),
        ),
    )


def _dots(
    q: Float32[np.ndarray, "query size"], k: Float32[np.ndarray, "key size"], rope: Rope
) -> Float64[np.ndarray, "query key"]:
    positions = np.arange(len(q), dtype=np.float32)
    q_rotated, k_rotated = (rotated(each, positions, rope).astype(np.float64) for each in (q, k))
    return q_rotated @ k_rotated.T


def _attention(
    found: RotatedLayer, head: int, dots: Float64[np.ndarray, "query key"]
) -> Float32[np.ndarray, "query key"]:
    """Return the weights that the model's own cap, bias, mask and sink give to `dots`."""
    attention, rule = found.attention, found.rule
    shift = rule.shift[min(head, len(rule.shift) - 1)].astype(np.float64)
    bias = rule.bias[min(head, len(rule.bias) - 1)]
    seen = attention.visible[head]
    scores = np.where(seen, rule.of_content(dots) + bias, -np.inf)
    tokens = attention.weights.shape[-1]
    # A learned sink takes its share of the softmax, and is no token.
    sink = attention.scores[head, :, tokens:].astype(np.float64) - shift
    together = np.concatenate([scores, sink], axis=-1)
    nothing = ~np.isfinite(together).any(-1)
    together[nothing] = 0.0
    weights = softmax(together, axis=-1)[:, :tokens]
    return np.where(seen, weights, 0.0).astype(np.float32)


def _same_check(
    found: RotatedLayer,
    head: int,
    right: Float32[np.ndarray, "query key"],
    sizes: Float[np.ndarray, "query key"],
) -> Check:
    """Compare with the model's weights. Scores off by e make a weight off by exp(2e) - 1 of
    itself."""
    attention, rule = found.attention, found.rule
    scores = np.abs(np.where(attention.visible[head], attention.scores[head, :, : len(right)], 0))
    unit = rounding.unit(attention.dtype)
    angles = 6 * rounding.unit("float32") * len(right)
    turning = 2 * (ROUNDINGS * unit + angles) + rounding.summed(found.vectors.rope.size)
    off = turning * sizes * abs(rule.scale) + ROUNDINGS * unit * scores
    tokens = attention.weights.shape[-1]
    grown = np.expm1(np.minimum(2 * off.max(axis=1, keepdims=True), 50.0))
    allowed = grown * right + rounding.of_softmax(tokens, attention.dtype)
    return rounding.compared(
        SAME,
        right,
        attention.weights[head],
        allowed,
        "The scores of the vectors shown are not those that this head attends by.",
    )
