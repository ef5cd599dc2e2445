"""Scores as a function of where the two tokens stand: only their distance counts.

R_m^T R_n = R_(n-m) (Su et al., "RoFormer", 2021, eq. 16), so moving both tokens changes nothing.
Pair i adds |q_i| |k_i| cos((m - n) theta_i + phi_i) to the score, where phi_i is the angle from
k_i to q_i before any rotation.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from jaxtyping import Float32, Float64, Int64

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.positions.rotation import Rope, in_pairs, rotated, still
from components.inspection.positions.vectors import RotatedVectors

PLACES: Final = ((0, 3), (5, 8), (100, 103), (1000, 1003))
"""The source texts' four places of one query and one key, three apart."""
BANDS: Final = 4
MOST_PAIRS: Final = 400
MOST_DISTANCE: Final = 4096
OWN: Final = "where the two tokens stand, the score is the model's own"
STAYS: Final = "moved together, the score stays"
BANDS_SUM: Final = "the quarters, and the numbers that are not turned, sum to the mean"


@dataclass(frozen=True, eq=False)
class Shifts:
    """One query and one key, moved."""

    shifts: Int64[np.ndarray, " shift"]
    """By how many positions."""
    together: Float32[np.ndarray, " shift"]
    """Their score (q.k times the scale) if both are moved."""
    key_only: Float32[np.ndarray, " shift"]
    """Their score if only the key is moved, to the left of the query."""
    places: tuple[tuple[int, int, float], ...]
    """Position of the query, of the key, and the score there; three apart throughout."""
    checks: tuple[Check, ...]
    """That the score is the model's own where the two tokens stand, and stays as both move."""


def score(
    query: Float32[np.ndarray, " size"],
    key: Float32[np.ndarray, " size"],
    at: float,
    key_at: float,
    rope: Rope,
    scale: float,
) -> float:
    """Return the score of a query and a key, unrotated, placed at two positions."""
    q = rotated(query, np.float32(at), rope)
    k = rotated(key, np.float32(key_at), rope)
    return float(q.astype(np.float64) @ k.astype(np.float64)) * scale


def shifts(vectors: RotatedVectors, head: int, reader: int, read: int) -> Shifts:
    """Move the query of token `reader` and the key of token `read` of `head`."""
    query = vectors.queries[head, reader]
    key = vectors.keys[vectors.key_head(head), read]
    rope, scale = vectors.rope, vectors.scale
    longest = max(2, min(rope.context, MOST_DISTANCE) - max(reader, read))
    steps = np.unique(np.linspace(0, longest - 1, min(longest, 1025)).astype(np.int64))
    keys = rotated(key, (read + steps).astype(np.float32), rope)
    together = (rotated(query, (reader + steps).astype(np.float32), rope) * keys).sum(-1) * scale
    # The query stays at the far end, so that every distance up to the longest can be shown.
    gone = rotated(key, (longest - 1 - steps).astype(np.float32), rope)
    alone = (rotated(query, np.float32(longest - 1), rope) * gone).sum(-1) * scale
    own = vectors.rotated_queries[head, reader].astype(np.float64) @ vectors.rotated_keys[
        vectors.key_head(head), read
    ].astype(np.float64)
    here, stays = _allowed(query, key, max(reader, read), rope), _allowed(query, key, longest, rope)
    model_s = vectors.rounded * _length(query, key, rope)
    return Shifts(
        shifts=steps,
        together=together.astype(np.float32),
        key_only=alone.astype(np.float32),
        places=tuple((m, n, score(query, key, n, m, rope, scale)) for m, n in PLACES),
        checks=(
            Check(
                OWN,
                abs(float(together[0]) - own * scale),
                abs(scale) * (here + model_s),
                "The vectors that are moved are not those of these two tokens.",
            ),
            Check(
                STAYS,
                float(np.ptp(together)),
                abs(scale) * 2 * stays,
                "The rotation that is drawn does not depend on the distance alone.",
            ),
        ),
    )


def _length(
    query: Float32[np.ndarray, " size"], key: Float32[np.ndarray, " size"], rope: Rope
) -> float:
    """Return what a score before its factor can be at most, for these two vectors."""
    pairs = [np.linalg.norm(in_pairs(each, rope), axis=-1) for each in (query, key)]
    rest = np.abs(query[still(rope)]) @ np.abs(key[still(rope)])
    return float(pairs[0] @ pairs[1] * rope.scaling**2 + rest)


def _allowed(
    query: Float32[np.ndarray, " size"],
    key: Float32[np.ndarray, " size"],
    position: int,
    rope: Rope,
) -> float:
    """Return how far q.k may be off as float32 has it, both vectors at positions up to `position`.

    Of each pair both angles are rounded by a share of themselves, and with cos, sin and the four
    products so is the sum.
    """
    pairs = [np.linalg.norm(in_pairs(each, rope), axis=-1) for each in (query, key)]
    products = pairs[0] * pairs[1] * rope.scaling**2
    angles = 2 * position * np.abs(rope.frequencies)
    unit = rounding.unit("float32")
    rest = np.abs(query[still(rope)]) @ np.abs(key[still(rope)])
    return float(
        (products * unit * (8 + 2 * angles)).sum()
        + rounding.summed(rope.size) * (2 * products.sum() + rest)
    )


@dataclass(frozen=True, eq=False)
class Decay:
    """Scores against distance, for the head's own queries and keys and for random ones."""

    distances: Int64[np.ndarray, " distance"]
    """In positions, from 0."""
    real: Float32[np.ndarray, "statistic distance"]
    """Mean, 10th and 90th percentile over real query-key pairs."""
    random: Float32[np.ndarray, "statistic distance"]
    """The same over Gaussian query-key pairs of the same lengths."""
    bands: Float32[np.ndarray, "band distance"]
    """The part of the real mean that each quarter of the pairs adds, the fastest first. Together
    they and `rest` are the mean."""
    band_pairs: tuple[tuple[int, int], ...]
    """First and last pair of each band."""
    rest: float
    """What the numbers that are not turned add: the same at each distance."""
    alike: Float32[np.ndarray, " distance"]
    """Mean over pairs of cos(distance * theta_i): a query equal to its key, all of whose pairs are
    equally long. 1 at distance 0. RoFormer's figure 2 shows another curve, an upper bound: the mean
    of the absolute partial sums of these rotations."""
    bound: Float32[np.ndarray, " distance"]
    """That upper bound, as a share of its value at distance 0."""
    pairs: int
    checks: tuple[Check, ...]
    """That the bands and the rest make up the mean that is drawn."""


def decay(vectors: RotatedVectors, head: int, seed: int = 0) -> Decay:
    """Place the head's own queries and keys (unrotated) at every distance, whatever theirs is."""
    rope = vectors.rope
    queries = vectors.queries[head].astype(np.float64)
    keys = vectors.keys[vectors.key_head(head)].astype(np.float64)
    rng = np.random.default_rng(seed)
    reader, read = np.tril_indices(len(queries))
    if len(reader) > MOST_PAIRS:
        kept = rng.choice(len(reader), MOST_PAIRS, replace=False)
        reader, read = reader[kept], read[kept]
    far = max(2, min(rope.context, MOST_DISTANCE))
    distances = np.unique(np.linspace(0, far - 1, min(far, 512)).astype(np.int64))
    q, k = queries[reader], keys[read]
    by_pair = _by_pair(q, k, distances, rope) * vectors.scale
    unrotated = still(rope)
    rest = (q[:, unrotated] * k[:, unrotated]).sum(-1) * vectors.scale
    edges = np.linspace(0, rope.pairs, min(BANDS, rope.pairs) + 1).round().astype(int)
    bands = [by_pair[:, low:high].sum(1).mean(0) for low, high in pairwise(edges)]
    noise = [_of_length(rng.standard_normal(each.shape), each) for each in (q, k)]
    chance = _by_pair(noise[0], noise[1], distances, rope).sum(1) * vectors.scale
    if rope.size > rope.rotated:
        others = (noise[0][:, unrotated] * noise[1][:, unrotated]).sum(-1)
        chance = chance + others[:, None] * vectors.scale
    angles = distances[:, None] * rope.frequencies.astype(np.float64)
    real, parts = _statistics(by_pair.sum(1) + rest[:, None]), np.stack(bands).astype(np.float32)
    partial = np.abs(np.cumsum(np.exp(1j * angles), axis=1)).mean(1)
    return Decay(
        distances=distances,
        real=real,
        random=_statistics(chance),
        bands=parts,
        bound=(partial / partial[0]).astype(np.float32),
        checks=(_bands_check(parts, float(rest.mean()), real[0]),),
        band_pairs=tuple((int(low), int(high) - 1) for low, high in pairwise(edges)),
        rest=float(rest.mean()),
        alike=np.cos(angles).mean(1).astype(np.float32),
        pairs=len(q),
    )


def _bands_check(
    bands: Float32[np.ndarray, "band distance"], rest: float, mean: Float32[np.ndarray, " distance"]
) -> Check:
    """Compare the sum of the bands, each rounded to float32, with the mean that is drawn."""
    sizes = np.abs(bands).sum(0) + abs(rest) + np.abs(mean)
    return rounding.compared(
        BANDS_SUM,
        bands.astype(np.float64).sum(0) + rest,
        mean,
        rounding.unit("float32") * sizes * 2,
        "The bands that are drawn do not make up the mean.",
    )


def _by_pair(
    q: Float64[np.ndarray, "query_key_pair size"],
    k: Float64[np.ndarray, "query_key_pair size"],
    distances: Int64[np.ndarray, " distance"],
    rope: Rope,
) -> Float64[np.ndarray, "query_key_pair pair distance"]:
    """Return what each pair of numbers adds to q.k, the query ahead."""
    a, b = in_pairs(q, rope), in_pairs(k, rope)
    along = (a * b).sum(-1)[..., None]
    across = (a[..., 1] * b[..., 0] - a[..., 0] * b[..., 1])[..., None]
    angles = rope.frequencies.astype(np.float64)[:, None] * distances
    return (along * np.cos(angles) - rope.direction * across * np.sin(angles)) * rope.scaling**2


def _of_length(
    noise: Float64[np.ndarray, "query_key_pair size"],
    like: Float64[np.ndarray, "query_key_pair size"],
) -> Float64[np.ndarray, "query_key_pair size"]:
    lengths = np.linalg.norm(like, axis=-1, keepdims=True)
    return noise / np.linalg.norm(noise, axis=-1, keepdims=True) * lengths


def _statistics(
    scores: Float64[np.ndarray, "query_key_pair distance"],
) -> Float32[np.ndarray, "statistic distance"]:
    low, high = np.percentile(scores, [10, 90], axis=0)
    return np.stack([scores.mean(0), low, high]).astype(np.float32)
