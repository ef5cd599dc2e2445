"""A classifier on the vectors: logistic regression, graded on sentences it has not seen.

The network stays as it is. Its vectors are standardised (each number less its mean, over its
spread, both of the training part), and one layer of weights learns the kinds from them.
"""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from jaxtyping import Float32, Float64, Int32

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.embeddings.labels import Graded, graded
from components.inspection.errors import InspectionError
from components.inspection.progress import Progress, silent

STRENGTH: Final = 1.0
"""scikit-learn's C: how little large weights are held back."""
ROUNDS: Final = 1_000
SHARES: Final = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7)
"""Shares of the sentences in training, for the curve."""
SPLITS: Final = 3
"""Ways to divide them at each share."""
LIKELIEST: Final = "each kind predicted is the likeliest"
SOFTMAX: Final = "the probabilities are the softmax of vector times weights, in float64"
APART: Final = "no sentence is in training and held out"


@dataclass(frozen=True, eq=False)
class Trained:
    """What was learned from one part of the sentences, and how it does on the other."""

    kinds: tuple[str, ...]
    """In the order of the alphabet."""
    train: Int32[np.ndarray, " train"]
    """The places of the sentences that were learned from."""
    held: Int32[np.ndarray, " held"]
    """Those that were held out."""
    predicted: Int32[np.ndarray, " held"]
    """A kind, by its place."""
    shares: Float32[np.ndarray, "held kind"]
    """Probabilities; each row sums to 1."""
    grade: Graded
    """Of the sentences held out."""
    learned: float
    """The share that is right of those learned from, 0 to 1."""
    usual: str
    """The most frequent kind in training."""
    baseline: float
    """The share that would be right of those held out if it were always said."""
    checks: tuple[Check, ...]
    said: str
    """What to know of it; empty if nothing."""


@dataclass(frozen=True, eq=False)
class Curve:
    """How the score grows with the sentences learned from; the same are held out for all sizes."""

    sizes: Int32[np.ndarray, " point"]
    scores: Float64[np.ndarray, "point trial"]
    """Share of those held out that is right, for each way to divide them."""
    held: int


def trained(
    vectors: Float32[np.ndarray, "sentence width"],
    kinds: tuple[str, ...],
    share: float,
    seed: int,
    progress: Progress = silent,
) -> Trained:
    """Learn `kinds` from a `share` of the sentences, drawn by `seed` with each kind in its share.

    Raises:
        InspectionError: there are too few kinds or sentences, or some numbers are none.
    """
    progress(0.0, "Learning the kinds")
    names, numbers = _numbered(vectors, kinds)
    train, held = _divided(numbers, share, seed)
    fitted, ended = _fitted(vectors[train], numbers[train])
    shares = fitted.predict_proba(vectors[held])
    predicted = fitted.predict(vectors[held]).astype(np.int32)
    usual = int(np.bincount(numbers[train]).argmax())
    grade = graded([names[each] for each in numbers[held]], predicted.tolist(), len(names))
    return Trained(
        kinds=names,
        train=train,
        held=held,
        predicted=predicted,
        shares=shares.astype(np.float32),
        grade=grade,
        learned=float((fitted.predict(vectors[train]) == numbers[train]).mean()),
        usual=names[usual],
        baseline=float((numbers[held] == usual).mean()),
        checks=(*_checks(fitted, vectors[held], shares, predicted, (train, held)), *grade.checks),
        said=" ".join(filter(None, (_twins(vectors[train], vectors[held]), ended))),
    )


def curve(
    vectors: Float32[np.ndarray, "sentence width"],
    kinds: tuple[str, ...],
    seed: int,
    progress: Progress = silent,
) -> Curve:
    """Learn from more and more sentences, several times, and grade each on the same fifth.

    Raises:
        InspectionError: as `trained`.
    """
    _, numbers = _numbered(vectors, kinds)
    sizes = sorted({_least(numbers, share) for share in SHARES})
    scores = np.empty((len(sizes), SPLITS))
    for trial in range(SPLITS):
        rest, held = _divided(numbers, 0.8, seed + trial)
        for point, size in enumerate(sizes):
            progress((trial * len(sizes) + point) / scores.size, "Learning from more and more")
            part = rest
            if size < len(rest):
                inner, _ = _divided(numbers[rest], size / len(rest), seed + trial)
                part = rest[inner]
            fitted, _ = _fitted(vectors[part], numbers[part])
            scores[point, trial] = (fitted.predict(vectors[held]) == numbers[held]).mean()
    return Curve(np.array(sizes, np.int32), scores, len(held))


def _least(numbers: np.ndarray, share: float) -> int:
    """Return how many sentences that share is; two of each kind at least."""
    return max(round(share * len(numbers)), 2 * (int(numbers.max()) + 1))


def _numbered(
    vectors: Float32[np.ndarray, "sentence width"], kinds: Sequence[str]
) -> tuple[tuple[str, ...], np.ndarray]:
    rounding.require_numbers(vectors)
    counts = Counter(kinds)
    if len(counts) < 2:
        raise InspectionError(
            f"Kinds are to be told apart, and {'all are of one' if counts else 'there is none'}. "
            "Take sentences of two kinds or more: each line a kind, a tab and a sentence."
        )
    rare = min(counts, key=counts.__getitem__)
    if counts[rare] < 5:
        raise InspectionError(
            f"Of the kind {rare[:60]!r} there are {counts[rare]} sentences. Five of each are "
            "wanted, since some are learned from and others held out."
        )
    names = tuple(sorted(counts))
    place = {name: at for at, name in enumerate(names)}
    return names, np.array([place[kind] for kind in kinds])


def _divided(numbers: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of the part to learn from and of the rest, each with every kind."""
    from sklearn.model_selection import train_test_split

    kinds = len(np.unique(numbers))
    size = int(np.clip(round(share * len(numbers)), kinds, len(numbers) - kinds))
    train, held = train_test_split(
        np.arange(len(numbers), dtype=np.int32),
        train_size=size,
        random_state=seed,
        stratify=numbers,
    )
    return np.sort(train), np.sort(held)


def _fitted(vectors: np.ndarray, numbers: np.ndarray) -> tuple[Any, str]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=ROUNDS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(vectors, numbers)
    ended = int(np.max(model[-1].n_iter_)) >= ROUNDS
    return (
        model,
        f"Learning was ended after {ROUNDS:,} rounds, before it was done." if ended else "",
    )


def _twins(train: np.ndarray, held: np.ndarray) -> str:
    """Say how many sentences held out have the vector of one that was learned from."""
    known = {row.tobytes() for row in train}
    twins = sum(row.tobytes() in known for row in held)
    if not twins:
        return ""
    return (
        f"{twins} of those held out have the very vector of a sentence learned from (the same "
        "sentence twice, say): the score is better than it should be."
    )


def _checks(
    fitted: Any,
    vectors: Float32[np.ndarray, "held width"],
    shares: np.ndarray,
    predicted: np.ndarray,
    parts: tuple[np.ndarray, np.ndarray],
) -> tuple[Check, ...]:
    rows = np.arange(len(shares))
    short = float((shares.max(1) - shares[rows, predicted]).max())
    again = _by_hand(fitted, vectors)
    both = len(np.intersect1d(*parts))
    # A score of float32 sums a product for each number of the vector, and before that the mean was
    # taken away, both rounded as shares of their own sizes; a share changes by less than its score.
    weights = np.abs(fitted[1].coef_).T / fitted[0].scale_[:, None]
    scaled = np.abs(vectors - fitted[0].mean_) @ weights
    taken = (np.abs(vectors) + np.abs(fitted[0].mean_)) @ weights
    allowed = 4 * rounding.summed(vectors.shape[1]) * float(scaled.max()) + 1e-6
    allowed += 4 * rounding.unit("float32") * float(taken.max())
    return (
        Check(LIKELIEST, short, 0.0, "Prediction and probabilities are not of one model."),
        Check(SOFTMAX, float(np.abs(shares - again).max()), allowed, "They are something else."),
        Check(APART, float(both), 0.0, "What was learned by heart would count as known."),
    )


def _by_hand(fitted: Any, vectors: np.ndarray) -> np.ndarray:
    """Return the probabilities by the formula; two kinds share one row of weights."""
    scaler, last = fitted
    scaled = (vectors.astype(np.float64) - scaler.mean_) / scaler.scale_
    scores = scaled @ last.coef_.T.astype(np.float64) + last.intercept_
    if scores.shape[1] == 1:
        scores = np.hstack([np.zeros_like(scores), scores])
    powers = np.exp(scores - scores.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)
