"""What angles the vectors of a table make, and whether angle and distance agree on who is near.

In trained tables most vectors point to one side (Mu and Viswanath, "All-but-the-Top", 2018): two
random tokens have a cosine well above 0 until the mean of all is taken away.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.embeddings.lengths import blocks, lengths_of
from components.inspection.embeddings.neighbours import Metric
from components.inspection.embeddings.ranking import BLOCK, nearest_rows, triangle_check
from components.inspection.embeddings.table import table_of
from components.inspection.embeddings.typed_word import TypedWord, typed_word, vector_of
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.progress import Progress, silent

PAIRS: Final = 20_000
"""Pairs of tokens whose angle is drawn."""
ASKED: Final = 200
"""Tokens whose neighbours are compared."""
NEAR: Final = 10
"""Neighbours of each."""
METRICS: Final[tuple[Metric, Metric]] = ("cosine", "euclidean")
CERTAIN: Final = 6.0
"""Standard deviations: what is drawn at random is farther off once in 500 million times."""


@dataclass(frozen=True, eq=False)
class Angles:
    """Which angles the vectors make, and whether cosine and distance agree on who is near."""

    before: Float32[np.ndarray, " pair_drawn"]
    """-1 to 1: cosines of random pairs."""
    after: Float32[np.ndarray, " pair_drawn"]
    """The same once the mean of all vectors is taken away."""
    means: tuple[float, float]
    """Of all pairs there are, before and after."""
    mean_length: float
    """Length of the mean of all vectors."""
    width: int
    asked: int
    """Tokens whose neighbours were compared."""
    near: int
    """Neighbours of each: 10, or all others of a small table."""
    shared: float
    """How many of them, on average, cosine and Euclidean distance agree on."""
    left_out: int
    """Rows of zeros, which have no direction."""
    checks: tuple[Check, ...]


@dataclass(frozen=True, eq=False)
class Near:
    """The tokens nearest to one word, by two measures."""

    word: TypedWord
    by_cosine: tuple[tuple[str, float], ...]
    by_distance: tuple[tuple[str, float], ...]
    both: frozenset[str]
    """Tokens that are in both lists."""
    checks: tuple[Check, ...]


def angles(model: Model, seed: int = 0, progress: Progress = silent) -> Angles:
    """Draw pairs of tokens, measure their angles, and compare two ways to be near.

    Raises:
        InspectionError: the table has too few rows that have a direction.
    """
    table = table_of(model, "input")
    lengths = torch.from_numpy(lengths_of(table))
    rounding.require_numbers(lengths)
    there = torch.nonzero(lengths > 0).flatten().to(table.device)
    if len(there) < 3:
        raise InspectionError(f"The table of '{model.name}' has fewer than three vectors.")
    draw = torch.Generator().manual_seed(seed)
    one = torch.randint(len(there), (PAIRS,), generator=draw)
    other = (one + torch.randint(1, len(there), (PAIRS,), generator=draw)) % len(there)
    pairs = there[one.to(table.device)], there[other.to(table.device)]
    mean = _mean(table)
    found, means, checks = [], [], []
    for centre, when in ((torch.zeros_like(mean), ""), (mean, ", with the mean taken away")):
        cosines = _cosines(table, *pairs, centre)
        exact = _mean_of_all(table, there, centre)
        found.append(cosines)
        means.append(exact)
        checks.append(_mean_check(cosines, exact, when, table.shape[1]))
    asked = torch.randperm(len(there), generator=draw)[:ASKED]
    near, shared = _agreeing(table, there[asked.to(table.device)], progress)
    return Angles(
        before=found[0],
        after=found[1],
        means=(means[0], means[1]),
        mean_length=float(mean.norm()),
        width=table.shape[1],
        asked=len(asked),
        near=near,
        shared=shared,
        left_out=len(table) - len(there),
        checks=tuple(checks),
    )


def near(model: Model, word: str) -> Near:
    """Return the tokens nearest to a typed word, by cosine and by distance, without its own.

    Raises:
        InspectionError: there is no such word.
    """
    typed = typed_word(model, word)
    table, vector = table_of(model, "input"), vector_of(model, typed)
    rounding.require_numbers(vector)

    lists, checks = [], []
    for metric in METRICS:
        ids, how = nearest_rows(table, vector[None], min(len(table), NEAR + len(typed.ids)), metric)
        named = zip(
            model.token_texts(ids[0].tolist()), how[0].tolist(), ids[0].tolist(), strict=True
        )
        lists.append(tuple((name, far) for name, far, own in named if own not in typed.ids)[:NEAR])
        check = triangle_check if metric == "cosine" else _distance_check
        checks.append(check(table[ids[0]], vector, how[0]))
    cosine, distance = lists
    names = [frozenset(name for name, _ in each) for each in lists]
    return Near(typed, cosine, distance, names[0] & names[1], tuple(checks))


def _distance_check(
    rows: Float[Tensor, "near width"],
    vector: Float[Tensor, " width"],
    distances: Float[Tensor, " near"],
) -> Check:
    """Compare distances with the lengths of the differences, in float64.

    A squared distance is the sum of two squares less a product, each rounded in float32 by a share
    of (|a| + |b|)^2; of a root, the rounding is that by twice the root.
    """
    rows, vector = rows.cpu().double(), vector.cpu().double()
    exact = (rows - vector).norm(dim=-1)
    size = (rows.norm(dim=-1) + vector.norm()) ** 2
    off = 3 * rounding.summed(len(vector)) * size
    return rounding.compared(
        "each distance is the length of the difference",
        distances.cpu().numpy(),
        exact.numpy(),
        torch.minimum(off / exact.clamp_min(1e-300), off.sqrt()).numpy(),
        "The ranking is not by the distance of the vectors.",
    )


def _mean(table: Float[Tensor, "row width"]) -> Float[Tensor, " width"]:
    total = sum(rows.double().sum(dim=0) for rows in blocks(table))
    return (total / len(table)).float()  # type: ignore[union-attr]


def _cosines(
    table: Float[Tensor, "row width"], one: Tensor, other: Tensor, centre: Float[Tensor, " width"]
) -> Float32[np.ndarray, " pair_drawn"]:
    size = max(1, BLOCK // table.shape[1])
    found = [
        torch.nn.functional.cosine_similarity(table[a].float() - centre, table[b].float() - centre)
        for a, b in zip(one.split(size), other.split(size), strict=True)
    ]
    return torch.cat(found).cpu().numpy()


def _mean_of_all(
    table: Float[Tensor, "row width"], there: Tensor, centre: Float[Tensor, " width"]
) -> float:
    """Return the mean cosine of all pairs: of n unit vectors, (|their sum|^2 - n) / (n (n - 1))."""
    total = torch.zeros(table.shape[1], dtype=torch.float64, device=table.device)
    for ids in there.split(max(1, BLOCK // table.shape[1])):
        total += torch.nn.functional.normalize(table[ids].double() - centre, dim=-1).sum(dim=0)
    count = len(there)
    return float((total @ total - count) / (count * (count - 1)))


def _mean_check(
    cosines: Float32[np.ndarray, " pair_drawn"], exact: float, when: str, width: int
) -> Check:
    spread = float(cosines.astype(np.float64).std()) / sqrt(len(cosines))
    return Check(
        f"the mean of the pairs drawn is that of all pairs{when}",
        abs(float(cosines.astype(np.float64).mean()) - exact),
        CERTAIN * spread + 3 * rounding.summed(width),
        "The pairs are not drawn evenly, or the cosines are computed wrongly.",
    )


def _agreeing(
    table: Float[Tensor, "row width"], asked: Tensor, progress: Progress
) -> tuple[int, float]:
    """Return how many neighbours were looked at, and on how many both measures agree."""
    most = min(NEAR, len(table) - 1)
    rows, sets = table[asked].float(), []
    for metric in METRICS:
        ids, _ = nearest_rows(table, rows, most + 1, metric, progress)
        sets.append(
            [
                [token for token in near if token != own][:most]
                for near, own in zip(ids.tolist(), asked.tolist(), strict=True)
            ]
        )
    agreed = [len({*one} & {*other}) for one, other in zip(*sets, strict=True)]
    return most, float(np.mean(agreed))
