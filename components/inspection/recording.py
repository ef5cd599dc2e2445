"""What one forward pass leaves behind: plain arrays, with their axes named."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from components.inspection.anatomy import StackName
from components.inspection.catalogue import short_name
from components.inspection.errors import InspectionError

Array = NDArray[np.float32]
AttentionKind = Literal["self", "cross"]
HIDDEN: Final = -5_000.0
"""A score at or below this was hidden by a mask. The shallowest mask of any family is GPT-1's, of
-10,000; float16's lowest number is -65,504; the others are lower still, or minus infinity. No
score of contents is as low: ALiBi's steepest slope, 0.84, reaches -3,400 over 4,096 tokens."""


@dataclass(frozen=True, eq=False)
class AttentionRecord:
    """One attention sublayer. `head` counts query heads, `kv_head` key-value heads, from 0.

    Queries, keys, values and outputs are None where the family lays them out in a way that is not
    understood, or where products other than queries times keys make up its scores.
    """

    stack: StackName
    layer: int
    """As the network counts its blocks: in hybrids some blocks have no attention."""
    kind: AttentionKind
    queries: Array | None
    """[head, query token, size], after the rotation where the model rotates (RoPE)."""
    keys: Array | None
    """[kv_head, key token, size], after the rotation."""
    values: Array | None
    """[kv_head, key token, size]"""
    scores: Array
    """[head, query token, key token]: what goes into the softmax, after scale, cap, bias and mask.

    Masked pairs are at or below `HIDDEN`. A model with a learned sink (gpt_oss) has one more
    column, the sink's.
    """
    weights: Array
    """[head, query token, key token], 0 to 1: the softmax of `scores` over the key tokens."""
    outputs: Array | None
    """[head, query token, size]: weights @ values, before the output projection."""
    dtype: str = "float32"
    """In which the network computed them."""
    bare: Array | None = None
    """Shaped as `scores`: what would have gone into the softmax, had queries times keys been 0:
    position bias and mask. None unless it was asked for."""
    products: int = 1
    """How many products of vectors make up the scores, where `bare` was asked for."""
    stated: Mapping[str, float] = field(default_factory=dict)
    """What the family's own function was told: "scaling", "softcap"."""

    @property
    def heads(self) -> int:
        """Number of query heads."""
        return len(self.weights)

    @property
    def kv_heads(self) -> int:
        """Number of key-value heads: fewer than `heads` in grouped- or multi-query attention."""
        return self.heads if self.keys is None else len(self.keys)

    @property
    def visible(self) -> NDArray[np.bool_]:
        """[head, query token, key token]: the mask; True where a token may be attended to."""
        return np.asarray(self.scores[..., : self.weights.shape[-1]] > HIDDEN)

    def kv_head(self, head: int) -> int:
        """Return the key-value head that query head `head` uses: neighbours share one.

        Source: Ainslie et al., "GQA" (2023), figure 2; `repeat_kv` in transformers' Llama file.
        """
        return head // (self.heads // self.kv_heads)

    def for_heads(self, shared: Array) -> Array:
        """Return [head, ...] from keys or values [kv_head, ...]: each head with what it uses."""
        return shared[[self.kv_head(head) for head in range(self.heads)]]

    def understood(self) -> "UnderstoodAttention":
        """Return queries, keys, values and outputs, which are all there.

        Raises:
            InspectionError: they are not.
        """
        if self.queries is None or self.keys is None or self.values is None or self.outputs is None:
            raise InspectionError(
                f"In layer {self.layer} of this network the attention weights can be seen, but not "
                "which queries, keys and values they come from: its code lays them out in a way "
                "that Vitrine does not know. Look at the weights, or choose another model."
            )
        return UnderstoodAttention(self.queries, self.keys, self.values, self.outputs)


@dataclass(frozen=True, eq=False)
class UnderstoodAttention:
    """The vectors of one sublayer; axes as in `AttentionRecord`."""

    queries: Array
    keys: Array
    values: Array
    outputs: Array


@dataclass(frozen=True, eq=False)
class StackRecord:
    """One stack's tokens and streams. Arrays that were not asked for, or that the family does
    not have in this form, are None."""

    name: StackName
    ids: tuple[int, ...]
    tokens: tuple[str, ...]
    residual: Array | None
    """[layer + 1, token, width]: row 0 enters the first block, row n + 1 leaves block n.

    Taken from the blocks themselves, so the last row is not yet normed. None for a network that
    keeps several streams side by side (Gemma 3n), or one for other rows than the tokens.
    """
    attention_writes: Array | None
    """[layer, token, width]: what attention added to the stream."""
    cross_writes: Array | None
    """[layer, token, width]: what cross-attention added (the decoder of an encoder-decoder)."""
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
    """[token, vocabulary] of the last stack, or [class] of a classifier. None for a network that
    was saved without a head."""

    @property
    def name(self) -> str:
        """What its model is called in a sentence."""
        return short_name(self.source)

    def stack(self, name: StackName | None = None) -> StackRecord:
        """Return the stack called `name`; without a name, the one that gives the output."""
        for stack in reversed(self.stacks):
            if name in (None, stack.name):
                return stack
        raise InspectionError(
            f"This model has no {name}; it has: {', '.join(s.name for s in self.stacks)}."
        )

    def of(self, stack: StackName, kind: AttentionKind = "self") -> Iterator[AttentionRecord]:
        """Yield the attention sublayers of one stack and kind, from the first layer up."""
        return (a for a in self.attentions if (a.stack, a.kind) == (stack, kind))
