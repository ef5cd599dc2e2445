"""How fast each pair turns, and what happens if pairs are formed by the wrong convention."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.positions.rope import layers_of, rope_of, rotates
from components.inspection.positions.rotation import (
    Array,
    Convention,
    Rope,
    other,
    permutation,
    turned,
)
from components.inspection.positions.vectors import RotatedVectors, rotated_vectors

PROBE: Final = "one, two"


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The rotations of a model's layers, each once."""

    ropes: tuple[Rope, ...]
    layers: tuple[tuple[int, ...], ...]
    """[rope]: the layers that use it."""


def spectrum(model: Model) -> Spectrum:
    """Return each different rotation of `model` with the layers that use it.

    Raises:
        InspectionError: the model does not rotate.
    """
    convention = _convention(model)
    found: dict[bytes, tuple[Rope, list[int]]] = {}
    for layer in range(len(layers_of(model))):
        rope = replace(rope_of(model, layer), convention=convention)
        found.setdefault(rope.frequencies.tobytes(), (rope, []))[1].append(layer)
    return Spectrum(
        ropes=tuple(rope for rope, _ in found.values()),
        layers=tuple(tuple(layers) for _, layers in found.values()),
    )


def _convention(model: Model) -> Convention:
    """Find out how the model forms pairs: on vectors of its own, from the first layer that
    rotates."""
    for layer in range(len(layers_of(model))):
        try:
            return rotated_vectors(model, PROBE, layer).rope.convention
        except InspectionError:  # a layer without positions
            continue
    return rope_of(model).convention


def spectrum_or_none(model: Model) -> Spectrum | None:
    """Return the rotations of `model`, or None if it does not rotate."""
    return spectrum(model) if rotates(model) else None


@dataclass(frozen=True, eq=False)
class Mixed:
    """One head's attention scores if rotated as the model does, converted, and mistaken."""

    convention: str
    """The model's own."""
    converted_error: float
    """Largest difference of a score after both vectors and pairs were put in the other
    convention: rounding only."""
    mistaken_error: float
    """The same if only the pairs were: the mistake."""
    right: Array
    """[reader, read], 0 to 1: attention with the model's convention, causal."""
    wrong: Array
    """[reader, read]: attention with the other convention on unconverted vectors."""


def mixed(vectors: RotatedVectors, head: int) -> Mixed:
    """Rotate one head's vectors by its own convention, by the other after conversion, and by
    the other without."""
    rope, there = vectors.rope, other(vectors.rope)
    order = permutation(rope)
    q, k = vectors.queries[head], vectors.keys[vectors.key_head(head)]
    own = _scores(q, k, rope, vectors.scale)
    converted = _scores(q[:, order], k[:, order], there, vectors.scale)
    mistaken = _scores(q, k, there, vectors.scale)
    seen = np.tril(np.ones(own.shape, dtype=bool))
    return Mixed(
        convention=rope.convention,
        converted_error=float(np.abs(own - converted)[seen].max()),
        mistaken_error=float(np.abs(own - mistaken)[seen].max()),
        right=_attention(own, seen),
        wrong=_attention(mistaken, seen),
    )


def _scores(q: Array, k: Array, rope: Rope, scale: float) -> Array:
    positions = np.arange(len(q), dtype=np.float32)
    return turned(q, positions, rope) @ turned(k, positions, rope).T * np.float32(scale)


def _attention(scores: Array, seen: np.ndarray) -> Array:
    hidden = np.where(seen, scores, -np.inf)
    powers = np.exp(hidden - hidden.max(-1, keepdims=True))
    return (powers / powers.sum(-1, keepdims=True)).astype(np.float32)
