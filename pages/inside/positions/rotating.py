"""What several views of this page ask for: a layer that rotates, two tokens, a rotation."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.positions.rotation import Rope, formula
from components.inspection.positions.spectrum import compare_pairings, spectrum
from components.inspection.positions.vectors import RotatedVectors, rotated_vectors
from components.lesson import Ask

MODEL, HAND = "of the model", "the formula"
MOST_DRAWN: Final = 60
"""Tokens of a map of attention: with more it is too fine to be read."""


def layer_and_head(ask: Ask) -> tuple[int, int]:
    """Ask for one of the layers that rotate, by its number in the network, and for a head.

    Raises:
        InspectionError: no layer rotates; it says how the model marks positions instead.
    """
    layers = sorted(layer for layers in ask.inspect(spectrum).layers for layer in layers)
    return ask.layer(layers), ask.head()


def vectors_of(ask: Ask) -> tuple[RotatedVectors, int]:
    """Return a layer's queries and keys with their rotation, and the number of a head."""
    layer, head = layer_and_head(ask)
    return ask.inspect(rotated_vectors, ask.prompt, layer), head


def query_and_key(ask: Ask, vectors: RotatedVectors, head: int) -> tuple[int, int]:
    """Ask for a query token and a key token; return their places.

    At first the key is that of the token, another than itself, to which the query attends most.
    """
    query = ask.token("Query token", "query", vectors.tokens, -1)
    weights = weights_of(ask, vectors, head)[query].copy()
    if len(weights) > 1:
        weights[query] = -1.0
    return query, ask.token("Key token", "key", vectors.tokens, int(weights.argmax()))


def weights_of(ask: Ask, vectors: RotatedVectors, head: int) -> NDArray[np.float32]:
    """Return one head's attention weights [query, key], 0 to 1."""
    return ask.inspect(compare_pairings, ask.prompt, vectors.layer, head).right


def rope_of(ask: Ask) -> tuple[Rope, tuple[Check, ...], str]:
    """Return the rotation that is looked at, its checks, and what is said of its layers."""
    if ask.choice_of("Rotation", "rotation", [MODEL, HAND]) == MODEL:
        found = ask.inspect(spectrum)
        kinds = range(len(found.ropes))
        says = [
            f"{called(found.ropes[each])}: layers {', '.join(map(str, found.layers[each]))}"
            for each in kinds
        ]
        which = ask.choice_of("Layers", "layers", kinds, says=says.__getitem__) if kinds[1:] else 0
        return found.ropes[which], found.checks[which], found.says
    theta = ask.real("theta (base)", "theta", 2, 1e8, 10_000)
    size = ask.number("d (numbers rotated)", "size", 2, 512, 6, step=2)
    context = ask.number("context", "context", 2, 1_000_000, 2048)
    if size % 2:
        raise InspectionError(f"RoPE rotates pairs, and {size} is odd: choose an even number.")
    return formula(size, theta, context), (), ""


def only_the_first(tokens: int) -> str:
    """Say that a map shows no more than `MOST_DRAWN` of `tokens`, if it does not."""
    if tokens <= MOST_DRAWN:
        return ""
    return f" The first {MOST_DRAWN} of {tokens:,} tokens are drawn."


def called(rope: Rope) -> str:
    """Say which rotation it is, in a few words."""
    base = f"theta {rope.theta:,.0f}" if np.isfinite(rope.theta) else "no base"
    return base if rope.kind == "default" else f"{rope.kind}, {base}"
