"""How a layer's cache grows: a law, derived from counts and held against others.

The usual formula, 2 x key-value heads x head size x tokens, is right for many families and wrong
for others: latent attention keeps a compressed row, hybrids keep a state of fixed size in most
layers, sliding windows forget, some families repeat their key-value heads before they keep them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

SHORT: Final = (2, 3)
"""Lengths that give what each token adds, and what is there whatever the length."""
FEWEST_ROWS: Final = 3
"""A window that remembers fewer tokens than that cannot be told from a state of fixed size."""


@dataclass(frozen=True)
class LayerLaw:
    """What one layer keeps of one text."""

    row: int = 0
    """Numbers that one token adds."""
    most: int | None = None
    """Tokens remembered at most: of a sliding window of w the last w - 1, since with the one that
    comes in there are w. None: all."""
    state: int = 0
    """Numbers that are there however long the text, in the model's number format."""
    state_bytes: int = 0
    """Bytes that are there however long the text, whatever the model's format (recurrent states
    in float32)."""
    heads: int = 0
    """Of the keys; 0 where a layer keeps none."""
    key_size: int = 0
    """Numbers of one head's key."""
    value_size: int = 0
    """Numbers of one head's value."""

    @property
    def usual(self) -> bool:
        """It keeps a key and a value of one size for each head and token, and nothing else."""
        pair = 2 * self.heads * self.key_size
        only = self.row == pair > 0 and not self.state and not self.state_bytes
        return only and self.key_size == self.value_size

    def rows(self, length: int) -> int:
        """Return how many tokens are remembered after `length` of them."""
        if not self.row:
            return 0
        return length if self.most is None else min(length, self.most)

    def bytes(self, length: int, itemsize: float, batch: int = 1) -> float:
        """Return the bytes after `length` tokens in each of `batch` texts.

        Caches in 8 bits round keys and values only: a state takes 16 bits at least.
        """
        rows = self.row * self.rows(length) * itemsize
        return batch * (rows + self.state * max(itemsize, 2) + self.state_bytes)


def usual_law(heads: int, size: int, window: int | None = None) -> LayerLaw:
    """Return the law of a layer that keeps a key and a value for each head and token.

    >>> usual_law(8, 128, window=4_096).bytes(32_768, 2)
    16773120
    """
    most = None if window is None else window - 1
    return LayerLaw(2 * heads * size, most, heads=heads, key_size=size, value_size=size)


@dataclass(frozen=True)
class Count:
    """What one layer was seen to keep."""

    numbers: int
    """In the model's number format."""
    other_bytes: int
    """Of numbers in another."""
    heads: int = 0
    key_size: int = 0
    value_size: int = 0


Counter = Callable[[int, int], Sequence[Count]]
"""(tokens, texts at once) -> what each layer keeps."""


def derived(count: Counter, far: int, near: int = 7) -> tuple[LayerLaw, ...] | None:
    """Return each layer's law, or None where what `count` says follows no such law.

    Derived from two short texts and one of `far` tokens; then held against other lengths up to
    `far` + 1 (1, `near`, at the edge of each window and just beyond, the last) and a batch of two:
    all must be as the law says, to the number.
    """
    two_long, three_long, long = (count(length, 1) for length in (*SHORT, far))
    laws: list[LayerLaw] = []
    for one, two, three in zip(two_long, three_long, long, strict=True):
        line = _line((one.numbers, two.numbers, three.numbers), far)
        if line is None or not one.other_bytes == two.other_bytes == three.other_bytes:
            return None
        row, most, state = line
        laws.append(
            LayerLaw(row, most, state, one.other_bytes, two.heads, two.key_size, two.value_size)
        )
    edges = {law.most for law in laws if law.most is not None}
    lengths = {1, near, far + 1} | edges | {edge + 1 for edge in edges}
    tried = [(length, 1) for length in sorted(lengths) if length <= far + 1] + [(SHORT[1], 2)]
    if any(_off(laws, count(*each), *each) for each in tried):
        return None
    return tuple(laws)


def _line(numbers: tuple[int, int, int], far: int) -> tuple[int, int | None, int] | None:
    """Return (for each token, tokens at most, always) of counts at 2, 3 and `far` tokens."""
    near, next_, long = numbers
    row = next_ - near
    state = near - SHORT[0] * row
    if row < 0 or state < 0:
        return None
    if long == state + far * row:
        return row, None, state
    most, rest = divmod(long - state, row) if row else (0, 1)
    return None if rest or most < FEWEST_ROWS else (row, most, state)


def _off(laws: Sequence[LayerLaw], counts: Sequence[Count], length: int, batch: int) -> bool:
    return any(
        batch * (law.row * law.rows(length) + law.state) != found.numbers
        or batch * law.state_bytes != found.other_bytes
        for law, found in zip(laws, counts, strict=True)
    )
