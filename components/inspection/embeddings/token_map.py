"""A model's table of tokens as a picture, and how far the picture can be trusted."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Float32, Int8, Int32, Int64

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.embeddings import maps
from components.inspection.embeddings.faithful import Faithfulness, faithfulness
from components.inspection.embeddings.maps import Settings
from components.inspection.embeddings.one_thread import one_thread
from components.inspection.embeddings.table import Which, table_of, token_kinds
from components.inspection.model import Model
from components.inspection.progress import Progress, silent

USUAL: Final = 4_000
"""Tokens of a larger vocabulary that are drawn, if nobody asks for more."""
FEWEST: Final = 50
TRIED: Final = 200
"""Points of which a map is made twice."""
_WIDEST: Final = 1_024
"""Numbers of a vector up to which all variances are computed."""
AGAIN: Final = "the same seed gives the same map again"
AXES: Final = "each axis of PCA is a principal axis of the vectors"
LARGEST: Final = "along the axes of PCA the vectors vary as much as along any"


@dataclass(frozen=True, eq=False)
class TokenMap:
    """Tokens, and where they lie."""

    which: Which
    settings: Settings
    rows: int
    """Of the whole table; the map may show a sample."""
    width: int
    ids: Int32[np.ndarray, " point"]
    """The tokens that are drawn, in order."""
    tokens: tuple[str, ...]
    kinds: Int8[np.ndarray, " point"]
    """Places in `table.KINDS`."""
    norms: Float32[np.ndarray, " point"]
    """Lengths of the vectors."""
    places: Float32[np.ndarray, "point 2"]
    """Where each token lies in the picture; of UMAP and t-SNE without a unit."""
    faithful: Faithfulness
    checks: tuple[Check, ...]


def token_map(
    model: Model, which: Which, most: int, settings: Settings, progress: Progress = silent
) -> TokenMap:
    """Return a map of the embeddings or unembeddings, of a sample of at most `most` tokens.

    Raises:
        InspectionError: there is no such table, or what is in it are no numbers.
    """
    ids, vectors, rows = sampled(model, which, most)
    settings = replace(settings, components=2)
    places = maps.reduced(vectors, settings, progress)
    faithful = faithfulness(vectors, places, settings.metric, progress)
    return TokenMap(
        which,
        settings,
        rows,
        vectors.shape[1],
        ids.astype(np.int32),
        model.token_texts(ids.tolist()),
        token_kinds(model, rows)[ids],
        np.linalg.norm(vectors, axis=1).astype(np.float32),
        places,
        faithful,
        (*faithful.checks, *checks_of_map(vectors, places, settings, progress)),
    )


def sampled(
    model: Model, which: Which, most: int
) -> tuple[Int64[np.ndarray, " point"], Float32[np.ndarray, "point width"], int]:
    """Return ids and vectors of at most `most` tokens, always the same ones; and all rows' number.

    Raises:
        InspectionError: there is no such table.
    """
    table = table_of(model, which)
    ids = np.arange(len(table))
    if len(ids) > most:
        ids = np.sort(np.random.default_rng(0).choice(len(ids), most, replace=False))
    return ids, table[ids.tolist()].float().cpu().numpy(), len(table)


def rows_of(model: Model, which: Which) -> int:
    """Return how many tokens a table has.

    Raises:
        InspectionError: there is no such table.
    """
    return len(table_of(model, which))


def checks_of_map(
    vectors: Float32[np.ndarray, "point width"],
    places: Float32[np.ndarray, "point component"],
    settings: Settings,
    progress: Progress = silent,
) -> tuple[Check, ...]:
    """Return the checks of a map: of PCA by linear algebra, of all that a seed decides them."""
    some = vectors[:TRIED]
    progress(0.0, "Making a small map twice")
    once, again = (maps.reduced(some, settings) for _ in range(2))
    same = rounding.compared(
        AGAIN, once, again, 0.0, "Chance has come in from elsewhere: this map cannot be had again."
    )
    if settings.method != "PCA":
        return (same,)
    with one_thread():
        return same, principal(vectors, places), *largest(vectors, places)


def principal(
    vectors: Float32[np.ndarray, "point width"], places: Float32[np.ndarray, "point component"]
) -> Check:
    """Return the check that the coordinates y are principal ones: with the centred vectors X,
    X Xᵀ y is y, but for a factor (yᵀ y)."""
    fine = vectors - vectors.mean(axis=0, dtype=np.float64)
    axes = places.astype(np.float64)
    squares = (axes**2).sum(axis=0)
    there = squares > 0
    axes, squares = axes[:, there], squares[there]
    turned = fine @ (fine.T @ axes) / squares
    error = np.linalg.norm(turned - axes, axis=0) / np.sqrt(squares)
    # Each coordinate was rounded to float32; what that adds along the longest axis is scaled.
    allowed = 32 * rounding.unit("float32") * squares.max(initial=0.0) / squares
    return rounding.compared(AXES, error, np.zeros_like(error), allowed, "It is another direction.")


def largest(
    vectors: Float32[np.ndarray, "point width"], places: Float32[np.ndarray, "point component"]
) -> tuple[Check, ...]:
    """Return the check of the variances along the axes against the largest eigenvalues of the
    covariance; of very wide vectors none, since it would take minutes."""
    if vectors.shape[1] > _WIDEST:
        return ()
    fine = vectors - vectors.mean(axis=0, dtype=np.float64)
    variances = np.linalg.eigvalsh(fine.T @ fine / (len(fine) - 1))[::-1]
    expected = np.zeros(places.shape[1])
    expected[: len(variances)] = variances[: len(expected)].clip(0)
    found = places.astype(np.float64).var(axis=0, ddof=1)
    allowed = 32 * rounding.unit("float32") * max(float(expected[0]), 1e-30)
    return (rounding.compared(LARGEST, found, expected, allowed, "A longer axis was missed."),)
