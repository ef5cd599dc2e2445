"""Tiny networks that mark positions in ways that `tests.tiny` has no family for."""

from typing import Any

import transformers as hf
from transformers import PreTrainedModel

from components.inspection.model import Kind, Model
from components.inspection.wrapping import wrapped
from tests import tiny

_LLAMA: dict[str, Any] = tiny.FAMILIES["llama"][3]
_NO_HEAD_SIZE = {name: value for name, value in _LLAMA.items() if name != "head_dim"}


def smollm3() -> PreTrainedModel:
    """The middle one of three layers turns nothing."""
    config = hf.SmolLM3Config(**_NO_HEAD_SIZE | {"no_rope_layers": [1, 0, 1]})
    return tiny.built(hf.SmolLM3ForCausalLM, config)


def qwen3_next() -> PreTrainedModel:
    """A hybrid: of three blocks the middle one attends, and turns a part of each head."""
    config = hf.Qwen3NextConfig(
        **_LLAMA
        | {
            "layer_types": ["linear_attention", "full_attention", "linear_attention"],
            "partial_rotary_factor": 0.7,
            "linear_num_key_heads": 2,
            "linear_num_value_heads": 4,
            "linear_key_head_dim": 6,
            "linear_value_head_dim": 6,
            "num_experts": 4,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 16,
            "shared_expert_intermediate_size": 8,
        }
    )
    return tiny.built(hf.Qwen3NextForCausalLM, config)


def llama(**changes: object) -> PreTrainedModel:
    """A Llama with other settings than `tiny`'s."""
    return tiny.built(hf.LlamaForCausalLM, hf.LlamaConfig(**_LLAMA | changes))


def of(family: str, **changes: object) -> PreTrainedModel:
    """A family of Llama's measures, by the name of its classes ("Cohere")."""
    config = getattr(hf, f"{family}Config")(**_LLAMA | changes)
    return tiny.built(getattr(hf, f"{family}ForCausalLM"), config)


def llama4() -> PreTrainedModel:
    """Complex angles, of neighbours."""
    config = hf.Llama4TextConfig(
        **_LLAMA,
        num_local_experts=2,
        intermediate_size_mlp=40,
        no_rope_layers=[1, 1, 1],
        interleave_moe_layer_step=1,
        attention_chunk_size=64,
    )
    return tiny.built(hf.Llama4ForCausalLM, config)


def deepseek_v2() -> PreTrainedModel:
    """Complex angles, and the turned numbers stand last in a head."""
    return _latent("DeepseekV2")


def deepseek_v3() -> PreTrainedModel:
    """Neighbours are brought apart before they are turned; the turned numbers stand last."""
    return _latent("DeepseekV3")


def _latent(family: str) -> PreTrainedModel:
    config = getattr(hf, f"{family}Config")(
        **_NO_HEAD_SIZE
        | {
            "num_key_value_heads": 4,
            "q_lora_rank": 12,
            "kv_lora_rank": 8,
            "qk_rope_head_dim": 6,
            "qk_nope_head_dim": 4,
            "v_head_dim": 5,
            "n_routed_experts": 4,
            "n_group": 1,
            "topk_group": 1,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 16,
            "first_k_dense_replace": 1,
        }
    )
    return tiny.built(getattr(hf, f"{family}ForCausalLM"), config)


def model(network: PreTrainedModel, kind: Kind = "causal", dtype: str = "float32") -> Model:
    """Wrap a network as Vitrine does, after `tiny`'s fashion."""
    import torch

    return wrapped(
        network.to(getattr(torch, dtype)),
        tiny.tokenizer(),
        kind,
        f"tiny-{network.config.model_type}",
        context=64,
    )
