"""Small networks of the kinds that published configurations describe: the same code, less of it."""

import json
from dataclasses import dataclass
from typing import Any, Final

from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForSeq2SeqLM

from components.inspection.architecture.from_config import pasted_tree
from components.inspection.architecture.ledger_configs import CONFIGS
from components.inspection.building import building
from components.inspection.load import load_model
from components.inspection.model import Kind, Model, first_number
from components.inspection.wrapping import wrapped

FIRST: Final = "Transformer-base (2017)"
KINDS: Final[dict[str, dict[str, Any]]] = {
    # Vaswani et al. 2017, table 3, base; Marian's code builds that block.
    FIRST: {
        "model_type": "marian",
        "architectures": ["MarianMTModel"],
        "d_model": 512,
        "encoder_layers": 6,
        "decoder_layers": 6,
        "encoder_attention_heads": 8,
        "decoder_attention_heads": 8,
        "encoder_ffn_dim": 2_048,
        "decoder_ffn_dim": 2_048,
        "activation_function": "relu",
        "scale_embedding": True,
        "max_position_embeddings": 512,
        "vocab_size": 37_000,
        "pad_token_id": 0,
        "decoder_start_token_id": 0,
    },
    **CONFIGS,
    "GPT-J-6B": {
        "model_type": "gptj",
        "architectures": ["GPTJForCausalLM"],
        "n_embd": 4_096,
        "n_layer": 28,
        "n_head": 16,
        "n_positions": 2_048,
        "rotary_dim": 64,
        "vocab_size": 50_400,
    },
    "Gemma-2-2B": {
        "model_type": "gemma2",
        "architectures": ["Gemma2ForCausalLM"],
        "hidden_size": 2_304,
        "intermediate_size": 9_216,
        "num_hidden_layers": 26,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "head_dim": 256,
        "vocab_size": 256_000,
    },
    "T5-base": {
        "model_type": "t5",
        "architectures": ["T5ForConditionalGeneration"],
        "d_model": 768,
        "d_kv": 64,
        "d_ff": 3_072,
        "num_layers": 12,
        "num_decoder_layers": 12,
        "num_heads": 12,
        "vocab_size": 32_128,
        "decoder_start_token_id": 0,
    },
    "BLOOM-560M": {
        "model_type": "bloom",
        "architectures": ["BloomForCausalLM"],
        "hidden_size": 1_024,
        "n_layer": 24,
        "n_head": 16,
        "vocab_size": 250_880,
    },
}
"""By name: configurations, of which only the fields that shapes follow from."""
CLASSES: Final[dict[Kind, Any]] = {
    "causal": AutoModelForCausalLM,
    "seq2seq": AutoModelForSeq2SeqLM,
    "headless": AutoModel,
}
LAYERS: Final = 2
HEADS: Final = 8
"""At most, in a small network."""
HEAD_SIZE: Final = 16
EXPERTS: Final = 4
CONTEXT: Final = 64
_LAYERS: Final = (
    "num_hidden_layers",
    "n_layer",
    "num_layers",
    "num_decoder_layers",
    "encoder_layers",
    "decoder_layers",
)
_WIDTHS: Final = ("hidden_size", "n_embd", "d_model", "word_embed_proj_dim")
_HEADS: Final = (
    "num_attention_heads",
    "n_head",
    "num_heads",
    "encoder_attention_heads",
    "decoder_attention_heads",
)
_MLPS: Final = (
    "intermediate_size",
    "moe_intermediate_size",
    "d_ff",
    "ffn_dim",
    "encoder_ffn_dim",
    "decoder_ffn_dim",
)
_CONTEXTS: Final = ("max_position_embeddings", "n_positions")


@dataclass(frozen=True)
class PublishedSizes:
    """What a configuration states, and how many parameters follow."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    neurons: int
    parameters: int


def small_model(name: str) -> tuple[Model, PublishedSizes]:
    """Return a small network with random weights, and the sizes of the published one.

    It reads with the bundled tokenizer. What kind of network it is does not depend on its weights.

    Raises:
        InspectionError: transformers cannot build it.
    """
    stated = KINDS[name]
    full = AutoConfig.for_model(**stated)
    width, heads = first_number(full, "hidden_size"), first_number(full, "num_attention_heads")
    assert width and heads  # all of `KINDS` state them
    kv_heads = int(stated.get("num_key_value_heads", heads))
    sizes = PublishedSizes(
        layers=first_number(full, "num_hidden_layers") or 0,
        width=width,
        heads=heads,
        kv_heads=kv_heads,
        neurons=next((int(stated[one]) for one in _MLPS if one in stated), 4 * width),
        parameters=pasted_tree(json.dumps(stated), name=name).total,
    )
    reader = load_model("storyteller")
    kind = _kind(stated)
    small = AutoConfig.for_model(**_small(stated, sizes, len(reader.tokenizer)))
    with building():
        network = CLASSES[kind].from_config(small, attn_implementation="eager")
    said = f"a small {name}"
    return wrapped(network, reader.tokenizer, kind, said, context=CONTEXT), sizes


def _small(stated: dict[str, Any], sizes: PublishedSizes, vocabulary: int) -> dict[str, Any]:
    """Return a configuration of the same kind with fewer and smaller parts."""
    heads = min(sizes.heads, HEADS)
    width = heads * HEAD_SIZE
    small = {
        **dict.fromkeys(_LAYERS, LAYERS),
        **dict.fromkeys(_HEADS, heads),
        **dict.fromkeys(_WIDTHS, width),
        **dict.fromkeys(_MLPS, max(8, width * sizes.neurons // sizes.width)),
        **dict.fromkeys(_CONTEXTS, CONTEXT),
        "num_key_value_heads": max(1, heads * sizes.kv_heads // sizes.heads),
        "head_dim": HEAD_SIZE,
        "d_kv": HEAD_SIZE,
        "rotary_dim": HEAD_SIZE // 2,
        "num_local_experts": EXPERTS,
        "num_experts": EXPERTS,
        "num_experts_per_tok": 2,
        "vocab_size": vocabulary,
    }
    special = {"pad_token_id": 0, "bos_token_id": 0, "eos_token_id": 0}
    return stated | special | {name: one for name, one in small.items() if name in stated}


def _kind(stated: dict[str, Any]) -> Kind:
    name = stated["architectures"][0]
    if name.endswith(("ForCausalLM", "LMHeadModel")):
        return "causal"
    return "headless" if name.endswith("Model") and "MT" not in name else "seq2seq"
