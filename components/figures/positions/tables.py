"""The numbers of the positions' figures as tables."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.figures.positions.schemes import condition_name
from components.inspection.positions.encodings import SchemeScores
from components.inspection.positions.extended_attention import ExtendedAttention
from components.inspection.positions.growth import Growth
from components.inspection.positions.order import WordOrder
from components.inspection.positions.packing import PackedReading, Packing
from components.inspection.positions.relative import Decay
from components.inspection.positions.rotation import Rope, in_pairs, rotated
from components.inspection.positions.shift_invariance import ShiftInvariance


def square(weights: NDArray[np.float32], tokens: Sequence[str]) -> pd.DataFrame:
    """Return attention [query token, key token] as a table that names each place."""
    names = [f"{place} {token}" for place, token in enumerate(tokens)]
    table = pd.DataFrame(weights.round(4), columns=names)
    table.insert(0, "query token", names)
    return table


def pair_table(
    query: NDArray[np.float32], key: NDArray[np.float32], at: int, key_at: int, rope: Rope
) -> pd.DataFrame:
    """Return the two numbers of each pair before and after the rotation."""
    columns: dict[str, NDArray[np.float32] | NDArray[np.int64]] = {
        "pair": np.arange(rope.pairs),
        "theta_i": rope.frequencies,
    }
    for name, vector, position in (("query", query, at), ("key", key, key_at)):
        after = rotated(vector, np.float32(position), rope)
        for when, values in (("before", vector), ("after", after)):
            columns[f"{name} {when}, first"] = in_pairs(values, rope)[:, 0]
            columns[f"{name} {when}, second"] = in_pairs(values, rope)[:, 1]
    return pd.DataFrame(columns)


def wavelength_table(rope: Rope) -> pd.DataFrame:
    """Return a row for each pair: how fast it turns."""
    return pd.DataFrame(
        {
            "pair": np.arange(rope.pairs),
            "theta_i (rad)": rope.frequencies,
            "positions a turn": rope.wavelengths,
            "turns in the context": rope.context / rope.wavelengths,
        }
    )


def extension_table(rope: Rope, changed: Rope, slower: NDArray[np.float64]) -> pd.DataFrame:
    """Return each pair's speed before and after an extension of the context."""
    return pd.DataFrame(
        {
            "pair": np.arange(rope.pairs),
            "theta_i before": rope.frequencies,
            "theta_i after": changed.frequencies,
            "times slower": slower,
            "positions a turn before": rope.wavelengths,
            "after": changed.wavelengths,
        }
    )


def extended_table(found: ExtendedAttention) -> pd.DataFrame:
    """Return a row for each query token and key token that it may attend to."""
    labels = [f"{place} {token}" for place, token in enumerate(found.tokens)]
    query, key = np.tril_indices(len(labels))
    return pd.DataFrame(
        {
            "query token": [labels[place] for place in query],
            "key token": [labels[place] for place in key],
            "as trained": found.trained[query, key],
            "extended": found.changed[query, key],
        }
    )


def growth_table(found: Growth) -> pd.DataFrame:
    """Return perplexity by rotation, a row for each number of tokens read."""
    names = [each.name for each in found.extensions]
    table = pd.DataFrame(found.perplexity.T, columns=names, index=found.lengths)
    return table.rename_axis("tokens read").reset_index()


def moves_table(found: ShiftInvariance) -> pd.DataFrame:
    """Return a row for each place where the text began."""
    table = pd.DataFrame(
        {
            "read from position": found.shifts,
            "largest change of a logit": found.change,
            "rounding allows": found.allowed,
        }
    )
    if found.same_answer is not None:
        table["likeliest token at the end"] = [
            "the same" if same else "another" for same in found.same_answer
        ]
    return table


def decay_table(found: Decay) -> pd.DataFrame:
    """Return the scores at each distance."""
    bands = {
        f"pairs {first} to {last}": band
        for (first, last), band in zip(found.band_pairs, found.bands, strict=True)
    }
    return pd.DataFrame(
        {
            "distance": found.distances,
            "real mean": found.real[0],
            "real 10%": found.real[1],
            "real 90%": found.real[2],
            "random mean": found.random[0],
            "with itself": found.alike,
            "paper's bound": found.bound,
        }
        | bands
    )


def scheme_table(found: SchemeScores) -> pd.DataFrame:
    """Return a row for each pair of positions, with its score under three schemes."""
    length = len(found.rope)
    return pd.DataFrame(
        [
            (m, n, found.absolute[m, n], found.bias[m, n], found.rope[m, n])
            for m in range(length)
            for n in range(length)
        ],
        columns=["query at", "key at", "added", "ALiBi", "RoPE"],
    )


def order_table(found: WordOrder) -> pd.DataFrame:
    """Return how much each token's hidden state changed, a column for each condition."""
    names = [condition_name(each) for each in found.conditions]
    table = pd.DataFrame(found.change.T, columns=names)
    table.insert(0, "token", list(found.tokens))
    return table


def packed_table(found: PackedReading) -> pd.DataFrame:
    """Return how much each document's logits changed in a row with others."""
    return pd.DataFrame(
        {
            "document": range(len(found.apart)),
            "positions restarted": found.apart,
            "continued": found.counted_on,
            "no mask": found.no_mask,
        }
    )


def row_table(found: Packing) -> pd.DataFrame:
    """Return which document lies in which row."""
    return pd.DataFrame(
        [(r, d, found.lengths[d]) for r, each in enumerate(found.rows) for d in each],
        columns=["row", "document", "tokens"],
    )
