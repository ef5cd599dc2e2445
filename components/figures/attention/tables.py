"""What the attention page shows, as tables."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.figures.attention.steps import strips
from components.inspection.attention.patterns import Sharing
from components.inspection.attention.steps import AttentionSteps
from components.inspection.attention.toy import ToyAttention


def pairs(
    weights: NDArray[np.float32], readers: Sequence[str], read: Sequence[str], unit: str
) -> pd.DataFrame:
    """Return `weights[query token, key token]` as a line for each pair, in a column `unit`."""
    rows, columns = (each.ravel() for each in np.indices(weights.shape))
    return pd.DataFrame(
        {
            "query at": rows,
            "query token": [readers[row] for row in rows],
            "key at": columns,
            "key token": [read[column] for column in columns],
            unit: weights.ravel(),
        }
    )


def heads(
    layers: Sequence[int],
    kinds: Sequence[Sequence[str]],
    measures: Mapping[str, NDArray[np.float32]],
) -> pd.DataFrame:
    """Return a row for each head: its layer's number, its kind, its `measures` [layer, head]."""
    return pd.DataFrame(
        [
            {
                "layer": layer,
                "head": head,
                "kind, on random tokens": kind,
                **{name: float(numbers[place, head]) for name, numbers in measures.items()},
            }
            for place, layer in enumerate(layers)
            for head, kind in enumerate(kinds[place])
        ]
    )


def steps(found: AttentionSteps) -> pd.DataFrame:
    """Return a row for each key token, a column for each step."""
    columns = {strip.name: strip.numbers for strip in strips(found)}
    return pd.DataFrame(
        {"key at": range(len(found.read)), "key token": found.read, "masked": found.hidden}
        | columns
    )


def products(found: AttentionSteps, key: int) -> pd.DataFrame:
    """Return a row for each number of the query and of the key of token `key`."""
    return pd.DataFrame(
        {
            "number": range(len(found.query)),
            "query": found.query,
            "key": found.keys[key],
            "query × key": found.query * found.keys[key],
        }
    )


def toy(found: ToyAttention) -> pd.DataFrame:
    """Return a row for each query: its weights, and its output."""
    weights = {f"weight of key {place}": row for place, row in enumerate(found.weights.T)}
    outputs = {f"output {place}": row for place, row in enumerate(found.outputs.T)}
    return pd.DataFrame({"query": np.arange(len(found.weights)), **weights, **outputs})


def sharing(every: Sequence[Sharing], tokens: int) -> pd.DataFrame:
    """Return a row for each number of key-value heads, with the cache of a text of `tokens`."""
    return pd.DataFrame(
        {
            "key-value heads": [each.kv_heads for each in every],
            "called": [each.name for each in every],
            "query heads to each": [each.group for each in every],
            "cache (MiB)": [each.cache_bytes(tokens) / 2**20 for each in every],
        }
    )


def growth(lengths: Sequence[int], sizes: Sequence[int]) -> pd.DataFrame:
    """Return a row for each length, with the bytes `sizes` of one head's scores in MiB."""
    return pd.DataFrame(
        {
            "tokens": lengths,
            "query-key pairs": [length * length for length in lengths],
            "one head's scores in 16 bits (MiB)": [size / 2**20 for size in sizes],
        }
    )
