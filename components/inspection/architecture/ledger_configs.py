"""Configurations of known models, as published: only the fields that shapes follow from.

Where two configurations of one family differ from transformers' own defaults, the difference is
written out; the parameters that follow are those that the models' makers state.
"""

from typing import Any, Final


def _llama(
    width: int, inner: int, layers: int, heads: tuple[int, int], vocabulary: int, **more: Any
) -> dict[str, Any]:
    """Make a configuration of Llama's family: width, MLP width, layers, (heads, kv heads)."""
    return {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": heads[0],
        "num_key_value_heads": heads[1],
        "vocab_size": vocabulary,
        "tie_word_embeddings": False,
    } | more


CONFIGS: Final[dict[str, dict[str, Any]]] = {
    "BERT-base": {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "hidden_size": 768,
        "intermediate_size": 3_072,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "vocab_size": 30_522,
        "max_position_embeddings": 512,
    },
    "GPT-2": {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "n_embd": 768,
        "n_layer": 12,
        "n_head": 12,
        "n_positions": 1_024,
        "vocab_size": 50_257,
    },
    "BART-large": {
        "model_type": "bart",
        "architectures": ["BartForConditionalGeneration"],
        "d_model": 1_024,
        "encoder_layers": 12,
        "decoder_layers": 12,
        "encoder_attention_heads": 16,
        "decoder_attention_heads": 16,
        "encoder_ffn_dim": 4_096,
        "decoder_ffn_dim": 4_096,
        "max_position_embeddings": 1_024,
        "vocab_size": 50_265,
    },
    "OPT-1.3B": {
        "model_type": "opt",
        "architectures": ["OPTForCausalLM"],
        "hidden_size": 2_048,
        "ffn_dim": 8_192,
        "num_hidden_layers": 24,
        "num_attention_heads": 32,
        "max_position_embeddings": 2_048,
        "word_embed_proj_dim": 2_048,
        "vocab_size": 50_272,
    },
    "TinyLlama-1.1B": _llama(2_048, 5_632, 22, (32, 4), 32_000),
    "Phi-3-mini": _llama(3_072, 8_192, 32, (32, 32), 32_064)
    | {"model_type": "phi3", "architectures": ["Phi3ForCausalLM"]},
    "Mistral-7B v0.1": _llama(4_096, 14_336, 32, (32, 8), 32_000)
    | {"model_type": "mistral", "architectures": ["MistralForCausalLM"]},
    "Llama-3-8B": _llama(4_096, 14_336, 32, (32, 8), 128_256),
    "Mixtral-8x7B": _llama(4_096, 14_336, 32, (32, 8), 32_000)
    | {
        "model_type": "mixtral",
        "architectures": ["MixtralForCausalLM"],
        "num_local_experts": 8,
        "num_experts_per_tok": 2,
    },
    "Qwen3-30B-A3B": _llama(2_048, 6_144, 48, (32, 4), 151_936, head_dim=128)
    | {
        "model_type": "qwen3_moe",
        "architectures": ["Qwen3MoeForCausalLM"],
        "moe_intermediate_size": 768,
        "num_experts": 128,
        "num_experts_per_tok": 8,
    },
    "Llama-3-70B": _llama(8_192, 28_672, 80, (64, 8), 128_256),
    "Llama-3.1-405B": _llama(16_384, 53_248, 126, (128, 8), 128_256),
}
