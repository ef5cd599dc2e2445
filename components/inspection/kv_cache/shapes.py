"""The measures of a model that its cache, its work and its memory follow from.

Grouped-query attention: Ainslie et al. 2023 (arXiv:2305.13245); multi-query: Shazeer 2019
(arXiv:1911.02150).
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from components.inspection.errors import InspectionError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from components.inspection.model import Model


@dataclass(frozen=True)
class Shape:
    """A decoder in plain numbers."""

    name: str
    parameters: int
    """All weights; a matrix that is used twice counts once."""
    layers: int
    heads: int
    """Query heads."""
    kv_heads: int
    """Heads that have keys and values of their own."""
    head_size: int
    width: int
    attention_weights: int
    """Numbers in one block's attention matrices (queries, keys, values, output)."""
    mlp_weights: int
    """Numbers that one token meets in one block's MLP matrices."""
    mlp_width: int
    vocabulary: int
    context: int
    windows: tuple[int | None, ...] = ()
    """[layer]: how many tokens back a layer reads; None reads all. Empty: all read all."""

    def window(self, layer: int) -> int | None:
        """Return how many tokens a layer reads, itself included; None is all."""
        return self.windows[layer] if self.windows else None

    def rows(self, layer: int, length: int) -> int:
        """Return how many tokens' keys a layer keeps after `length` tokens.

        A sliding window of w keeps w - 1: with the token that comes in there are w.
        """
        window = self.window(layer)
        return length if window is None else min(length, window - 1)

    def layer_bytes(self, layer: int, length: int, itemsize: float, batch: int = 1) -> float:
        """Return 2 x kv heads x head size x kept rows x batch x bytes of a number."""
        return 2 * self.kv_heads * self.head_size * self.rows(layer, length) * batch * itemsize

    def cache_bytes(self, length: int, itemsize: float, batch: int = 1) -> float:
        """Return the bytes of all layers' keys and values after `length` tokens."""
        return sum(self.layer_bytes(layer, length, itemsize, batch) for layer in range(self.layers))

    def token_bytes(self, itemsize: float) -> float:
        """Return the bytes that one more token adds, while no window is full."""
        return 2 * self.layers * self.kv_heads * self.head_size * itemsize

    def shared_by(self, kv_heads: int) -> "Shape":
        """Return the same model with another number of key-value heads.

        Raises:
            InspectionError: the query heads cannot be divided into so many equal groups.
        """
        if kv_heads < 1 or self.heads % kv_heads:
            possible = ", ".join(str(groups) for groups in self.groupings())
            raise InspectionError(
                f"{self.heads} query heads cannot share {kv_heads} key-value heads evenly; "
                f"possible: {possible}."
            )
        saved = 2 * self.width * self.head_size * (self.kv_heads - kv_heads)
        return replace(
            self,
            kv_heads=kv_heads,
            attention_weights=self.attention_weights - saved,
            parameters=self.parameters - self.layers * saved,
        )

    def groupings(self) -> tuple[int, ...]:
        """Return the numbers of key-value heads that divide the query heads, from 1 up."""
        return tuple(n for n in range(1, self.heads + 1) if self.heads % n == 0)


def sharing(shape: Shape) -> str:
    """Name the way in which query heads share keys and values.

    >>> from components.inspection.kv_cache.published import PUBLISHED
    >>> sharing(PUBLISHED["Falcon-7B"]), sharing(PUBLISHED["GPT-2"])
    ('multi-query (MQA)', 'multi-head (MHA)')
    """
    if shape.kv_heads == shape.heads:
        return "multi-head (MHA)"
    return "multi-query (MQA)" if shape.kv_heads == 1 else "grouped-query (GQA)"


def shape_of(model: "Model") -> Shape:
    """Measure a loaded model.

    Raises:
        InspectionError: it has no decoder.
    """
    return shape_of_network(model.network, model.source, model.context)


def shape_of_network(network: "PreTrainedModel", name: str, context: int) -> Shape:
    """Measure a network, of which only the configuration and the shapes of weights are read.

    Raises:
        InspectionError: it has no decoder that grows a cache of keys and values.
    """
    from transformers import DynamicCache

    from components.inspection.anatomy import anatomy_of, part
    from components.inspection.model import count_kv_heads

    config = network.config.get_text_config(decoder=True)
    if not hasattr(network, "lm_head") and network.get_output_embeddings() is None:
        raise InspectionError(f"'{name}' writes no text, so it has no cache of keys and values.")
    tower = anatomy_of(network).decoder
    if tower is None:
        raise InspectionError(f"'{name}' has no decoder, so it keeps no keys and values.")
    blocks = list(part(network.base_model, tower.blocks).children())
    layers, heads, kv_heads = len(blocks), config.num_attention_heads, count_kv_heads(config)
    head_size = int(
        getattr(config, "d_kv", 0)
        or getattr(config, "head_dim", None)
        or config.hidden_size // heads
    )
    attention = 2 * config.hidden_size * head_size * (heads + kv_heads)
    made = DynamicCache(config=config).layers[:layers]
    windows = tuple(getattr(layer, "sliding_window", None) for layer in made)
    return Shape(
        name=name,
        parameters=sum(weight.numel() for weight in network.parameters()),
        layers=layers,
        heads=heads,
        kv_heads=kv_heads,
        head_size=head_size,
        width=config.hidden_size,
        attention_weights=attention,
        mlp_weights=_weights_met(blocks[0], config) - attention,
        mlp_width=_mlp_width(config),
        vocabulary=config.vocab_size,
        context=context,
        windows=windows if any(windows) else (),
    )


def _weights_met(block: Any, config: Any) -> int:
    """Return the numbers in a block's matrices; of experts, those that one token meets."""
    names = ("num_experts", "num_local_experts", "n_routed_experts")
    stated = [getattr(config, name, None) for name in names]
    experts = next((int(count) for count in stated if count), 1)
    active = int(getattr(config, "num_experts_per_tok", None) or 1)
    # A tensor of three axes holds the matrices of all experts.
    parts = {2: 1.0, 3: active / experts}
    return int(sum(weight.numel() * parts.get(weight.dim(), 0) for weight in block.parameters()))


def _mlp_width(config: Any) -> int:
    names = ("moe_intermediate_size", "intermediate_size", "n_inner", "ffn_dim", "d_ff",
             "decoder_ffn_dim")  # fmt: skip
    stated = [getattr(config, name, None) for name in names]
    return next((int(size) for size in stated if size), 4 * config.hidden_size)
