"""The bytes of a cache: counted on shapes without numbers, made a law of, held against caches."""

import json
from dataclasses import replace
from functools import cache

import pytest
import torch
import transformers as hf
from transformers import DynamicCache, EncoderDecoderCache, MistralForCausalLM

from components.inspection.building import on_meta
from components.inspection.errors import InspectionError
from components.inspection.kv_cache import counting, dimensions, law, shadow
from components.inspection.kv_cache.contents import contents
from components.inspection.kv_cache.described import described_shape
from components.inspection.kv_cache.dimensions import law_checks, shape_of, shape_of_network
from components.inspection.kv_cache.law import Count, LayerLaw, derived, usual_law
from components.inspection.kv_cache.shapes import Shape, sharing, unusual
from components.inspection.model import Model
from components.inspection.wrapping import wrapped
from tests import tiny

WRITERS = [name for name, row in tiny.FAMILIES.items() if row[2] in ("causal", "seq2seq")]
DTYPES = ["float32", "bfloat16", "float16"]
HYBRID = {
    "vocab_size": tiny.VOCABULARY,
    "hidden_size": 24,
    "intermediate_size": 40,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 6,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 6,
    "linear_value_head_dim": 6,
    "moe_intermediate_size": 16,
    "shared_expert_intermediate_size": 8,
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "max_position_embeddings": 64,
    "layer_types": ["linear_attention", "full_attention", "linear_attention"],
}
LATENT = {
    "vocab_size": tiny.VOCABULARY,
    "hidden_size": 24,
    "intermediate_size": 40,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "q_lora_rank": 12,
    "kv_lora_rank": 8,
    "qk_rope_head_dim": 4,
    "qk_nope_head_dim": 6,
    "v_head_dim": 6,
    "n_routed_experts": 4,
    "n_group": 1,
    "topk_group": 1,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 16,
    "first_k_dense_replace": 1,
    "max_position_embeddings": 64,
}
FALCON_40B = {
    "hidden_size": 8192,
    "num_hidden_layers": 60,
    "num_attention_heads": 128,
    "num_kv_heads": 8,
    "new_decoder_architecture": True,
    "vocab_size": 65024,
}
DEEPSEEK_V2_LITE = {
    "num_hidden_layers": 27,
    "hidden_size": 2048,
    "num_attention_heads": 16,
    "num_key_value_heads": 16,
    "q_lora_rank": None,
    "kv_lora_rank": 512,
    "qk_rope_head_dim": 64,
    "qk_nope_head_dim": 128,
    "v_head_dim": 128,
    "n_routed_experts": 64,
    "n_shared_experts": 2,
    "num_experts_per_tok": 6,
    "moe_intermediate_size": 1408,
    "intermediate_size": 10944,
    "first_k_dense_replace": 1,
    "vocab_size": 102400,
}


def of(config_name: str, class_name: str, arguments: dict, dtype: str = "float32") -> Model:
    """A tiny random model of a family that has no row in the table."""
    network = tiny.built(getattr(hf, class_name), getattr(hf, config_name)(**arguments), dtype)
    return wrapped(network, tiny.tokenizer(), "causal", f"tiny-{class_name}", context=64)


@cache
def hybrid(dtype: str = "float32") -> Model:
    return of("Qwen3NextConfig", "Qwen3NextForCausalLM", HYBRID, dtype)


@cache
def latent(dtype: str = "float32") -> Model:
    return of("DeepseekV2Config", "DeepseekV2ForCausalLM", LATENT, dtype)


@cache
def repeating() -> Model:
    """Falcon's newer architecture, whose code keeps its 2 key-value heads for each of 4 queries."""
    arguments = tiny.FAMILIES["falcon"][3] | {"new_decoder_architecture": True, "num_kv_heads": 2}
    return of("FalconConfig", "FalconForCausalLM", arguments)


def bytes_in_plain_transformers(model: Model, length: int) -> int:
    """What the cache of a text of ordinary tokens holds, without any of our code."""
    network, ids = model.network, torch.arange(5, 5 + length)[None] % 200 + 5
    own = DynamicCache(config=network.config)
    with torch.no_grad():
        if network.config.is_encoder_decoder:
            both = EncoderDecoderCache(own, DynamicCache(config=network.config))
            network(input_ids=ids, decoder_input_ids=ids, past_key_values=both, use_cache=True)
        else:
            network(input_ids=ids, past_key_values=own, use_cache=True)
    total = 0
    for layer in own.layers:
        named = dict(vars(layer))
        states = [named.pop(name, {}) for name in ("conv_states", "recurrent_states")]
        for value in [*named.values(), *(one for each in states for one in each.values())]:
            if isinstance(value, torch.Tensor) and value.numel() > 1:
                total += value.nbytes
    return total


@pytest.mark.parametrize(
    ("family", "dtype"),
    [(family, "float32") for family in WRITERS]
    + [(family, dtype) for family in ("gemma2", "bart") for dtype in DTYPES[1:]],
)
def test_the_law_is_what_plain_transformers_keeps_at_any_length(family, dtype):
    model = tiny.model(family, dtype)
    shape = shape_of(model)
    for length in (1, 3, 4, 5, 6, 17, 40):
        expected = bytes_in_plain_transformers(model, length)
        assert shape.cache_bytes(length, model.dtype.itemsize) == expected
    assert [check.verdict for check in shape.checks] == ["holds"]
    assert shape.usual and not unusual(shape)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("make", [hybrid, latent], ids=["hybrid", "latent"])
def test_where_the_usual_formula_does_not_hold_the_law_does(make, dtype):
    model = make(dtype)
    shape = shape_of(model)
    for length in (1, 3, 17, 40):
        expected = bytes_in_plain_transformers(model, length)
        assert shape.cache_bytes(length, model.dtype.itemsize) == expected
    assert not shape.usual
    assert [check.verdict for check in shape.checks] == ["holds"]


def test_a_hybrid_keeps_states_however_long_the_text():
    shape = shape_of(hybrid())
    assert [law.row for law in shape.cache] == [0, 2 * 2 * 6, 0]
    assert "2 of 3 layers keep no keys and values" in unusual(shape)
    # 48 channels of a convolution over 4 tokens, in the model's format; 4 heads' recurrent states
    # of 6 x 6 in float32, whatever that is.
    assert (shape.cache[0].state, shape.cache[0].state_bytes) == (48 * 4, 4 * 6 * 6 * 4)
    assert shape.state_bytes(1) == shape.state_bytes(2), "a cache in 8 bit rounds no states"
    with pytest.raises(InspectionError, match="keep no keys and values"):
        shape.shared_by(1)


def test_latent_attention_keeps_a_compressed_row():
    shape = shape_of(latent())
    assert {law.row for law in shape.cache} == {8 + 4}
    assert "as key has 1 x 8 numbers, as value 1 x 4" in unusual(shape)


def test_heads_that_are_repeated_before_they_are_kept():
    shape = shape_of(repeating())
    assert (shape.kv_heads, shape.own_kv_heads, shape.heads) == (4, 2, 4)
    assert shape.usual and sharing(shape) == "multi-head (MHA)"
    other = shape.shared_by(2)
    assert other.token_bytes(2) == shape.token_bytes(2) / 2
    assert other.parameters == shape.parameters, "its matrices are grouped already"


def test_a_window_beside_states_is_looked_for_beyond_its_edge(monkeypatch):
    """Networks with states are counted on shorter texts; a window must not be longer than those."""
    monkeypatch.setattr(counting, "FAR_WITH_STATES", 4)
    arguments = {
        "vocab_size": tiny.VOCABULARY,
        "hidden_size": 24,
        "intermediate_size": 40,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 6,
        "max_position_embeddings": 64,
        "sliding_window": 5,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "layer_types": ["conv", "full_attention", "sliding_attention"],
    }
    model = of("Lfm3Config", "Lfm3ForCausalLM", arguments)
    shape = shape_of(model)
    assert not shape.lawless and shape.windows == (None, None, 5)
    assert shape.cache[0].state > 0
    assert shape.cache_bytes(40, 4) == bytes_in_plain_transformers(model, 40)


GOLDEN = [
    ("DeepseekV3Config", "DeepseekV3ForCausalLM", {}, 42_163_200),
    ("DeepseekV2Config", "DeepseekV2ForCausalLM", DEEPSEEK_V2_LITE, 18_662_400),
    ("FalconConfig", "FalconForCausalLM", FALCON_40B, 1_179_648_000),
    # 12 of 48 layers with keys and values, 14,745,600 bytes, and the states of 36.
    ("Qwen3NextConfig", "Qwen3NextForCausalLM", {}, 14_745_600 + 36 * (8192 * 4 * 2 + 32 * 2**16)),
]


@pytest.mark.parametrize(("config", "name", "arguments", "expected"), GOLDEN)
def test_known_models_after_600_tokens_in_bfloat16(config, name, arguments, expected):
    network = on_meta(getattr(hf, name), getattr(hf, config)(**arguments))
    counts = shadow.counted(shadow.filled_cache(shadow.shadow_of(network), 600, 1), torch.bfloat16)
    assert sum(2 * one.numbers + one.other_bytes for one in counts) == expected


def test_a_configuration_alone_gives_the_law_of_latent_attention(tmp_path):
    told = []
    hf.DeepseekV3Config(num_hidden_layers=4).save_pretrained(tmp_path)
    shape = described_shape(str(tmp_path), progress=lambda _, said: told.append(said))
    assert shape.cache_bytes(600, 2) == 4 * 600 * (512 + 64) * 2
    assert shape.parameters > 15e9
    assert any("without numbers" in said for said in told)
    # Queries and keys by way of 1,536 and 512 numbers: no four matrices of width x width.
    matrices = 7168 * 1536 + 1536 * 128 * 192 + 7168 * 576 + 512 * 128 * 256 + 128 * 128 * 7168
    assert shape.attention_weights == (matrices,) * 4
    assert shape.mlp_weights[0] == 3 * 7168 * 18432
    assert shape.mlp_weights[3] == 256 * 7168 + 3 * 7168 * 2048 * (1 + 8)


def test_counting_leaves_the_processes_default_dtype_alone(tmp_path, monkeypatch):
    seen = []
    own = shadow.on_meta
    monkeypatch.setattr(
        shadow, "on_meta", lambda *a: (seen.append(torch.get_default_dtype()), own(*a))[1]
    )
    config = hf.LlamaConfig(**tiny.FAMILIES["llama"][3], dtype="bfloat16")
    config.save_pretrained(tmp_path)
    monkeypatch.setattr(torch, "set_default_dtype", lambda _: pytest.fail("changed for all"))
    described_shape(str(tmp_path))
    assert seen == [torch.float32]


def counter(*lines):
    """A counter of layers that keep (row, most, state, other bytes)."""

    def count(length, batch):
        return [
            Count(batch * (row * min(length, most or length) + state), batch * other, 1, row, 0)
            for row, most, state, other in lines
        ]

    return count


def test_rows_windows_and_states_are_told_apart():
    laws = derived(counter((48, None, 0, 0), (24, 4, 0, 0), (0, None, 100, 64), (12, 9, 7, 0)), 63)
    assert [(law.row, law.most, law.state, law.state_bytes) for law in laws] == [
        (48, None, 0, 0),
        (24, 4, 0, 0),
        (0, None, 100, 64),
        (12, 9, 7, 0),
    ]


@pytest.mark.parametrize(
    "numbers",
    [
        lambda n: n * n,
        lambda n: n // 4,
        lambda n: 100 - n,
        lambda n: 10 * n + (n == 7),
        lambda n: min(10 * n, 35),
        lambda n: 10 * n if n < 64 else 0,
    ],
)
def test_what_follows_no_law_is_given_none(numbers):
    assert derived(lambda length, batch: [Count(batch * numbers(length), 0)], 63) is None


def test_a_batch_that_does_not_take_twice_the_room_is_noticed():
    assert derived(lambda length, batch: [Count(10 * length + batch, 0)], 63) is None


def test_bytes_of_a_law_by_hand():
    row = LayerLaw(row=10, most=4, state=3, state_bytes=100)
    assert row.bytes(3, 2) == 3 * 10 * 2 + 3 * 2 + 100
    assert row.bytes(9, 2, batch=2) == 2 * (4 * 10 * 2 + 3 * 2 + 100)
    assert row.bytes(9, 1) == 4 * 10 + 3 * 2 + 100
    assert usual_law(2, 6).bytes(5, 4) == 2 * 2 * 6 * 5 * 4
    assert usual_law(2, 6, window=5).rows(100) == 4


def test_a_network_that_does_not_run_without_numbers_is_counted_itself(monkeypatch, caplog):
    own = MistralForCausalLM.forward

    def forward(self, *args, **kwargs):
        if self.device.type == "meta":
            raise NotImplementedError("Cannot copy out of meta tensor; no data!")
        return own(self, *args, **kwargs)

    monkeypatch.setattr(MistralForCausalLM, "forward", forward)
    model = replace(tiny.model("mistral"), known={})
    shape = shape_of(model)
    assert shape == shape_of(tiny.model("mistral"))
    assert "does not run without numbers" in caplog.text
    with pytest.raises(InspectionError, match="cannot be counted before it is loaded"):
        shape_of_network(model.network, "some", 64)


def test_a_mistake_of_ours_is_no_fault_of_the_network(monkeypatch):
    def wrong(*_):
        raise TypeError("a typing mistake")

    monkeypatch.setattr(counting, "derived", wrong)
    with pytest.raises(TypeError, match="typing mistake"):
        shape_of(replace(tiny.model("llama"), known={}))


def test_a_growth_without_a_law_is_told_with_what_was_counted(monkeypatch):
    monkeypatch.setattr(counting, "derived", lambda *_: None)
    model = replace(tiny.model("llama"), known={})
    shape = shape_of(model)
    assert shape.checks == () and not shape.usual
    # 3 layers x 2 x 2 heads x 6 numbers x 2 bytes, of 15 and 63 tokens.
    assert "2,160 bytes after 15 tokens, and 9,072 after 63" in shape.lawless
    with pytest.raises(InspectionError, match="grows by no law"):
        shape.cache_bytes(10, 2)
    found = contents(model, "hello there", None, 3)
    assert found.law is None and found.grown[0] == 12 * 3 * 24 * 4
    assert [check.says for check in found.checks] == ["what the cache holds are numbers"]


def test_a_network_that_leaves_nothing_in_the_cache_is_told(tmp_path):
    hf.MambaConfig(hidden_size=8, num_hidden_layers=2, vocab_size=50).save_pretrained(tmp_path)
    with pytest.raises(InspectionError, match="leaves nothing in a cache of keys and values"):
        described_shape(str(tmp_path))


def fails(model: Model, shape: Shape) -> None:
    """Hold a wrong shape against the model's own cache: the check must be red, and else green."""
    (own,) = law_checks(model, shape_of(model))
    (check,) = law_checks(model, shape)
    assert (own.verdict, check.verdict) == ("holds", "fails")


OWN = "the model's own cache holds the bytes that were counted without numbers"


@pytest.mark.sabotage(OWN)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_usual_formula_for_models_that_do_not_follow_it(dtype):
    for model in (hybrid(dtype), latent(dtype)):
        own = shape_of(model)
        wrong = replace(own, cache=(usual_law(2, 6),) * 3)
        fails(model, wrong)
    model = repeating()
    fails(model, replace(shape_of(model), cache=(usual_law(2, 6),) * 3))


@pytest.mark.sabotage(OWN)
@pytest.mark.parametrize("window", [4, 6, None])
def test_a_window_that_is_off_by_one(window):
    model = tiny.model("mistral")
    fails(model, replace(shape_of(model), cache=(usual_law(2, 6, window),) * 3))


@pytest.mark.sabotage(OWN)
def test_key_value_heads_counted_as_query_heads_and_a_forgotten_encoder():
    model = tiny.model("llama")
    fails(model, replace(shape_of(model), cache=(usual_law(4, 6),) * 3))
    model = tiny.model("t5")
    fails(model, replace(shape_of(model), cross_row=0))


@pytest.mark.sabotage(OWN)
def test_a_cache_that_forgets_a_row(monkeypatch):
    model = tiny.model("llama")
    own = dimensions.kept_bytes
    monkeypatch.setattr(dimensions, "kept_bytes", lambda layer: own(layer) - 2 * 6 * 4)
    (check,) = law_checks(model, shape_of(model))
    assert check.verdict == "fails"


def test_a_config_with_too_many_layers_is_not_built(tmp_path):
    config = hf.LlamaConfig(**tiny.FAMILIES["llama"][3]).to_dict() | {"num_hidden_layers": 100_000}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(
        InspectionError, match="num_hidden_layers = 100,000, but no network has more"
    ):
        described_shape(str(tmp_path))


def test_the_loaded_models_law_is_measured_once(monkeypatch):
    model = replace(tiny.model("llama"), known={})
    first = shape_of(model)
    monkeypatch.setattr(law, "derived", lambda *_: pytest.fail("measured again"))
    assert shape_of(model) is first
