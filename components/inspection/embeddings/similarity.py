"""Cosines of sentences: of each pair, within kinds and between them, under each pooling."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float32

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.embeddings.own_encoder import own_encoder
from components.inspection.embeddings.pooling import Way, pooled
from components.inspection.embeddings.search import cosines
from components.inspection.embeddings.sentences import batches, read_ids, tokens_at_once
from components.inspection.embeddings.states import hidden_states, padded
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.progress import Progress, silent

MOST_SHOWN: Final = 40
"""Rows of a table of cosines."""
ROUNDED: Final = 8.0
"""Roundings of a cosine beside its sums: two lengths, two divisions and a product."""
SAME: Final = "a cosine is 1 less half the squared distance of both vectors at length 1"


@dataclass(frozen=True)
class Cosines:
    """Mean cosines of pairs, from -1 to 1; a pair of a sentence with itself is none."""

    every: float
    """Of all pairs. Near 1, all vectors point one way (anisotropy)."""
    within: float | None
    """Of two sentences of one kind; None where kinds are not known."""
    between: float | None
    """Of two sentences of different kinds."""
    nearest: float | None
    """Share of sentences whose nearest other is of their own kind."""


@dataclass(frozen=True, eq=False)
class Similarity:
    """Cosines of a few sentences, pair by pair, and what holds of all."""

    sentences: tuple[str, ...]
    kinds: tuple[str, ...] | None
    cosines: Float32[np.ndarray, "sentence sentence"]
    means: Cosines
    """Of these sentences."""
    checks: tuple[Check, ...]

    def extreme(self, nearest: bool) -> tuple[int, int]:
        """Return the places of the two sentences that are nearest, or farthest apart."""
        rows, columns = np.triu_indices(len(self.cosines), 1)
        pairs = self.cosines[rows, columns]
        at = int(pairs.argmax() if nearest else pairs.argmin())
        return int(rows[at]), int(columns[at])


@dataclass(frozen=True, eq=False)
class Pooled:
    """What one way of pooling makes of some sentences."""

    way: Way
    normalised: bool
    cosines: Float32[np.ndarray, "sentence sentence"]
    means: Cosines


def chosen(kinds: Sequence[str] | None, count: int, each: int) -> list[int]:
    """Return the places of the sentences to show: so many of each kind, kind by kind; without
    kinds the first ones. Never more than `MOST_SHOWN`.

    >>> chosen(("a", "b", "a", "b", "a"), 5, 2)
    [0, 2, 1, 3]
    """
    if kinds is None:
        return list(range(min(count, MOST_SHOWN)))
    places: dict[str, list[int]] = {kind: [] for kind in kinds}
    for place, kind in enumerate(kinds):
        if len(places[kind]) < each:
            places[kind].append(place)
    return [place for of_kind in places.values() for place in of_kind][:MOST_SHOWN]


def similarity(
    vectors: Float32[np.ndarray, "sentence width"],
    sentences: tuple[str, ...],
    kinds: tuple[str, ...] | None,
) -> Similarity:
    """Return the cosine of each pair of sentences.

    Raises:
        InspectionError: a vector has length 0, so that it points nowhere.
    """
    cosines = cosines_of(vectors)
    unit = vectors.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    distances = ((unit[:, None] - unit[None]) ** 2).sum(-1)
    bound = rounding.summed(vectors.shape[1]) + ROUNDED * rounding.unit("float32")
    check = rounding.compared(
        SAME,
        cosines,
        1 - distances / 2,
        bound,
        "The table does not show what the vectors say.",
    )
    return Similarity(sentences, kinds, cosines, means(cosines, kinds), (check,))


def cosines_of(
    vectors: Float32[np.ndarray, "sentence width"],
) -> Float32[np.ndarray, "sentence sentence"]:
    """Return the cosine of each pair.

    Raises:
        InspectionError: as `similarity`.
    """
    if not vectors.any(axis=1).all():
        raise InspectionError(
            "The vector of a sentence here is 0 throughout, so it points nowhere, and has no "
            "cosine with another. Choose another pooling, or another model."
        )
    return cosines(vectors, vectors)


def means(
    cosines: Float32[np.ndarray, "sentence sentence"], kinds: Sequence[str] | None
) -> Cosines:
    """Return the means of a table of cosines, its diagonal left out."""
    others = ~np.eye(len(cosines), dtype=bool)
    every = float(cosines[others].mean())
    if kinds is None:
        return Cosines(every, None, None, None)
    same = alike(kinds)
    if not (same & others).any() or same.all():
        return Cosines(every, None, None, None)
    nearest = np.where(others, cosines, -np.inf).argmax(1)
    return Cosines(
        every,
        float(cosines[same & others].mean()),
        float(cosines[~same].mean()),
        float(same[np.arange(len(same)), nearest].mean()),
    )


def mean_cosine(vectors: Float32[np.ndarray, "sentence width"]) -> float:
    """Return the mean cosine of all pairs of different sentences, however many.

    The square of the sum of n vectors of length 1 holds each pair twice, and n squares.
    """
    unit = vectors.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True).clip(1e-30)
    count = len(unit)
    return float((np.square(unit.sum(0)).sum() - count) / (count * (count - 1)))


def alike(kinds: Sequence[str]) -> Bool[np.ndarray, "sentence sentence"]:
    """Say of each pair whether both are of one kind."""
    names = np.asarray(kinds)
    return names[:, None] == names[None]


def under_each_pooling(
    model: Model,
    sentences: tuple[str, ...],
    kinds: tuple[str, ...] | None,
    progress: Progress = silent,
) -> tuple[Pooled, ...]:
    """Read the sentences once, and pool them in each way: mean, CLS, last token, and the model's
    own if that is another.

    Raises:
        InspectionError: as `sentences.embed` and `similarity`.
    """
    own = own_encoder(model)
    ways: list[Way] = ["mean", "cls", "last"]
    if own.pooling is not None and own.pooling not in ways:
        ways.insert(0, own.pooling)
    ids, _ = read_ids(model, sentences, own)
    rows: dict[Way, list[Float32[np.ndarray, "batch width"]]] = {way: [] for way in ways}
    order: list[int] = []
    for batch in batches([len(each) for each in ids], tokens_at_once(model)):
        progress(len(order) / len(ids), f"Reading {len(ids):,} sentences")
        filled, read = padded(model, [ids[place] for place in batch])
        states = hidden_states(model, filled, read)
        rounding.require_numbers(states[read])
        for way in ways:
            rows[way].append(pooled(states, read, way).cpu().numpy())
        order += batch
    found = []
    for way in ways:
        vectors = np.concatenate(rows[way])[np.argsort(order)]
        cosines = cosines_of(vectors)
        found.append(
            Pooled(way, way == own.pooling and own.normalised, cosines, means(cosines, kinds))
        )
    return tuple(found)


def numbers_of(
    cosines: Float32[np.ndarray, "sentence sentence"],
    where: Bool[np.ndarray, "sentence sentence"] | None = None,
) -> Float32[np.ndarray, " pair_of_sentences"]:
    """Return the cosines of pairs, each once; of those pairs only `where` says so."""
    above = np.triu(np.ones(cosines.shape, dtype=bool), 1)
    return cosines[above if where is None else above & where]
