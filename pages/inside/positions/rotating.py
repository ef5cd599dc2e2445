"""What several views of this page ask for: a layer that turns its queries and keys, a method."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from components.inspection.positions.extension_methods import HIGH, LOW, NAMES, ContextExtension
from components.inspection.positions.spectrum import spectrum
from components.inspection.positions.vectors import RotatedVectors, rotated_vectors
from components.lesson import Ask


def layer_and_head(ask: Ask) -> tuple[int, int]:
    """Ask for one of the layers that turn, by its number in the network, and for a head.

    Raises:
        InspectionError: no layer turns; it says how the model marks positions instead.
    """
    layers = sorted(layer for layers in ask.inspect(spectrum).layers for layer in layers)
    return ask.layer(layers), ask.head()


def vectors_of(ask: Ask) -> tuple[RotatedVectors, int]:
    """Return a layer's queries and keys with their rotation, and the number of a head."""
    layer, head = layer_and_head(ask)
    return ask.inspect(rotated_vectors, ask.prompt, layer), head


def query_and_key(ask: Ask, vectors: RotatedVectors) -> tuple[int, int]:
    """Ask for a query token and a key token; return their places."""
    query = ask.token("Query token", "query", vectors.tokens, -1)
    return query, ask.token("Key token", "key", vectors.tokens, min(2, len(vectors.tokens) - 1))


def square(weights: np.ndarray, tokens: Sequence[str]) -> pd.DataFrame:
    """Return attention [query token, key token] as a table that names each place."""
    names = [f"{place} {token}" for place, token in enumerate(tokens)]
    table = pd.DataFrame(weights.round(4), columns=names)
    table.insert(0, "query token", names)
    return table


def extension_of(ask: Ask) -> ContextExtension:
    """Ask for a method of context extension, and how many times the trained context."""
    ways = [way for way in NAMES if way != "trained"]
    way = ask.choice_of("Method", "method", ways, "yarn", says=NAMES)
    factor = ask.slider("Extension factor", "factor", LOW, HIGH, 4.0, step=0.5)
    return ContextExtension(way, float(factor))
