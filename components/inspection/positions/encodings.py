"""The other ways to mark positions, as formulas and as a loaded model has them.

Sinusoids: Vaswani et al., 2017. Learned tables: Radford et al., 2018; Devlin et al., 2019.
ALiBi: Press et al., 2022. Relative buckets: Raffel et al. (T5), 2020.
"""

import math
import sys
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from components.inspection.anatomy import part
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.positions.rotation import Array, formula, frequencies, turned

MOST_ROWS: Final = 256
MOST_SHOWN: Final = 512


def sinusoids(length: int, size: int, base: float = 10_000.0) -> NDArray[np.float64]:
    """Return [position, size]: number 2t is sin(k / base^(2t/size)), number 2t + 1 its cos.

    >>> sinusoids(2, 6).round(4)[1].tolist()
    [0.8415, 0.5403, 0.0464, 0.9989, 0.0022, 1.0]
    """
    angles = np.arange(length)[:, None] * frequencies(size, base)
    table = np.empty((length, size))
    table[:, 0::2], table[:, 1::2] = np.sin(angles), np.cos(angles)[:, : size // 2]
    return table


def alibi_slopes(heads: int) -> NDArray[np.float64]:
    """Return [head]: by how much a score falls for each step of distance.

    2^(-8/n), 2^(-16/n), ... for n heads, n a power of two; for other numbers the slopes of the
    power of two below, then every second one of that above.

    >>> alibi_slopes(8).tolist()[:3]
    [0.5, 0.25, 0.125]
    """
    below = 2 ** math.floor(math.log2(heads))
    slopes = 2.0 ** (-8 * np.arange(1, below + 1) / below)
    more = 2.0 ** (-4 * np.arange(1, 2 * below + 1, 2) / below)
    return np.concatenate([slopes, more[: heads - below]])


def t5_buckets(
    distances: NDArray[np.int64], two_sided: bool = True, buckets: int = 32, far: int = 128
) -> NDArray[np.int64]:
    """Return the bucket of each distance (place read minus place reading).

    Half of the buckets are for single distances, the rest grow logarithmically up to `far`; all
    beyond share the last. Two-sided: one half of the buckets for each direction.
    """
    distances = np.asarray(distances, dtype=np.int64)
    first = np.zeros_like(distances)
    if two_sided:
        buckets //= 2
        first = (distances > 0) * buckets
        away = np.abs(distances)
    else:
        away = np.maximum(-distances, 0)
    exact = buckets // 2
    with np.errstate(divide="ignore"):
        # float32, as T5 computes it: a distance at an edge falls on the same side.
        share = np.log(away.astype(np.float32) / np.float32(exact)) / np.float32(
            math.log(far / exact)
        )
    grown = np.where(away < exact, 0, share) * (buckets - exact)
    large = np.minimum(exact + grown.astype(np.int64), buckets - 1)
    return first + np.where(away < exact, away, large)


@dataclass(frozen=True, eq=False)
class Table:
    """A model's table of positions: one vector for each."""

    path: str
    learned: bool
    vectors: Array
    """[position, size]: the first 512 at most."""
    shown: NDArray[np.int64]
    """[row]: the positions whose likeness is given, evenly spaced."""
    likeness: Array
    """[row, row], -1 to 1: cosine similarity of two positions' vectors."""
    norms: Array
    """[position]: lengths of `vectors`."""
    token_norms: tuple[float, float, float]
    """10th, 50th and 90th percentile of the lengths of the token vectors they are added to."""
    rows: int
    """Rows that the table has in all; there is no position beyond."""
    context: int
    formula_error: float | None
    """Of a fixed table: largest difference from the formula of `sinusoids`, sines first."""


def table(model: Model) -> Table:
    """Return the position table of `model`.

    Raises:
        InspectionError: it has none.
    """
    path = model.anatomy.position_table
    if path is None:
        raise InspectionError(
            f"{model.source} has no table of positions. Choose GPT-2, OPT or BERT to see one."
        )
    weight: Any = part(model.network.base_model, path).weight
    rows = weight.detach().float().cpu()
    # Reserved rows (OPT, BART, RoBERTa) come first: positions are the last ones.
    positions = rows[-min(model.context, len(rows)) :]
    shown = np.unique(np.linspace(0, len(positions) - 1, MOST_ROWS).astype(np.int64))
    unit = torch.nn.functional.normalize(positions[shown], dim=-1)
    embeddings: Any = model.network.get_input_embeddings().weight
    tokens = embeddings.detach().float().norm(dim=-1).cpu()
    learned = model.anatomy.position == "learned"
    error = None
    if not learned:
        size = positions.shape[1]
        exact = sinusoids(len(positions), size)
        halves = np.concatenate([exact[:, 0::2], exact[:, 1::2]], axis=1)
        error = float(np.abs(halves - positions.numpy()).max())
    low, middle, high = np.percentile(tokens.numpy(), [10, 50, 90])
    return Table(
        path=path,
        learned=learned,
        vectors=positions[:MOST_SHOWN].numpy(),
        shown=shown,
        likeness=(unit @ unit.T).numpy(),
        norms=positions[:MOST_SHOWN].norm(dim=-1).numpy(),
        token_norms=(float(low), float(middle), float(high)),
        rows=len(rows),
        context=len(positions),
        formula_error=error,
    )


@dataclass(frozen=True, eq=False)
class Slopes:
    """ALiBi as a model has it."""

    slopes: Array
    """[head], positive."""
    formula_error: float
    """Largest difference from `alibi_slopes`."""


def slopes(model: Model) -> Slopes:
    """Return the slopes that `model`'s own code makes.

    Raises:
        InspectionError: it has none.
    """
    if model.anatomy.position != "alibi":
        raise InspectionError(f"{model.source} does not use ALiBi. BLOOM and MPT do.")
    config = model.network.config.get_text_config()
    heads, base = config.num_attention_heads, model.network.base_model
    if config.model_type == "mpt":
        bias = base.build_mpt_alibi_tensor(heads, 3)[:, 0]  # type: ignore[operator]
    else:
        build: Any = getattr(base, "build_alibi_tensor", None)
        build = build or sys.modules[type(base).__module__].build_alibi_tensor
        bias = build(torch.ones(1, 3, dtype=torch.long), heads, torch.float32)[:, 0]
    found = (bias[:, 2] - bias[:, 1]).float().numpy()
    return Slopes(found, float(np.abs(np.sort(found) - np.sort(alibi_slopes(heads))).max()))


@dataclass(frozen=True, eq=False)
class Buckets:
    """T5's learned numbers for distances."""

    stack: Literal["encoder", "decoder"]
    distances: NDArray[np.int64]
    """[distance]: place read minus place reading."""
    bias: Array
    """[head, distance]: added to the score before the softmax."""
    error: float
    """Largest difference from what the model's own code adds."""


def buckets(model: Model, stack: Literal["encoder", "decoder"]) -> Buckets:
    """Return what one tower of a T5 adds for each distance.

    Raises:
        InspectionError: the model has no such buckets.
    """
    if model.anatomy.position != "relative":
        raise InspectionError(f"{model.source} has no relative buckets. The T5 family has.")
    tower = model.anatomy.towers[stack]
    first = next(part(model.network.base_model, tower.blocks).children())
    attention: Any = part(first, tower.attention)
    far = attention.relative_attention_max_distance
    distances = np.arange(-far - 16, (far + 17) if stack == "encoder" else 1)
    found = t5_buckets(distances, stack == "encoder", attention.relative_attention_num_buckets, far)
    weight = attention.relative_attention_bias.weight.detach().float().cpu().numpy()
    bias = weight[found].T
    length = far + 17
    with torch.no_grad():
        own = attention.compute_bias(length, length)[0].float().cpu().numpy()
    there = np.arange(length)
    last = own[:, -1, :]  # the last place reads all before it: distances -(length - 1) to 0
    error = float(np.abs(last - bias[:, there - (length - 1) - distances[0]]).max())
    return Buckets(stack, distances, np.ascontiguousarray(bias), error)


@dataclass(frozen=True, eq=False)
class Compared:
    """Scores of the same vector at every pair of places, under three schemes."""

    absolute: Array
    """[m, n]: (x + p_m).(x + p_n), a sinusoid added to both."""
    bias: Array
    """[m, n]: x.x minus ALiBi's slope times the distance."""
    rope: Array
    """[m, n]: x turned to m times x turned to n."""
    unevenness: tuple[float, float, float]
    """For each: the largest spread along a diagonal, where the distance stays the same."""


def compared(length: int, size: int, base: float) -> Compared:
    """Return the scores of a vector of equal numbers and length 1 with itself."""
    x = np.full(size, size**-0.5)
    placed = x + sinusoids(length, size, base)
    absolute = placed @ placed.T
    away = np.abs(np.arange(length)[:, None] - np.arange(length))
    rope = formula(size, base)
    there = turned(x.astype(np.float32), np.arange(length, dtype=np.float32), rope)
    bias = 1 - away * 2.0**-4
    schemes = (absolute, bias, there @ there.T)
    spreads = [
        max(float(np.ptp(np.diagonal(scores, k))) for k in range(length)) for scores in schemes
    ]
    both = [scores.astype(np.float32) for scores in schemes]
    return Compared(both[0], both[1], both[2], (spreads[0], spreads[1], spreads[2]))
