"""Where the parts of a transformer are called what, family by family: rows of a table, no branches.

The table names parts; it vouches for nothing. What is true of a loaded network is measured on it
(`premises`), and a family without a row gets all that its premises carry (`stacks`). The layouts
were read in the families' files in `transformers/models/`.
"""

from dataclasses import replace
from typing import Final

from transformers import PreTrainedModel

from components.inspection.anatomy import Anatomy, StackParts

_LLAMA: Final = StackParts(
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
_FALCON: Final = StackParts(
    blocks="h",
    attention="self_attention",
    projections=("query_key_value",),
    attention_write="self_attention.dense",
    mlp_write="mlp.dense_4h_to_h",
    mlp_down="mlp.dense_4h_to_h",
    final_norm="ln_f",
)
_GPT2: Final = StackParts(
    blocks="h",
    attention="attn",
    projections=("c_attn",),
    attention_write="attn.c_proj",
    mlp_write="mlp.c_proj",
    mlp_down="mlp.c_proj",
    final_norm="ln_f",
)
_BERT: Final = StackParts(
    blocks="encoder.layer",
    attention="attention.self",
    projections=("query", "key", "value"),
    attention_write="attention.output.dense",
    mlp_write="output.dense",
    mlp_down="output.dense",
    final_norm=None,
    post_norms=("attention.output.LayerNorm", "output.LayerNorm"),
)
_T5_ENCODER: Final = StackParts(
    blocks="encoder.block",
    attention="layer.0.SelfAttention",
    projections=("q", "k", "v"),
    attention_write="layer.0.SelfAttention.o",
    mlp_write="layer.1.DenseReluDense.wo",
    mlp_down="layer.1.DenseReluDense.wo",
    final_norm="encoder.final_layer_norm",
)
_BART_ENCODER: Final = StackParts(
    blocks="encoder.layers",
    attention="self_attn",
    projections=("q_proj", "k_proj", "v_proj"),
    attention_write="self_attn.out_proj",
    mlp_write="fc2",
    mlp_down="fc2",
    final_norm=None,
    post_norms=("self_attn_layer_norm", "final_layer_norm"),
)

_LLAMA_LIKE: Final = Anatomy("rope", decoder=_LLAMA)
_BERT_LIKE: Final = Anatomy(
    "learned",
    encoder=_BERT,
    position_table="embeddings.position_embeddings",
)

_T5: Final = Anatomy(
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
)
_BART: Final = Anatomy(
    "learned",
    encoder=_BART_ENCODER,
    decoder=replace(
        _BART_ENCODER,
        blocks="decoder.layers",
        cross_attention="encoder_attn",
        cross_write="encoder_attn.out_proj",
        post_norms=("self_attn_layer_norm", "encoder_attn_layer_norm", "final_layer_norm"),
    ),
    position_table="encoder.embed_positions",
)
_BART_PRE_NORMED: Final = replace(
    _BART,
    encoder=replace(_BART.stacks["encoder"], final_norm="encoder.layer_norm", post_norms=()),
    decoder=replace(_BART.stacks["decoder"], final_norm="decoder.layer_norm", post_norms=()),
)
_PEGASUS: Final = replace(_BART_PRE_NORMED, position="sinusoidal")


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
        "rope",
        decoder=replace(
            _FALCON,
            blocks="layers",
            attention="attention",
            attention_write="attention.dense",
            final_norm="final_layer_norm",
        ),
    ),
    "gpt2": Anatomy("learned", decoder=_GPT2, position_table="wpe"),
    "gpt_neo": Anatomy(
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
        "learned",
        decoder=StackParts(
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
    "falcon": Anatomy("rope", decoder=_FALCON),
    "bloom": Anatomy("alibi", decoder=_FALCON),
    "mpt": Anatomy(
        "alibi",
        decoder=StackParts(
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
        "learned",
        encoder=StackParts(
            blocks="transformer.layer",
            attention="attention",
            projections=("q_lin", "k_lin", "v_lin"),
            attention_write="attention.out_lin",
            mlp_write="ffn.lin2",
            mlp_down="ffn.lin2",
            final_norm=None,
            post_norms=("sa_layer_norm", "output_layer_norm"),
        ),
        position_table="embeddings.position_embeddings",
    ),
    "albert": Anatomy(
        "learned",
        # One block, read as often as the model has layers.
        encoder=replace(
            _BERT,
            blocks="encoder.albert_layer_groups.0.albert_layers",
            attention="attention",
            attention_write="attention.dense",
            mlp_write="ffn_output",
            mlp_down="ffn_output",
            post_norms=("attention.LayerNorm", "full_layer_layer_norm"),
        ),
        position_table="embeddings.position_embeddings",
    ),
    "t5": _T5,
    "mt5": _T5,
    "umt5": _T5,
    "bart": _BART,
    "blenderbot-small": _BART,
    "marian": replace(_BART, position="sinusoidal"),
    "mbart": _BART_PRE_NORMED,
    "blenderbot": _BART_PRE_NORMED,
    "pegasus": _PEGASUS,
    # It makes its waves anew where a text is longer than any before: no table can be shown.
    "m2m_100": replace(_PEGASUS, position_table=None),
}


def row_of(network: PreTrainedModel) -> Anatomy | None:
    """Return the table's row for `network`'s family, fitted to its configuration; None without."""
    config = network.config
    anatomy = FAMILIES.get(config.model_type)
    if anatomy is None or (config.model_type == "albert" and config.num_hidden_groups > 1):
        return None
    if getattr(config, "alibi", False):
        anatomy = replace(anatomy, position="alibi")
    if config.model_type == "opt" and not config.do_layer_norm_before:
        normed = replace(
            anatomy.stacks["decoder"],
            post_norms=("self_attn_layer_norm", "final_layer_norm"),
            final_norm=None,
        )
        anatomy = replace(anatomy, decoder=normed)
    return anatomy
