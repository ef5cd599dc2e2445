"""What is borrowed of transformers, beside the names of the parts of its networks: those are rows
of `components/inspection/families.py`, which has tests of its own."""

import inspect
import tempfile
from unittest import mock

import torch
from torch import nn
from transformers import (
    AttentionInterface,
    AutoModelForCausalLM,
    DynamicCache,
    EncoderDecoderCache,
    LlamaConfig,
    LlamaForCausalLM,
    modeling_utils,
)
from transformers.activations import ACT2FN
from transformers.cache_utils import DynamicSlidingWindowLayer
from transformers.models.auto import modeling_auto
from transformers.models.llama import modeling_llama
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb
from transformers.pytorch_utils import Conv1D

from components.inspection import tap
from tests import tiny
from tests.borrowed import borrowed

IDS = torch.arange(5, 13)[None]


def passed(network, **given):
    with torch.no_grad():
        return network(IDS, **given)


@borrowed(
    "transformers",
    "_can_set_attn_implementation",
    by=("inspection/forward_pass.py", "inspection/positions/unrotated.py"),
)
def a_family_says_whether_it_asks_which_function_attends():
    """Attention is caught at that question where it is asked, else by watching the whole pass."""
    assert type(tiny.model("llama").network)._can_set_attn_implementation() is True
    assert type(tiny.model("falcon").network)._can_set_attn_implementation() is False


@borrowed("transformers", "AttentionInterface.get_interface", by=("inspection/tap.py",))
def all_families_ask_one_place_which_function_attends():
    """What is recorded is the family's own function, watched: so the answer is wrapped, for whom
    records. Each attention module must ask at each pass, and call the answer with itself,
    queries, keys and values."""
    assert list(inspect.signature(tap._own_answer).parameters)[1:] == [
        "attn_implementation",
        "default",
    ]
    seen = []

    def attend(module, query, key, value, *args, **kwargs):
        seen.append((module, query.shape, key.shape, value.shape, kwargs["scaling"]))
        return modeling_llama.eager_attention_forward(module, query, key, value, *args, **kwargs)

    model = tiny.model("llama")
    with mock.patch.object(AttentionInterface, "get_interface", lambda *_: attend):
        passed(model.network)
    assert [type(one[0]) for one in seen] == [modeling_llama.LlamaAttention] * 3
    assert seen[0][1:4] == ((1, 4, 8, 6), (1, 2, 8, 6), (1, 2, 8, 6))
    assert seen[0][4] == 6**-0.5
    default = object()
    assert tap._own_answer(AttentionInterface(), "eager", default) is default


@borrowed("transformers", "local_torch_dtype", by=("inspection/building.py",))
def one_function_sets_the_number_format_while_a_network_is_built():
    """It sets it for the whole process, other readers' passes included; ours, in its place, for
    the thread that builds."""
    own = modeling_utils.local_torch_dtype
    network = tiny.model("llama").network
    with mock.patch.object(modeling_utils, "local_torch_dtype", side_effect=own) as asked:
        AutoModelForCausalLM.from_config(network.config, dtype=torch.bfloat16)
        assert [call.args[0] for call in asked.call_args_list] == [torch.bfloat16]
        assert all(len(call.args) <= 2 and not call.kwargs for call in asked.call_args_list)
        with tempfile.TemporaryDirectory() as folder:
            network.save_pretrained(folder)
            LlamaForCausalLM.from_pretrained(folder, dtype=torch.float16)
        assert torch.float16 in [call.args[0] for call in asked.call_args_list]


@borrowed("transformers", "_attn_implementation", by=("inspection/kv_cache/shadow.py",))
def a_configuration_says_which_attention_is_built():
    """Networks of shapes are built from a configuration alone, with the family's own attention:
    `from_config` takes that as an argument, the class itself does not."""
    config = LlamaConfig(**tiny.FAMILIES["llama"][3])
    assert LlamaForCausalLM(config).config._attn_implementation != "eager", "say so no longer"
    config = LlamaConfig(**tiny.FAMILIES["llama"][3])
    config._attn_implementation = "eager"
    assert LlamaForCausalLM(config).config._attn_implementation == "eager"


@borrowed(
    "transformers",
    "vars(layer)",
    ".layers",
    "self_attention_cache",
    "cross_attention_cache",
    by=("inspection/kv_cache/held.py", "inspection/kv_cache/offers.py"),
)
def a_cache_keeps_its_tensors_in_its_layers():
    """What is in a cache is counted, whatever the family keeps: there is no public list of it."""
    cache = DynamicCache(config=tiny.model("llama").network.config)
    passed(tiny.model("llama").network, past_key_values=cache)
    assert len(cache.layers) == 3
    found = vars(cache.layers[0])
    assert found["keys"].shape == found["values"].shape == (1, 2, 8, 6)
    both = EncoderDecoderCache(cache, DynamicCache())
    assert both.self_attention_cache is cache
    assert both.cross_attention_cache.layers == []
    assert not hasattr(cache, "cross_attention_cache")


@borrowed(
    "transformers",
    "transformers.cache_utils",
    "DynamicSlidingWindowLayer",
    by=("inspection/kv_cache/offers.py",),
)
@borrowed("transformers", "sliding_window", by=("inspection/kv_cache/counting.py",))
def a_caches_layers_can_be_replaced_by_sliding_ones():
    """A window is shown on models that have none; and how far a text must be read to see a
    layer's law is told by its window."""
    cache = DynamicCache(config=tiny.model("llama").network.config)
    cache.layers = [DynamicSlidingWindowLayer(sliding_window=4) for _ in cache.layers]
    assert cache.layers[0].sliding_window == 4
    passed(tiny.model("llama").network, past_key_values=cache)
    assert cache.layers[0].keys.shape[2] == 3, "the newest 4 tokens, but for the one to come"


@borrowed(
    "transformers",
    "transformers.models.llama.modeling_llama",
    "LlamaRotaryEmbedding",
    "inv_freq",
    "attention_scaling",
    by=("inspection/positions/context_extension.py", "pages/inside/positions/code.py"),
)
def angles_are_stretched_by_llamas_own_module():
    """The ways to stretch a context are transformers' own formulas, applied to a model's measured
    frequencies, without that model."""
    config = LlamaConfig(
        head_dim=8,
        max_position_embeddings=64,
        rope_parameters={"rope_type": "linear", "rope_theta": 10_000.0, "factor": 2.0},
    )
    rotary = LlamaRotaryEmbedding(config)
    expected = 10_000.0 ** (-torch.arange(4) / 4) / 2
    torch.testing.assert_close(rotary.inv_freq, expected)
    assert rotary.attention_scaling == 1
    cos, _ = rotary(torch.zeros(1), torch.tensor([[3]]))
    torch.testing.assert_close(cos[0, 0], torch.cos(3 * expected).repeat(2))


@borrowed(
    "transformers",
    "transformers.models.llama.modeling_llama",
    "apply_rotary_pos_emb",
    "rotary_emb",
    "self_attn",
    by=("inspection/positions/panels.py", "pages/inside/positions/code.py"),
)
def queries_and_keys_are_turned_by_llamas_own_function():
    """The lines shown beside a view are plain transformers, and are tried on each model first."""
    network = tiny.model("llama").network
    rotary = network.get_submodule("model.rotary_emb")
    assert set(inspect.signature(rotary.forward).parameters) == {"x", "position_ids"}
    assert isinstance(network.get_submodule("model.layers.0.self_attn").q_proj, nn.Linear)
    q = torch.ones(1, 4, 8, 6)
    cos, sin = rotary(q, torch.arange(8)[None])
    turned, _ = apply_rotary_pos_emb(q, q[:, :2], cos, sin)
    torch.testing.assert_close(turned[0, 0, :, 0], cos[0, :, 0] - sin[0, :, 0])


@borrowed(
    "transformers",
    "transformers.models.auto.modeling_auto",
    "MODEL_FOR_CAUSAL_LM_MAPPING_NAMES",
    "MODEL_FOR_MASKED_LM_MAPPING_NAMES",
    "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES",
    "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES",
    "MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES",
    "MODEL_MAPPING_NAMES",
    by=("inspection/architecture/from_config.py", "inspection/weights.py"),
)
def which_class_each_family_has():
    """What a model does is told before it is loaded, from its configuration alone."""
    assert modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES["llama"] == "LlamaForCausalLM"
    assert modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES["bert"] == "BertForMaskedLM"
    both = modeling_auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES
    assert both["t5"] == "T5ForConditionalGeneration"
    judges = modeling_auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES
    assert judges["bert"] == "BertForSequenceClassification"
    assert modeling_auto.MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES["t5"] == "T5EncoderModel"
    assert modeling_auto.MODEL_MAPPING_NAMES["llama"] == "LlamaModel"


@borrowed(
    "transformers",
    "transformers.pytorch_utils",
    "Conv1D",
    by=(
        "inspection/architecture/conv1d.py",
        "inspection/architecture/work.py",
        "inspection/attention/projection.py",
        "inspection/machine/matching.py",
        "inspection/stacks.py",
    ),
)
def gpt2s_matrices_lie_the_other_way():
    """What each head writes is cut out of the output projection, by rows of inputs."""
    layer = Conv1D(4, 3)  # 3 in, 4 out
    assert layer.weight.shape == (3, 4)
    read = torch.randn(2, 3)
    torch.testing.assert_close(layer(read), read @ layer.weight + layer.bias)


@borrowed(
    "transformers",
    "transformers.activations",
    "ACT2FN",
    by=("inspection/machine/mlp_parts.py",),
)
def activations_go_by_the_names_of_configurations():
    """Which of them an MLP computes with is found by trying those that its family may name."""
    given = torch.linspace(-3, 3, 7)
    torch.testing.assert_close(ACT2FN["silu"](given), given * given.sigmoid())
    torch.testing.assert_close(ACT2FN["relu"](given), given.clamp(min=0))


@borrowed("transformers", "missing_keys", by=("inspection/load.py",))
def loading_says_which_weights_were_missing():
    """They would be random, and nothing shown may be invented."""
    network = tiny.model("llama").network
    with tempfile.TemporaryDirectory() as folder:
        network.model.save_pretrained(folder)
        _, info = LlamaForCausalLM.from_pretrained(folder, output_loading_info=True)
    assert set(info["missing_keys"]) == {"lm_head.weight"}


@borrowed(
    "transformers",
    '"attention" in type(child).__name__.lower()',
    by=("inspection/kv_cache/blocks.py",),
)
def attention_is_called_so_in_every_family():
    """In families without a row in the table, matrices of attention are told by their class."""
    for family in ("llama", "gpt2", "falcon", "bert", "t5", "opt", "mpt"):
        network = tiny.model(family).network
        parts = [type(module).__name__ for module in network.modules()]
        assert any("attention" in name.lower() for name in parts), family
