"""The rotation of RoPE in plain NumPy: no model, no torch.

RoPE (Su et al., "RoFormer", 2021) takes the numbers of a query or key two at a time and turns
pair i of the token at position m by the angle m * theta_i, theta_i = base^(-2i/d). Which two
numbers make a pair is a convention: "split-half" pairs i with i + d/2 (Llama and nearly all of
transformers), "interleaved" pairs 2i with 2i + 1 (RoFormer, GPT-J).
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from jaxtyping import Float, Float32, Float64, Int64

Convention = Literal["split-half", "interleaved"]
CONVENTIONS: Final[tuple[Convention, ...]] = ("split-half", "interleaved")


@dataclass(frozen=True, eq=False)
class Rope:
    """One layer's rotation."""

    frequencies: Float32[np.ndarray, " pair"]
    """Radians per position, 0 or more; 0 never turns."""
    scaling: float
    """Factor on cos and sin: 1, but for YaRN and LongRoPE, which lengthen the vectors."""
    size: int
    """Numbers in one head's query. 2 * pairs of them are turned, the rest left as they are."""
    convention: Convention
    kind: str
    """"default", "linear", "dynamic", "yarn", "longrope", "llama3" or "proportional", as the
    configuration says; "unknown" where it says nothing and the formula does not fit."""
    theta: float
    """The base; NaN where none is stated and the formula does not fit."""
    context: int
    """Tokens that the model was made to read."""
    start: int = 0
    """The first number that is turned: 0, but in latent attention (DeepSeek), which puts what is
    turned behind what is not."""
    direction: Literal[1, -1] = 1
    """1: from a pair's first number towards its second, as in the paper; -1: the other way."""

    @property
    def pairs(self) -> int:
        """Number of pairs that are turned."""
        return len(self.frequencies)

    @property
    def rotated(self) -> int:
        """Numbers of a head that are turned; fewer than `size` in partial rotary."""
        return 2 * self.pairs

    @property
    def wavelengths(self) -> Float64[np.ndarray, " pair"]:
        """Positions until a pair has made a full turn; inf where it never turns."""
        with np.errstate(divide="ignore"):
            return 2 * np.pi / self.frequencies.astype(np.float64)


def frequencies(size: int, theta: float = 10_000.0) -> Float64[np.ndarray, " pair"]:
    """Return theta^(-2i/size) for each pair i.

    >>> frequencies(6).round(4).tolist()
    [1.0, 0.0464, 0.0022]
    """
    return float(theta) ** (-np.arange(0, size, 2) / size)


def formula(size: int, theta: float = 10_000.0, context: int = 2048) -> Rope:
    """Return the rotation of RoFormer's formula, which pairs neighbours."""
    turning = frequencies(size, theta).astype(np.float32)
    return Rope(turning, 1.0, size, "interleaved", "default", theta, context)


def places(rope: Rope) -> Int64[np.ndarray, "{rope.pairs} 2"]:
    """Return which two numbers of a vector make each pair."""
    pair = np.arange(rope.pairs)
    if rope.convention == "interleaved":
        return rope.start + np.stack([2 * pair, 2 * pair + 1], axis=1)
    return rope.start + np.stack([pair, pair + rope.pairs], axis=1)


def still(rope: Rope) -> Int64[np.ndarray, " {rope.size-rope.rotated}"]:
    """Return which numbers of a vector are not turned."""
    return np.setdiff1d(np.arange(rope.size), places(rope).ravel())


def in_pairs(
    vectors: Float[np.ndarray, "*axes size"], rope: Rope
) -> Float[np.ndarray, "*axes {rope.pairs} 2"]:
    """Return the turned numbers of `vectors`, two by two."""
    return vectors[..., places(rope)]


def rotated(
    vectors: Float32[np.ndarray, "... size"],
    positions: Float32[np.ndarray, "..."] | np.float32,
    rope: Rope,
) -> Float32[np.ndarray, "... size"]:
    """Turn `vectors` to `positions`, which broadcast over the leading axes.

    Computed in float32, as models do.
    """
    angles = np.asarray(positions, np.float32)[..., None] * rope.frequencies * rope.direction
    scaling = np.float32(rope.scaling)
    cos, sin = np.cos(angles) * scaling, np.sin(angles) * scaling
    first, second = places(rope).T
    shape = np.broadcast_shapes(vectors.shape[:-1], angles.shape[:-1])
    out = np.array(np.broadcast_to(vectors, (*shape, vectors.shape[-1])))
    x, y = vectors[..., first], vectors[..., second]
    out[..., first] = x * cos - y * sin
    out[..., second] = y * cos + x * sin
    return out


def permutation(rope: Rope) -> Int64[np.ndarray, " {rope.size}"]:
    """Return the order that brings a head's numbers into the other convention.

    `vector[permutation]` in the other convention turns as `vector` does in this one.
    """
    order = np.arange(rope.size)
    there = other(rope)
    order[places(there).ravel()] = places(rope).ravel()
    return order


def other(rope: Rope) -> Rope:
    """Return the same rotation with the pairs formed the other way."""
    there: Convention = "interleaved" if rope.convention == "split-half" else "split-half"
    return replace(rope, convention=there)


def matrix(
    position: float, size: int, theta: float = 10_000.0
) -> Float64[np.ndarray, "{size} {size}"]:
    """Return the block-diagonal matrix R with R @ x = x turned to `position` (interleaved).

    >>> matrix(1, 6).round(4)[:2, :2].tolist()
    [[0.5403, -0.8415], [0.8415, 0.5403]]
    """
    rotation = np.zeros((size, size))
    for pair, frequency in enumerate(frequencies(size, theta)):
        cos, sin = np.cos(position * frequency), np.sin(position * frequency)
        rotation[2 * pair : 2 * pair + 2, 2 * pair : 2 * pair + 2] = [[cos, -sin], [sin, cos]]
    return rotation
