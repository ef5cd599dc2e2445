"""What one forward pass leaves behind: plain arrays, with their axes named."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from components.inspection.anatomy import StackName
from components.inspection.errors import InspectionError

Array = NDArray[np.float32]
AttentionKind = Literal["self", "cross"]


@dataclass(frozen=True, eq=False)
class AttentionRecord:
    """One attention sublayer. `head` counts query heads, `kv_head` key-value heads, from 0.

    Query head h reads the keys and values of key-value head h // (heads / kv_heads).
    """

    stack: StackName
    layer: int
    kind: AttentionKind
    queries: Array
    """[head, reader, size], after the rotation where the model rotates (RoPE)."""
    keys: Array
    """[kv_head, read, size], after the rotation."""
    values: Array
    """[kv_head, read, size]"""
    scores: Array
    """[head, reader, read]: what goes into the softmax, after scale, cap, bias and mask.

    Hidden places are -inf or the lowest number of the dtype. A model with a learned sink
    (gpt_oss) has one more column, the sink's.
    """
    weights: Array
    """[head, reader, read], 0 to 1: the softmax of `scores` over `read`."""
    outputs: Array
    """[head, reader, size]: weights @ values, before the output projection."""

    @property
    def heads(self) -> int:
        """Number of query heads."""
        return len(self.weights)

    @property
    def kv_heads(self) -> int:
        """Number of key-value heads: fewer than `heads` in grouped- or multi-query attention."""
        return len(self.keys)


@dataclass(frozen=True, eq=False)
class StackRecord:
    """One tower's tokens and streams. Arrays that were not asked for, or that the family does
    not have in this form, are None."""

    name: StackName
    ids: tuple[int, ...]
    tokens: tuple[str, ...]
    residual: Array | None
    """[layer + 1, token, width]: row 0 enters the first block, row n + 1 leaves block n.

    Taken from the blocks themselves, so the last row is not yet normed.
    """
    attention_writes: Array | None
    """[layer, token, width]: what attention added to the stream."""
    cross_writes: Array | None
    """[layer, token, width]: what cross-attention added (decoder of two towers)."""
    mlp_writes: Array | None
    """[layer, token, width]: what the MLP added."""
    mlp_activations: tuple[Array, ...] | None
    """For each layer [token, neuron]: what enters the MLP's last matrix. None for a mixture
    of experts, where each token has neurons of its own."""


@dataclass(frozen=True, eq=False)
class Recording:
    """One text read once by one model."""

    source: str
    stacks: tuple[StackRecord, ...]
    attentions: tuple[AttentionRecord, ...]
    logits: Array | None
    """[token, vocabulary] of the last tower, or [class] of a classifier."""

    def stack(self, name: StackName | None = None) -> StackRecord:
        """Return the tower called `name`; without a name, the one that gives the output."""
        for stack in reversed(self.stacks):
            if name in (None, stack.name):
                return stack
        raise InspectionError(
            f"This model has no {name}; it has: {', '.join(s.name for s in self.stacks)}."
        )

    def of(self, stack: StackName, kind: AttentionKind = "self") -> Iterator[AttentionRecord]:
        """Yield the attention sublayers of one tower and kind, from the first layer up."""
        return (a for a in self.attentions if (a.stack, a.kind) == (stack, kind))
