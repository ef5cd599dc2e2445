"""Tables of cos and sin, recognised by their numbers: whatever a family calls them.

A layer that rotates is handed, for each token, the angles by which to turn: as cos and sin, as
complex numbers, or as one table of sines and cosines. Such a table gives itself away: the squares
of the two halves have one sum, and from token to token each column goes on by the same angle.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import torch
from jaxtyping import Complex128, Float, Float64, Inexact
from torch import Tensor

from components.inspection import rounding

Form = Literal["cos and sin", "complex", "one table"]
Turns = Complex128[np.ndarray, "token pair"]
"""cos + i sin of each angle, times the scaling."""
ROUGH: Final = 2e-2
"""A first, quick look: squares whose sums differ by more than this share are no cos and sin in any
number format (bfloat16 rounds each by 4e-3 at most, so their squares' sums by 8e-3, up or down)."""


@dataclass(frozen=True, eq=False)
class Tables:
    """What one layer is handed to turn its queries and keys by."""

    form: Form
    repeated: Literal["once", "halves", "neighbours"]
    """How the pairs lie in a table's columns: each once, all of them twice in a row, or each
    twice."""
    sin_first: bool
    """Sines come before cosines."""
    turns: Turns
    """The angles."""
    frequencies: Float64[np.ndarray, " pair"]
    """Radians from token to token."""
    scaling: float
    """Factor on cos and sin."""
    dtype: str
    """In which number format they are handed over."""

    @property
    def pairs(self) -> int:
        """Number of pairs that are turned."""
        return self.turns.shape[1]

    @property
    def uncertain(self) -> float:
        """By how much a frequency may be off in radians: a table tells the angle of its last
        token to the rounding of its numbers."""
        return 2 * rounding.unit(self.dtype) / max(1, len(self.turns) - 1)

    def laid_out(self, turns: Turns, like: Any) -> Any:
        """Return `turns` in the form, number format and place of `like`."""
        if self.repeated == "halves":
            turns = np.concatenate([turns, turns], axis=1)
        elif self.repeated == "neighbours":
            turns = np.repeat(turns, 2, axis=1)
        if self.form == "complex":
            return _shaped(torch.from_numpy(turns), like)
        both = torch.from_numpy(turns.real.copy()), torch.from_numpy(turns.imag.copy())
        both = both[::-1] if self.sin_first else both
        if self.form == "one table":
            return _shaped(torch.cat(both, dim=-1), like)
        return type(like)(_shaped(one, there) for one, there in zip(both, like, strict=True))


def turns_of(frequencies: Float[np.ndarray, " pair"], scaling: float, tokens: int) -> Turns:
    """Return a table for positions 0 to `tokens` - 1, its angles in float32.

    As transformers computes them, and all models with it.
    """
    places = np.arange(tokens, dtype=np.float32)[:, None]
    angles = (places * frequencies.astype(np.float32)).astype(np.float64)
    return np.exp(1j * angles) * scaling


def recognised(value: Any, tokens: int, start: int = 0) -> Tables | None:
    """Return `value`, if it is a table of angles for `tokens` tokens in a row; else None.

    `start` is the position of the first: angles far along are rounded by more.
    """
    parts = _parts(value)
    if parts is None:
        return None
    form, first, second = parts
    # One row tells nearly everything else apart, at little cost.
    if not (_one_sum(first[..., -1, :], second[..., -1, :]) and _one_sum(first, second)):
        return None
    found = _rows(first, tokens), _rows(second, tokens)
    if found[0] is None or found[1] is None:
        return None
    rows = found[0], found[1]
    # At position 0 all cosines are alike and all sines 0, which tells them apart.
    sin_first = form == "one table"
    if not rows[0][0].any() or not rows[1][0].any():
        sin_first = not rows[0][0].any()
    cos, sin = rows[::-1] if sin_first else rows
    turns: Turns = cos + 1j * sin
    scaling = float(np.sqrt((cos**2 + sin**2).mean()))
    dtype = str(first.dtype).removeprefix("torch.")
    frequencies = _frequencies(turns)
    if not _goes_on(turns, frequencies, scaling, dtype, start):
        return None
    repeated = _repeated(turns)
    pick = {
        "once": slice(None),
        "halves": slice(turns.shape[1] // 2),
        "neighbours": slice(0, None, 2),
    }
    kept = pick[repeated]
    return Tables(form, repeated, sin_first, turns[:, kept], frequencies[kept], scaling, dtype)


def _one_sum(first: Float[Tensor, "*axes"], second: Float[Tensor, "*axes"]) -> bool:
    """Say whether the squares of `first` and `second` have one sum all over, roughly."""
    squares = first.float().square() + second.float().square()
    low, high = float(squares.min()), float(squares.max())
    return low > 0 and high - low <= ROUGH * high


def _parts(value: Any) -> tuple[Form, Float[Tensor, "*axes"], Float[Tensor, "*axes"]] | None:
    if isinstance(value, Tensor) and value.dim() >= 2 and value.numel():
        if value.is_complex():
            return "complex", value.real, value.imag
        if value.is_floating_point() and value.shape[-1] % 2 == 0:
            first, second = value.chunk(2, dim=-1)
            return "one table", first, second
    if isinstance(value, (tuple, list)) and len(value) == 2:
        first, second = value
        if all(isinstance(one, Tensor) and one.dim() >= 2 and one.numel() for one in value) and (
            first.shape == second.shape and first.is_floating_point() and second.is_floating_point()
        ):
            return "cos and sin", first, second
    return None


def _rows(
    tensor: Float[Tensor, "... column"], tokens: int
) -> Float64[np.ndarray, "{tokens} column"] | None:
    """Return a row for each token, if `tensor` holds that once, or alike several times."""
    rows = tensor.numel() // tensor.shape[-1]
    if rows % tokens:
        return None
    copies = tensor.detach().reshape(rows // tokens, tokens, -1)
    if rows > tokens and not bool((copies == copies[:1]).all()):
        return None
    return copies[0].cpu().double().numpy()


def _frequencies(turns: Turns) -> Float64[np.ndarray, " pair"]:
    """Return the radians from row to row, ever more exactly from rows ever farther apart."""
    if len(turns) < 2:
        return np.zeros(turns.shape[1])
    found = np.angle(turns[1] * turns[0].conj())
    apart = 2
    while apart < len(turns):
        left = np.angle(turns[apart] * turns[0].conj() * np.exp(-1j * apart * found))
        found = found + left / apart
        apart *= 2
    return found


def _goes_on(
    turns: Turns,
    frequencies: Float64[np.ndarray, " pair"],
    scaling: float,
    dtype: str,
    start: int,
) -> bool:
    """Say whether each column goes on by its angle from row to row, and any goes on at all."""
    if len(turns) == 1:
        return bool(np.ptp(turns.real) == 0 and not turns.imag.any())
    if not frequencies.any():
        return False
    places = np.arange(len(turns))[:, None]
    expected = turns[0] * np.exp(1j * places * frequencies)
    # Rounded are both numbers of this row, of the first, and of those that told the frequency.
    # The angle itself was computed in float32.
    allowed = 9 * rounding.unit(dtype) + 4 * rounding.unit("float32") * (
        1 + (start + places) * np.abs(frequencies)
    )
    return bool((np.abs(turns - expected) <= scaling * allowed).all())


def _repeated(turns: Turns) -> Literal["once", "halves", "neighbours"]:
    columns = turns.shape[1]
    if columns % 2 == 0:
        if np.array_equal(turns[:, : columns // 2], turns[:, columns // 2 :]):
            return "halves"
        if np.array_equal(turns[:, ::2], turns[:, 1::2]):
            return "neighbours"
    return "once"


def _shaped(
    table: Inexact[Tensor, "token column"], like: Inexact[Tensor, "... column"]
) -> Inexact[Tensor, "... column"]:
    """Return `table` in the shape of `like`, whose rows may be repeated."""
    there = table.to(like.device, like.dtype)
    if there.numel() == like.numel():
        return there.reshape(like.shape)
    if like.dim() == 2:  # a table that is kept, and may become longer
        return there
    copies = like.numel() // there.numel()
    return there.expand(copies, *there.shape).reshape(like.shape)
