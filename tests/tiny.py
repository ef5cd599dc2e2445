"""Small random models of many families, built in memory: no network, no files.

Sizes differ from one another, so that swapped axes cannot pass.
"""

from functools import cache
from typing import Any

import torch
import transformers as hf
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from components.inspection.model import Kind, Model
from components.inspection.wrapping import wrapped

SPECIAL = ["<pad>", "<s>", "</s>", "<unk>", "<mask>"]
VOCABULARY = len(SPECIAL) + 256
_BASE: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
_LLAMA: dict[str, Any] = _BASE | {
    "hidden_size": 24,
    "intermediate_size": 40,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 6,
    "max_position_embeddings": 64,
}
_MOE = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16}
_GEMMA = {"layer_types": ["sliding_attention", "full_attention", "sliding_attention"]}
_BERT: dict[str, Any] = _BASE | {
    "hidden_size": 24,
    "intermediate_size": 40,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 66,
}

FAMILIES: dict[str, tuple[str, str, Kind, dict[str, Any]]] = {
    "gpt2": (
        "GPT2Config",
        "GPT2LMHeadModel",
        "causal",
        _BASE | {"n_embd": 24, "n_layer": 3, "n_head": 4, "n_positions": 64},
    ),
    "llama": ("LlamaConfig", "LlamaForCausalLM", "causal", _LLAMA),
    "mistral": ("MistralConfig", "MistralForCausalLM", "causal", _LLAMA | {"sliding_window": 5}),
    "qwen2": ("Qwen2Config", "Qwen2ForCausalLM", "causal", _LLAMA),
    "qwen3": ("Qwen3Config", "Qwen3ForCausalLM", "causal", _LLAMA),
    "gemma2": (
        "Gemma2Config",
        "Gemma2ForCausalLM",
        "causal",
        _LLAMA
        | _GEMMA
        | {
            "sliding_window": 5,
            "attn_logit_softcapping": 2.0,
            "final_logit_softcapping": 3.0,
            "query_pre_attn_scalar": 6,
        },
    ),
    "gemma3": (
        "Gemma3TextConfig",
        "Gemma3ForCausalLM",
        "causal",
        _LLAMA | _GEMMA | {"sliding_window": 5, "query_pre_attn_scalar": 6},
    ),
    "phi3": ("Phi3Config", "Phi3ForCausalLM", "causal", _LLAMA),
    "phi": (
        "PhiConfig",
        "PhiForCausalLM",
        "causal",
        _BERT | {"hidden_size": 32, "partial_rotary_factor": 0.5},
    ),
    "gpt_neox": (
        "GPTNeoXConfig",
        "GPTNeoXForCausalLM",
        "causal",
        _BERT | {"hidden_size": 32, "rotary_pct": 0.25},
    ),
    "gpt_neox_serial": (
        "GPTNeoXConfig",
        "GPTNeoXForCausalLM",
        "causal",
        _BERT | {"hidden_size": 32, "rotary_pct": 0.5, "use_parallel_residual": False},
    ),
    "gptj": (
        "GPTJConfig",
        "GPTJForCausalLM",
        "causal",
        _BASE | {"n_embd": 24, "n_layer": 3, "n_head": 4, "n_positions": 64, "rotary_dim": 4},
    ),
    "gpt_neo": (
        "GPTNeoConfig",
        "GPTNeoForCausalLM",
        "causal",
        _BASE
        | {
            "hidden_size": 24,
            "num_layers": 2,
            "num_heads": 4,
            "window_size": 5,
            "attention_types": [[["global", "local"], 1]],
            "max_position_embeddings": 64,
        },
    ),
    "olmo2": ("Olmo2Config", "Olmo2ForCausalLM", "causal", _LLAMA),
    "opt": (
        "OPTConfig",
        "OPTForCausalLM",
        "causal",
        _BASE
        | {
            "hidden_size": 24,
            "ffn_dim": 40,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "max_position_embeddings": 64,
            "word_embed_proj_dim": 24,
        },
    ),
    "falcon": (
        "FalconConfig",
        "FalconForCausalLM",
        "causal",
        _BASE
        | {
            "hidden_size": 24,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "multi_query": True,
            "alibi": False,
            "new_decoder_architecture": False,
            "parallel_attn": True,
        },
    ),
    "falcon_alibi": (
        "FalconConfig",
        "FalconForCausalLM",
        "causal",
        _BASE
        | {
            "hidden_size": 24,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "multi_query": True,
            "alibi": True,
            "new_decoder_architecture": False,
            "parallel_attn": False,
        },
    ),
    "bloom": (
        "BloomConfig",
        "BloomForCausalLM",
        "causal",
        _BASE | {"hidden_size": 24, "n_layer": 3, "n_head": 4},
    ),
    "mpt": (
        "MptConfig",
        "MptForCausalLM",
        "causal",
        _BASE | {"d_model": 24, "n_layers": 3, "n_heads": 4, "max_seq_len": 64},
    ),
    "mixtral": (
        "MixtralConfig",
        "MixtralForCausalLM",
        "causal",
        _LLAMA | {"num_local_experts": 4, "num_experts_per_tok": 2},
    ),
    "qwen3_moe": ("Qwen3MoeConfig", "Qwen3MoeForCausalLM", "causal", _LLAMA | _MOE),
    "bert": ("BertConfig", "BertForMaskedLM", "masked", _BERT),
    "distilbert": (
        "DistilBertConfig",
        "DistilBertForMaskedLM",
        "masked",
        _BASE
        | {"dim": 24, "hidden_dim": 40, "n_layers": 3, "n_heads": 4, "max_position_embeddings": 64},
    ),
    "roberta": ("RobertaConfig", "RobertaForMaskedLM", "masked", _BERT),
    "bert_classifier": (
        "BertConfig",
        "BertForSequenceClassification",
        "classifier",
        _BERT | {"num_labels": 3},
    ),
    "t5": (
        "T5Config",
        "T5ForConditionalGeneration",
        "seq2seq",
        _BASE
        | {
            "d_model": 24,
            "d_kv": 6,
            "d_ff": 40,
            "num_layers": 3,
            "num_decoder_layers": 2,
            "num_heads": 4,
            "decoder_start_token_id": 0,
        },
    ),
    "bart": (
        "BartConfig",
        "BartForConditionalGeneration",
        "seq2seq",
        _BASE
        | {
            "d_model": 24,
            "encoder_layers": 3,
            "decoder_layers": 2,
            "encoder_attention_heads": 4,
            "decoder_attention_heads": 4,
            "encoder_ffn_dim": 40,
            "decoder_ffn_dim": 36,
            "max_position_embeddings": 64,
            "decoder_start_token_id": 2,
        },
    ),
}


SAID = "the keys near the castle are old, and the dog that chased the squirrel was tired. " * 3


def tokenizer(words: bool = False) -> PreTrainedTokenizerFast:
    """Make a byte-level tokenizer: five special tokens, then one token per byte.

    With `words`, one of the same size whose tokens are mostly words with their leading space, and
    which knows only ASCII.
    """
    if words:
        backend = Tokenizer(models.BPE(unk_token="<unk>"))
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        ascii_only = [c for c in pre_tokenizers.ByteLevel.alphabet() if ord(c) < 128 or c in "ĠĊ"]
        trainer = trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            special_tokens=SPECIAL,
            initial_alphabet=ascii_only,
            show_progress=False,
        )
        backend.train_from_iterator([SAID], trainer)
    else:
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        vocabulary = {token: place for place, token in enumerate([*SPECIAL, *alphabet])}
        backend = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        mask_token="<mask>",
    )


def network(family: str, dtype: str = "float32") -> PreTrainedModel:
    """Build the family's network with random weights (seed 0), attending as its own code does."""
    config_name, class_name, _, arguments = FAMILIES[family]
    return built(getattr(hf, class_name), getattr(hf, config_name)(**arguments), dtype)


def built(concrete: Any, config: Any, dtype: str = "float32") -> PreTrainedModel:
    """Build a network with random weights, so large that heads differ and mistakes show."""
    config._attn_implementation = "eager"
    torch.manual_seed(0)
    network = concrete(config)
    generator = torch.Generator().manual_seed(1)
    for weight in network.parameters():
        torch.nn.init.normal_(weight, std=0.3, generator=generator)
    return network.to(getattr(torch, dtype)).eval().requires_grad_(False)


SHARED: list[Model] = []
"""What `model` has returned so far in this process."""


@cache
def model(family: str, dtype: str = "float32", words: bool = False) -> Model:
    """Wrap a network of `family` as Vitrine does, the same one for all tests of a process.

    A test that changes it, or asks it for `output_hidden_states` (for which transformers leaves
    hooks on it), takes a `network` of its own.
    """
    made = wrapped(
        network(family, dtype),
        tokenizer(words),
        FAMILIES[family][2],
        f"tiny-{family}",
        context=64 if family in ("falcon", "bloom") else None,
    )
    SHARED.append(made)
    return made
