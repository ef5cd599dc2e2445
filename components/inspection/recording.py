"""What one forward pass leaves behind: plain arrays, with their axes named."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from jaxtyping import Bool, Float32

from components.inspection.anatomy import StackName
from components.inspection.catalogue import short_name
from components.inspection.errors import InspectionError

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
    queries: Float32[np.ndarray, "head query size"] | None
    """After the rotation where the model rotates (RoPE)."""
    keys: Float32[np.ndarray, "kv_head key size"] | None
    """After the rotation."""
    values: Float32[np.ndarray, "kv_head key value_size"] | None
    scores: Float32[np.ndarray, "head query key_or_sink"]
    """What goes into the softmax, after scale, cap, bias and mask.

    Masked pairs are at or below `HIDDEN`. A model with a learned sink (gpt_oss) has one more
    column, the sink's.
    """
    weights: Float32[np.ndarray, "head query key"]
    """0 to 1: the softmax of `scores` over the key tokens."""
    outputs: Float32[np.ndarray, "head query value_size"] | None
    """weights @ values, before the output projection."""
    dtype: str = "float32"
    """In which the network computed them."""
    bare: Float32[np.ndarray, "head query key_or_sink"] | None = None
    """What would have gone into the softmax, had queries times keys been 0: position bias and
    mask. None unless it was asked for."""
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
    def visible(self) -> Bool[np.ndarray, "head query key"]:
        """The mask: True where a token may be attended to."""
        return np.asarray(self.scores[..., : self.weights.shape[-1]] > HIDDEN)

    def kv_head(self, head: int) -> int:
        """Return the key-value head that query head `head` uses: neighbours share one.

        Source: Ainslie et al., "GQA" (2023), figure 2; `repeat_kv` in transformers' Llama file.
        """
        return head // (self.heads // self.kv_heads)

    def for_heads(
        self, shared: Float32[np.ndarray, "kv_head key size"]
    ) -> Float32[np.ndarray, "head key size"]:
        """Return for each head the keys or values that it uses."""
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
    """The vectors of one sublayer, as in `AttentionRecord`."""

    queries: Float32[np.ndarray, "head query size"]
    keys: Float32[np.ndarray, "kv_head key size"]
    values: Float32[np.ndarray, "kv_head key value_size"]
    outputs: Float32[np.ndarray, "head query value_size"]


@dataclass(frozen=True, eq=False)
class StackRecord:
    """One stack's tokens and streams. Arrays that were not asked for, or that the family does
    not have in this form, are None."""

    name: StackName
    ids: tuple[int, ...]
    tokens: tuple[str, ...]
    residual: Float32[np.ndarray, "boundary token width"] | None
    """Row 0 enters the first block, row n + 1 leaves block n.

    Taken from the blocks themselves, so the last row is not yet normed. None for a network that
    keeps several streams side by side (Gemma 3n), or one for other rows than the tokens.
    """
    attention_writes: Float32[np.ndarray, "layer token width"] | None
    """What attention added to the stream."""
    cross_writes: Float32[np.ndarray, "layer token width"] | None
    """What cross-attention added (the decoder of an encoder-decoder)."""
    mlp_writes: Float32[np.ndarray, "layer token width"] | None
    """What the MLP added."""
    mlp_activations: tuple[Float32[np.ndarray, "token _neuron"], ...] | None
    """For each layer: what enters the MLP's last matrix. None for a mixture of experts, where
    each token has neurons of its own."""


@dataclass(frozen=True, eq=False)
class Recording:
    """One text read once by one model."""

    source: str
    stacks: tuple[StackRecord, ...]
    attentions: tuple[AttentionRecord, ...]
    logits: Float32[np.ndarray, "token vocabulary"] | Float32[np.ndarray, " class"] | None
    """Of the last stack's tokens, or of a classifier. None for a network that was saved without a
    head."""

    @property
    def name(self) -> str:
        """What its model is called in a sentence."""
        return short_name(self.source)

    def stack(self, name: StackName | None = None) -> StackRecord:
        """Return the stack called `name`; without a name, the one that gives the output.

        Raises:
            InspectionError: the model has none of that name.
        """
        for stack in reversed(self.stacks):
            if name in (None, stack.name):
                return stack
        raise InspectionError(
            f"This model has no {name}; it has: {', '.join(s.name for s in self.stacks)}."
        )

    def of(self, stack: StackName, kind: AttentionKind = "self") -> Iterator[AttentionRecord]:
        """Yield the attention sublayers of one stack and kind, from the first layer up."""
        return (a for a in self.attentions if (a.stack, a.kind) == (stack, kind))
