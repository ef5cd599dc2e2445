"""A word's way through the layers, in each sentence, as a line in the plane."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.embeddings.in_context import WordInContext, word_in_context
from components.inspection.embeddings.maps import Settings, reduced
from components.inspection.model import Model
from components.inspection.progress import Progress, silent


@dataclass(frozen=True, eq=False)
class Paths:
    """Directions of a word's vectors, brought down to two numbers each by PCA of all of them."""

    of: WordInContext
    stages: tuple[int, ...]
    """Which stages the points are of: without the table where that has another width."""
    points: Float32[np.ndarray, "occurrence point 2"]
    """In units of the vectors' length, which is 1."""
    share: float
    """0 to 1: how much of the spread of all vectors the plane shows."""
    checks: tuple[Check, ...]


def paths(
    model: Model,
    sentences: tuple[str, ...],
    word: str,
    shared: bool = False,
    progress: Progress = silent,
) -> Paths:
    """Return where `word` goes from layer to layer, wherever it stands in `sentences`.

    Most of the way all its places go together; without `shared`, what they share (their mean at
    each stage) is taken away, and what is left is how they differ.

    Raises:
        InspectionError: as `word_in_context`.
    """
    found = word_in_context(model, sentences, word, progress)
    vectors, first = found.hidden, 1
    if found.to_table is not None:
        vectors, first = np.concatenate([found.table[:, None], vectors], axis=1), 0
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=-1, keepdims=True).clip(1e-30)
    units = (vectors / lengths).astype(np.float32)
    if not shared:
        units = units - units.mean(axis=0)
    flat = units.reshape(-1, units.shape[-1])
    points = reduced(flat, Settings(method="PCA"))
    spread = float(((flat - flat.mean(axis=0)).astype(np.float64) ** 2).sum())
    shown = float((points.astype(np.float64) ** 2).sum())
    return Paths(
        of=found,
        stages=tuple(range(first, len(found.cosines))),
        points=points.reshape(*units.shape[:2], 2),
        share=shown / spread if spread else 1.0,
        checks=(*found.checks, _shadow_check(flat, points)),
    )


def _shadow_check(
    units: Float32[np.ndarray, "point width"], points: Float32[np.ndarray, "point 2"]
) -> Check:
    """A projection is a shadow: it brings points nearer to each other, and never farther apart."""
    first = units[:1].astype(np.float64)
    real = np.linalg.norm(units - first, axis=1)
    drawn = np.linalg.norm(points.astype(np.float64) - points[:1], axis=1)
    return rounding.compared(
        "no point is drawn farther from the first than it is",
        np.maximum(drawn, real),
        real,
        # Two numbers, each a sum over the width, of vectors of length 2 at most.
        8 * rounding.summed(units.shape[1]),
        "The plane is no projection of these vectors.",
    )
