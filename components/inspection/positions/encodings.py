"""The other ways to mark positions, as formulas.

Sinusoids: Vaswani et al., 2017. ALiBi: Press et al., 2022. Relative buckets: Raffel et al. (T5),
2020. What a loaded model has of them is measured in `added` and `distances`.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.positions.rotation import formula, frequencies, rotated


def sinusoids(
    length: int, size: int, base: float = 10_000.0
) -> Float64[np.ndarray, "{length} {size}"]:
    """Return a vector for each position k: number 2t is sin(k / base^(2t/size)), 2t + 1 its cos.

    >>> sinusoids(2, 6).round(4)[1].tolist()
    [0.8415, 0.5403, 0.0464, 0.9989, 0.0022, 1.0]
    """
    angles = np.arange(length)[:, None] * frequencies(size, base)
    table = np.empty((length, size))
    table[:, 0::2], table[:, 1::2] = np.sin(angles), np.cos(angles)[:, : size // 2]
    return table


def alibi_slopes(heads: int) -> Float64[np.ndarray, " {heads}"]:
    """Return by how much each head's scores fall for each step of distance.

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
    distances: Int64[np.ndarray, "*axes"],
    two_sided: bool = True,
    buckets: int = 32,
    far: int = 128,
) -> Int64[np.ndarray, "*axes"]:
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
class SchemeScores:
    """Scores of the same vector at every pair of places, under three schemes."""

    absolute: Float32[np.ndarray, "position position"]
    """At [m, n] (x + p_m).(x + p_n), a sinusoid added to both."""
    bias: Float32[np.ndarray, "position position"]
    """At [m, n] x.x minus ALiBi's slope times the distance."""
    rope: Float32[np.ndarray, "position position"]
    """At [m, n] x turned to m times x turned to n."""
    unevenness: tuple[float, float, float]
    """For each: the largest spread along a diagonal, where the distance stays the same."""

    @property
    def checks(self) -> tuple[Check, ...]:
        """That ALiBi and RoPE depend on the distance alone; sums of added vectors do not."""
        added, bias, rope = self.unevenness
        length = len(self.rope)
        # The vector is 1 long, and so are its products; angles up to `length` are float32.
        angles = 4 * rounding.unit("float32") * (1 + length)
        return (
            Check(
                "with RoPE the score depends on the distance alone",
                rope,
                angles + rounding.summed(64),
            ),
            Check(
                "with ALiBi the score depends on the distance alone",
                bias,
                4 * rounding.unit("float32") * (1 + length * SLOPE),
            ),
            Check("with positions added the score also varies at one distance", added),
        )


@dataclass(frozen=True, eq=False)
class Waves:
    """The sinusoids of the first Transformer."""

    table: Float64[np.ndarray, "position width"]
    """A vector for each position."""
    products: Float64[np.ndarray, "position position"]
    """The product of two positions' waves."""
    checks: tuple[Check, ...]


def waves(length: int, size: int, base: float) -> Waves:
    """Return `sinusoids` and their products, which depend on the distance alone.

    sin a sin b + cos a cos b = cos(a - b).
    """
    found = sinusoids(length, size, base)
    products = found @ found.T
    spread = max(float(np.ptp(np.diagonal(products, k))) for k in range(length))
    # In float64: angles up to `length`, sums of `size` products of numbers up to 1.
    allowed = size * (rounding.unit("float64") * 4 * length + rounding.summed(size, "float64"))
    says = "the product of two positions' waves depends on their distance alone"
    return Waves(found, products, (Check(says, spread, allowed),))


SLOPE = 2.0**-4
"""ALiBi's slope in `compared`."""


def alibi(length: int) -> Float64[np.ndarray, "{length} {length}"]:
    """Return what ALiBi adds for query and key position: less, the farther they are apart."""
    places = np.arange(length)
    return -SLOPE * np.abs(places[:, None] - places)


def compared(length: int, size: int, base: float) -> SchemeScores:
    """Return the scores of a vector of equal numbers and length 1 with itself."""
    x = np.full(size, size**-0.5)
    placed = x + sinusoids(length, size, base)
    absolute = placed @ placed.T
    rope = formula(size, base)
    there = rotated(x.astype(np.float32), np.arange(length, dtype=np.float32), rope)
    bias = 1 + alibi(length)
    schemes = (absolute, bias, there @ there.T)
    spreads = [
        max(float(np.ptp(np.diagonal(scores, k))) for k in range(length)) for scores in schemes
    ]
    both = [scores.astype(np.float32) for scores in schemes]
    return SchemeScores(both[0], both[1], both[2], (spreads[0], spreads[1], spreads[2]))
