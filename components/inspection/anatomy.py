"""Where the parts of a transformer live, family by family: rows of a table, no branches.

Paths are relative to `network.base_model` (for a tower) or to one block (for its parts), so a
row serves a family's language model and its classifiers alike. A path names the module whose
*output* is meant, except `mlp_down`, whose *input* is the MLP's activation. The layouts were
read in the families' files in `transformers/models/`.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

from torch import nn
from transformers import PreTrainedModel

from components.inspection.errors import InspectionError

Position = Literal["rope", "learned", "alibi", "relative", "sinusoidal", "unknown"]
StackName = Literal["encoder", "decoder"]


@dataclass(frozen=True)
class Tower:
    """One stack of blocks."""

    blocks: str
    attention: str
    projections: tuple[str, ...]
    """Queries, keys and values; a single name where one matrix makes all three."""
    attention_write: str
    """What is added to the residual stream for attention."""
    mlp_write: str
    mlp_down: str | None
    final_norm: str | None
    cross_attention: str | None = None
    cross_write: str | None = None


@dataclass(frozen=True)
class Anatomy:
    """The map of one family."""

    embedding: str
    position: Position
    decoder: Tower | None = None
    encoder: Tower | None = None
    position_table: str | None = None
    pre_norm: bool = True
    """Each block adds to an un-normed stream: block(x) = x + attention(...) + mlp(...)."""
    reserved_positions: int = 0
    """Rows of the position table that no token can have."""

    @property
    def towers(self) -> dict[StackName, Tower]:
        """The towers there are, in the order in which they run."""
        both: dict[StackName, Tower | None] = {"encoder": self.encoder, "decoder": self.decoder}
        return {name: tower for name, tower in both.items() if tower is not None}


_LLAMA: Final = Tower(
    blocks="layers",
    attention="self_attn",
    projections=("q_proj", "k_proj", "v_proj"),
    attention_write="self_attn.o_proj",
    mlp_write="mlp.down_proj",
    mlp_down="mlp.down_proj",
    final_norm="norm",
)
_POST_NORMED: Final = replace(
    _LLAMA,
    attention_write="post_attention_layernorm",
    mlp_write="post_feedforward_layernorm",
)
_EXPERTS: Final = replace(_LLAMA, mlp_write="mlp", mlp_down=None)
_FALCON: Final = Tower(
    blocks="h",
    attention="self_attention",
    projections=("query_key_value",),
    attention_write="self_attention.dense",
    mlp_write="mlp.dense_4h_to_h",
    mlp_down="mlp.dense_4h_to_h",
    final_norm="ln_f",
)
_GPT2: Final = Tower(
    blocks="h",
    attention="attn",
    projections=("c_attn",),
    attention_write="attn.c_proj",
    mlp_write="mlp.c_proj",
    mlp_down="mlp.c_proj",
    final_norm="ln_f",
)
_BERT: Final = Tower(
    blocks="encoder.layer",
    attention="attention.self",
    projections=("query", "key", "value"),
    attention_write="attention.output.dense",
    mlp_write="output.dense",
    mlp_down="output.dense",
    final_norm=None,
)
_T5_ENCODER: Final = Tower(
    blocks="encoder.block",
    attention="layer.0.SelfAttention",
    projections=("q", "k", "v"),
    attention_write="layer.0.SelfAttention.o",
    mlp_write="layer.1.DenseReluDense.wo",
    mlp_down="layer.1.DenseReluDense.wo",
    final_norm="encoder.final_layer_norm",
)
_BART_ENCODER: Final = Tower(
    blocks="encoder.layers",
    attention="self_attn",
    projections=("q_proj", "k_proj", "v_proj"),
    attention_write="self_attn.out_proj",
    mlp_write="fc2",
    mlp_down="fc2",
    final_norm=None,
)

_LLAMA_LIKE: Final = Anatomy("embed_tokens", "rope", decoder=_LLAMA)
_BERT_LIKE: Final = Anatomy(
    "embeddings.word_embeddings",
    "learned",
    encoder=_BERT,
    position_table="embeddings.position_embeddings",
    pre_norm=False,
)

FAMILIES: Final[dict[str, Anatomy]] = {
    "llama": _LLAMA_LIKE,
    "mistral": _LLAMA_LIKE,
    "qwen2": _LLAMA_LIKE,
    "qwen3": _LLAMA_LIKE,
    "smollm3": _LLAMA_LIKE,
    "gemma": _LLAMA_LIKE,
    "gemma2": replace(_LLAMA_LIKE, decoder=_POST_NORMED),
    "gemma3_text": replace(_LLAMA_LIKE, decoder=_POST_NORMED),
    "olmo2": replace(_LLAMA_LIKE, decoder=_POST_NORMED),
    "phi3": replace(_LLAMA_LIKE, decoder=replace(_LLAMA, projections=("qkv_proj",))),
    "mixtral": replace(_LLAMA_LIKE, decoder=_EXPERTS),
    "qwen2_moe": replace(_LLAMA_LIKE, decoder=_EXPERTS),
    "qwen3_moe": replace(_LLAMA_LIKE, decoder=_EXPERTS),
    "phi": replace(
        _LLAMA_LIKE,
        decoder=replace(
            _LLAMA,
            attention_write="self_attn.dense",
            mlp_write="mlp.fc2",
            mlp_down="mlp.fc2",
            final_norm="final_layernorm",
        ),
    ),
    "gpt_neox": Anatomy(
        "embed_in",
        "rope",
        decoder=replace(
            _FALCON,
            blocks="layers",
            attention="attention",
            attention_write="attention.dense",
            final_norm="final_layer_norm",
        ),
    ),
    "gpt2": Anatomy("wte", "learned", decoder=_GPT2, position_table="wpe"),
    "gpt_neo": Anatomy(
        "wte",
        "learned",
        decoder=replace(
            _GPT2,
            attention="attn.attention",
            projections=("q_proj", "k_proj", "v_proj"),
            attention_write="attn.attention.out_proj",
        ),
        position_table="wpe",
    ),
    "gptj": Anatomy(
        "wte",
        "rope",
        decoder=replace(
            _GPT2,
            projections=("q_proj", "k_proj", "v_proj"),
            attention_write="attn.out_proj",
            mlp_write="mlp.fc_out",
            mlp_down="mlp.fc_out",
        ),
    ),
    "opt": Anatomy(
        "decoder.embed_tokens",
        "learned",
        decoder=Tower(
            blocks="decoder.layers",
            attention="self_attn",
            projections=("q_proj", "k_proj", "v_proj"),
            attention_write="self_attn.out_proj",
            mlp_write="fc2",
            mlp_down="fc2",
            final_norm="decoder.final_layer_norm",
        ),
        position_table="decoder.embed_positions",
    ),
    "falcon": Anatomy("word_embeddings", "rope", decoder=_FALCON),
    "bloom": Anatomy("word_embeddings", "alibi", decoder=_FALCON),
    "mpt": Anatomy(
        "wte",
        "alibi",
        decoder=Tower(
            blocks="blocks",
            attention="attn",
            projections=("Wqkv",),
            attention_write="attn.out_proj",
            mlp_write="ffn.down_proj",
            mlp_down="ffn.down_proj",
            final_norm="norm_f",
        ),
    ),
    "bert": _BERT_LIKE,
    "electra": _BERT_LIKE,
    "roberta": replace(_BERT_LIKE, reserved_positions=2),
    "xlm-roberta": replace(_BERT_LIKE, reserved_positions=2),
    "camembert": replace(_BERT_LIKE, reserved_positions=2),
    "distilbert": Anatomy(
        "embeddings.word_embeddings",
        "learned",
        encoder=Tower(
            blocks="transformer.layer",
            attention="attention",
            projections=("q_lin", "k_lin", "v_lin"),
            attention_write="attention.out_lin",
            mlp_write="ffn.lin2",
            mlp_down="ffn.lin2",
            final_norm=None,
        ),
        position_table="embeddings.position_embeddings",
        pre_norm=False,
    ),
    "t5": Anatomy(
        "shared",
        "relative",
        encoder=_T5_ENCODER,
        decoder=replace(
            _T5_ENCODER,
            blocks="decoder.block",
            mlp_write="layer.2.DenseReluDense.wo",
            mlp_down="layer.2.DenseReluDense.wo",
            final_norm="decoder.final_layer_norm",
            cross_attention="layer.1.EncDecAttention",
            cross_write="layer.1.EncDecAttention.o",
        ),
    ),
    "bart": Anatomy(
        "shared",
        "learned",
        encoder=_BART_ENCODER,
        decoder=replace(
            _BART_ENCODER,
            blocks="decoder.layers",
            cross_attention="encoder_attn",
            cross_write="encoder_attn.out_proj",
        ),
        position_table="encoder.embed_positions",
        pre_norm=False,
    ),
}
FAMILIES["marian"] = replace(FAMILIES["bart"], position="sinusoidal")
FAMILIES["mbart"] = replace(
    FAMILIES["bart"],
    encoder=replace(FAMILIES["bart"].towers["encoder"], final_norm="encoder.layer_norm"),
    decoder=replace(FAMILIES["bart"].towers["decoder"], final_norm="decoder.layer_norm"),
    pre_norm=True,
)


def part(root: nn.Module, path: str) -> nn.Module:
    """Return the module at `path` below `root`."""
    return root.get_submodule(path)


def anatomy_of(network: PreTrainedModel) -> Anatomy:
    """Return the row for `network`'s family, checked against its modules.

    A family without a row gets a map of what can be found without one: the embedding, and the
    blocks as the largest list of alike modules.

    Raises:
        InspectionError: no blocks can be found.
    """
    config = network.config
    anatomy = FAMILIES.get(config.model_type)
    if anatomy is None:
        return _found(network)
    if getattr(config, "alibi", False):
        anatomy = replace(anatomy, position="alibi")
    if not getattr(config, "do_layer_norm_before", True):
        anatomy = replace(anatomy, pre_norm=False)
    if config.model_type == "t5" and "DenseReluDense" not in _names(network):
        raise InspectionError("This T5 variant is built in a way that Vitrine does not know.")
    return anatomy


def _names(network: nn.Module) -> str:
    return " ".join(name for name, _ in network.named_modules())


def _found(network: PreTrainedModel) -> Anatomy:
    """Return the little that shows in any network: its blocks and their attention modules."""
    lists = {
        name: found
        for name, found in network.base_model.named_modules()
        if isinstance(found, nn.ModuleList)
        and len(found) == getattr(network.config, "num_hidden_layers", None)
        and len({type(block) for block in found}) == 1
    }
    if not lists or network.config.is_encoder_decoder:
        raise InspectionError(
            f"Vitrine does not know the family '{network.config.model_type}' and cannot find "
            f"its blocks. It knows: {', '.join(sorted(FAMILIES))}."
        )
    blocks = min(lists, key=len)
    attention = next(
        (
            name
            for name, module in lists[blocks][0].named_modules()
            if "attention" in type(module).__name__.lower() and "." not in name
        ),
        "",
    )
    tower = Tower(blocks, attention, (), "", "", None, None)
    return Anatomy("", "unknown", decoder=tower, pre_norm=False)
