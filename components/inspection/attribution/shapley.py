"""Shapley values of any game: exact up to eight features, from random orders above.

Shapley, "A Value for n-Person Games" (1953). A game gives each coalition (a set of features that
are there) a value; a feature's share is the mean, over all orders in which the features could
arrive, of what it brings when its turn comes. Grouped by who has come before, that is a weighted
sum over the 2^n coalitions. With more features orders are drawn: each with its reverse, which
brings a feature early where the other brings it late, so that their errors partly cancel (Mitchell
et al., "Sampling Permutations for Shapley Value Estimation", JMLR 23, 2022, section 4.1).
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Float64
from numpy.typing import NDArray
from torch import Tensor

EXACT: Final = 8
"""Features up to which all coalitions are read: 256 of them."""
FEWEST_ORDERS: Final = 4
"""Two pairs: one says nothing of how far pairs differ."""
_FEW: Final = 16
"""Features up to which orders share enough coalitions to be worth remembering."""

Game = Callable[[Float32[Tensor, "coalition feature"]], Float[Tensor, " coalition *value"]]
"""From coalitions, 1 there and 0 away, to their values: a number each, or an array."""


@dataclass(frozen=True, eq=False)
class Shapley:
    """How the change from nobody to everybody is shared out."""

    values: Float64[np.ndarray, " feature *value"]
    """What each feature brings, in units of the game."""
    errors: Float64[np.ndarray, " feature *value"] | None
    """The standard error of each value; None where they are exact."""
    nobody: Float64[np.ndarray, "*value"]
    """The value of the empty coalition."""
    everybody: Float64[np.ndarray, "*value"]
    """The value of the coalition of all."""
    pairs: Float64[np.ndarray, " order_pair feature *value"]
    """What each feature brought, the mean of an order and its reverse; empty where the values are
    exact."""
    largest: float
    """The largest size of a value that was read: what is added up, for the bound on rounding."""


def rounded_up(orders: int) -> int:
    """Return how many orders are drawn where `orders` are asked for: whole pairs, two at least.

    >>> rounded_up(1), rounded_up(7), rounded_up(100)
    (4, 8, 100)
    """
    return max(FEWEST_ORDERS, orders + orders % 2)


def shapley(
    game: Game,
    features: int,
    orders: int,
    seed: int = 0,
    rows: int = 64,
    before: Float64[np.ndarray, " order_pair feature *value"] | None = None,
) -> Shapley:
    """Share out a game among its features: exactly if there are at most `EXACT`.

    Else `orders` orders are drawn with `seed`, `rows` coalitions read at once. `before` are the
    pairs of a run with the same seed: they are kept, and only what is missing is drawn.
    """
    if features <= EXACT:
        return _exact(game, features, rows)
    return _sampled(game, features, rounded_up(orders) // 2, seed, rows, before)


def _exact(game: Game, features: int, rows: int) -> Shapley:
    numbers = np.arange(2**features)
    there = (numbers[:, None] >> np.arange(features)) & 1
    values = _read(game, there.astype(bool), rows)
    sizes = there.sum(1)
    # Of all orders, this share has just these features before the one whose turn it is.
    share = np.array([1 / (features * math.comb(features - 1, size)) for size in range(features)])
    found = []
    for feature in range(features):
        without = numbers[there[:, feature] == 0]
        brought = values[without | (1 << feature)] - values[without]
        found.append(np.tensordot(share[sizes[without]], brought, 1))
    empty = np.zeros((0, features, *values.shape[1:]))
    nobody, everybody = np.asarray(values[0]), np.asarray(values[-1])
    return Shapley(np.stack(found), None, nobody, everybody, empty, float(np.abs(values).max()))


def _sampled(
    game: Game,
    features: int,
    pairs: int,
    seed: int,
    rows: int,
    before: Float64[np.ndarray, " order_pair feature *value"] | None,
) -> Shapley:
    ends = _read(game, np.array([[False] * features, [True] * features]), rows)
    known: dict[bytes, NDArray[np.float64] | np.float64] = {}
    brought = [] if before is None else list(before[:pairs])
    largest = float(np.abs(ends).max())
    at_once = max(1, rows // (2 * (features - 1)))
    missing: list[list[int]] = []
    for number, order in enumerate(_orders(features, pairs, seed)):
        if number >= len(brought) + len(missing):
            missing.append(order)
        if missing and (len(missing) == at_once or number + 1 == pairs):
            both = [each for order in missing for each in (order, order[::-1])]
            read = _along(game, both, rows, known if features <= _FEW else {})
            largest = max(largest, float(np.abs(read).max()))
            # [order, place, *]: from nobody, along the order, to everybody.
            first, last = (np.broadcast_to(end, (len(both), 1, *end.shape)) for end in ends)
            steps = np.diff(np.concatenate([first, read, last], axis=1), axis=1)
            each = np.empty_like(steps)
            for row, order in enumerate(both):
                each[row, order] = steps[row]
            brought += list((each[::2] + each[1::2]) / 2)
            missing = []
    found = np.stack(brought)
    error = found.std(0, ddof=1) / math.sqrt(pairs)
    nobody, everybody = np.asarray(ends[0]), np.asarray(ends[1])
    return Shapley(found.mean(0), error, nobody, everybody, found, largest)


def _orders(features: int, count: int, seed: int) -> Iterator[list[int]]:
    # A generator of its own: torch's is shared by all readers.
    generator = torch.Generator().manual_seed(seed)
    for _ in range(count):
        yield torch.randperm(features, generator=generator).tolist()


def _along(
    game: Game,
    orders: list[list[int]],
    rows: int,
    known: dict[bytes, NDArray[np.float64] | np.float64],
) -> Float64[np.ndarray, " order coalition *value"]:
    """Return the values after the first feature, the first two, ... and all but one."""
    features = len(orders[0])
    there = np.zeros((len(orders), features - 1, features), dtype=bool)
    for row, order in zip(there, orders, strict=True):
        for place, feature in enumerate(order[:-1]):
            row[place:, feature] = True
    flat = there.reshape(-1, features)
    keys = [row.tobytes() for row in np.packbits(flat, axis=1)]
    new = {key: row for row, key in enumerate(keys) if key not in known}
    if new:
        read = _read(game, flat[list(new.values())], rows)
        known |= dict(zip(new, read, strict=True))
    values = np.stack([known[key] for key in keys])
    return values.reshape(*there.shape[:2], *values.shape[1:])


def _read(
    game: Game, there: Bool[np.ndarray, "coalition feature"], rows: int
) -> Float64[np.ndarray, " coalition *value"]:
    with torch.no_grad():
        parts = [game(part) for part in torch.from_numpy(there).float().split(rows)]
    return torch.cat(parts).double().cpu().numpy()
