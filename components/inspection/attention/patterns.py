"""Masks and sharing: who may read whom, what it costs, and which heads share keys and values.

Sources: Child et al., "Generating Long Sequences with Sparse Transformers" (2019); Beltagy et
al., "Longformer" (2020); Shazeer, "Fast Transformer Decoding: One Write-Head is All You Need"
(2019); Ainslie et al., "GQA" (2023).
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from jaxtyping import Bool, Int64

MaskKind = Literal["causal", "bidirectional", "sliding window", "strided", "fixed blocks", "cross"]
MASKS: Final[tuple[MaskKind, ...]] = (
    "causal",
    "bidirectional",
    "sliding window",
    "strided",
    "fixed blocks",
    "cross",
)


def mask(
    kind: MaskKind, readers: int, read: int, width: int
) -> Bool[np.ndarray, "{readers} {read}"]:
    """Return where query tokens may attend to key tokens. `width`: window, stride or block.

    >>> mask("sliding window", 4, 4, 2).astype(int).tolist()
    [[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]
    """
    rows, columns = np.arange(readers)[:, None], np.arange(read)[None, :]
    back = rows - columns
    if kind in ("bidirectional", "cross"):
        return np.ones((readers, read), bool)
    if kind == "sliding window":
        return (back >= 0) & (back < width)
    if kind == "strided":
        return (back >= 0) & ((back < width) | (back % width == 0))
    if kind == "fixed blocks":
        same_block = rows // width == columns // width
        return (back >= 0) & (same_block | (columns % width == width - 1))
    return back >= 0


def reach(allowed: Bool[np.ndarray, "token token"], layers: int) -> Int64[np.ndarray, " token"]:
    """Return how many tokens can have an influence on each after `layers` layers.

    Through a token that was read a layer below, what that one has read is reached too.
    """
    step = allowed | np.eye(len(allowed), dtype=bool)
    reached = np.eye(len(allowed), dtype=bool)
    for _ in range(layers):
        reached = (step.astype(np.float32) @ reached) > 0
    return reached.sum(-1)


@dataclass(frozen=True)
class Sharing:
    """What grouped heads save, for one model's measures."""

    heads: int
    kv_heads: int
    size: int
    layers: int

    @property
    def group(self) -> int:
        """Query heads that share one key-value head."""
        return self.heads // self.kv_heads

    @property
    def name(self) -> str:
        """What the field calls it."""
        if self.kv_heads == self.heads:
            return "multi-head attention (MHA)"
        return (
            "multi-query attention (MQA)" if self.kv_heads == 1 else "grouped-query attention (GQA)"
        )

    def cache_bytes(self, tokens: int, bytes_each: int = 2) -> int:
        """Return the size of the key-value cache: keys and values, layer by layer."""
        return 2 * self.layers * self.kv_heads * self.size * tokens * bytes_each


def score_bytes(tokens: int, bytes_each: int = 2) -> int:
    """Return the bytes of one head's full matrix of scores: it grows with the square.

    >>> score_bytes(4096) // 2**20
    32
    """
    return tokens * tokens * bytes_each
