"""Do the scores hold? Take pieces away in the order of a ranking, and watch the target.

Deletion and insertion curves (Petsiuk, Das and Saenko, "RISE", 2018): if a ranking names what
mattered, the target falls fast when its first pieces go, and rises fast when they come back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int, Int32

from components.inspection.attribution.catalogue import CHECKING, ENDS
from components.inspection.attribution.problem import AttributionProblem
from components.inspection.attribution.question import Question
from components.inspection.attribution.score_checks import switch_check
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.noise import allowed
from components.inspection.progress import Progress, silent

RANDOM_ORDERS: Final = 20
MOST_POINTS: Final = 25


@dataclass(frozen=True, eq=False)
class Curves:
    """The target while pieces go or come, by ranking and for random orders."""

    names: tuple[str, ...]
    removed: Int[np.ndarray, " point"]
    """How many pieces are away (deletion) or back (insertion): 0 up to all."""
    deletion: Float32[np.ndarray, "ranking point"]
    """In logits, as all curves."""
    insertion: Float32[np.ndarray, "ranking point"]
    random_deletion: Float32[np.ndarray, "order point"]
    random_insertion: Float32[np.ndarray, "order point"]
    at_input: float
    """The target for the text."""
    at_baseline: float
    """The target for the baseline."""
    forwards: int
    """Texts that were read."""
    checks: tuple[Check, ...] = ()

    @property
    def deletion_area(self) -> Float32[np.ndarray, " ranking"]:
        """Mean height of the curve; the lower, the better the ranking."""
        return area(self.deletion, self.removed)

    @property
    def insertion_area(self) -> Float32[np.ndarray, " ranking"]:
        """Mean height of the curve; the higher, the better the ranking."""
        return area(self.insertion, self.removed)

    @property
    def beaten(self) -> Float32[np.ndarray, " ranking"]:
        """Share of the random orders whose deletion area is larger, 0 to 1."""
        random = area(self.random_deletion, self.removed)
        return (random[None] > self.deletion_area[:, None]).mean(1).astype(np.float32)


def area(
    curves: Float32[np.ndarray, "curve point"], places: Int[np.ndarray, " point"]
) -> Float32[np.ndarray, " curve"]:
    """Return the mean height of curves given at `places`, by the trapezoid rule.

    >>> area(np.array([[4, 2, 0]], np.float32), np.array([0, 1, 2], np.int32))
    array([2.], dtype=float32)
    """
    found = np.trapezoid(curves, places, axis=-1) / (places[-1] - places[0])
    return found.astype(np.float32)


def ranking(scores: Float32[np.ndarray, " feature"]) -> tuple[int, ...]:
    """Return the scored pieces, counted from 0 among themselves, the highest score first."""
    free = scores[~np.isnan(scores)]
    return tuple(int(place) for place in np.argsort(-free, kind="stable"))


def points(pieces: int) -> Int32[np.ndarray, " point"]:
    """Return how many pieces are away at each point of a curve."""
    count = min(pieces + 1, MOST_POINTS)
    return np.unique(np.linspace(0, pieces, count).round().astype(np.int32))


def cost(pieces: int, rankings: int) -> int:
    """Return how many texts are read at most; the same text is read once."""
    inner = len(points(pieces)) - 2
    # What rounding may do is measured at both ends, by three texts each.
    return ENDS + CHECKING + 3 + 2 * inner * (rankings + RANDOM_ORDERS) + 2


def curves(
    model: Model,
    question: Question,
    names: Sequence[str],
    rankings: Sequence[Sequence[int]],
    seed: int = 0,
    progress: Progress = silent,
) -> Curves:
    """Read the text with more and more pieces replaced by the baseline, in each order given.

    Raises:
        InspectionError: a ranking is not an order of the text's pieces, or the question cannot
            be put.
    """
    problem = AttributionProblem(model, question)
    pieces = len(problem.features.free)
    for name, order in zip(names, rankings, strict=True):
        if sorted(order) != list(range(pieces)):
            raise InspectionError(
                f"The ranking of {name} has {len(order)} places, but the text has {pieces} "
                "features; each must be named once."
            )
    removed = points(pieces)
    generator = np.random.default_rng(seed)
    random = [generator.permutation(pieces).tolist() for _ in range(RANDOM_ORDERS)]
    gone = np.stack([_away(order, removed) for order in [*rankings, *random]])
    # Back are those that deletion takes away, and away the others.
    rows = np.concatenate([~gone, gone]).reshape(-1, pieces)
    distinct, where = np.unique(rows, axis=0, return_inverse=True)
    total = len(distinct) + ENDS + CHECKING + 3
    problem.score.tell = lambda done: progress(min(1.0, done / total), "Taking features away")
    at_input, at_baseline = problem.ends()
    with torch.no_grad():
        found = torch.cat(
            [
                problem.with_switches(part)
                for part in torch.from_numpy(distinct).float().split(problem.rows)
            ]
        )
    values = found.cpu().numpy()[where.reshape(-1)].reshape(2, len(gone), len(removed))
    many = len(rankings)
    checks = (
        *ends_checks(problem, values, at_input, at_baseline),
        switch_check(problem),
        problem.text_check(at_input),
        problem.baseline_check(),
    )
    return Curves(
        names=tuple(names),
        removed=removed,
        deletion=values[0, :many],
        insertion=values[1, :many],
        random_deletion=values[0, many:],
        random_insertion=values[1, many:],
        at_input=at_input,
        at_baseline=at_baseline,
        forwards=problem.score.forwards,
        checks=checks,
    )


def ends_checks(
    problem: AttributionProblem,
    values: Float32[np.ndarray, "2 order point"],
    at_input: float,
    at_baseline: float,
) -> tuple[Check, Check]:
    """Compare where all curves begin and end with the targets of text and baseline, read alone.

    `values` are those of deletion and of insertion; read side by side with other texts, a target
    may be rounded otherwise.
    """
    meaning = "A curve takes away, or puts back, other features than it says."
    whole = np.concatenate([values[0, :, 0], values[1, :, -1]])
    empty = np.concatenate([values[0, :, -1], values[1, :, 0]])
    with torch.no_grad():
        one = allowed(problem.model, lambda: problem.score.logits(problem.baseline))
    return (
        Check(
            "all curves begin (taking away) or end (putting back) at the target of the text",
            float(np.abs(whole - at_input).max()),
            problem.rounding,
            meaning,
        ),
        Check(
            "and end or begin at the target of the baseline",
            float(np.abs(empty - at_baseline).max()),
            problem.target.parts * one,
            meaning,
        ),
    )


def _away(
    order: Sequence[int], removed: Int32[np.ndarray, " point"]
) -> Bool[np.ndarray, "point free"]:
    """Return at each point whether the piece is among the first so many of `order`."""
    place = np.empty(len(order), int)
    place[list(order)] = np.arange(len(order))
    return place[None] < removed[:, None]
