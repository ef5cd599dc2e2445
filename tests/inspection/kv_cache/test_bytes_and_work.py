"""What a cache holds and what a pass takes, for every family, against formula and oracle."""

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoConfig, AutoModelForCausalLM, DynamicCache, PreTrainedModel

from components.inspection.building import building
from components.inspection.causality import last_token_changed
from components.inspection.decoding import Decoder
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.kv_cache import arithmetic, timing
from components.inspection.kv_cache import contents as contents_home
from components.inspection.kv_cache import work as work_home
from components.inspection.kv_cache.arithmetic import (
    BOOK,
    extra_position_seconds,
    pass_operations,
    positions,
    shares,
)
from components.inspection.kv_cache.asking import checked
from components.inspection.kv_cache.contents import Contents, contents
from components.inspection.kv_cache.dimensions import shape_of, shape_of_network
from components.inspection.kv_cache.law import usual_law
from components.inspection.kv_cache.published import PUBLISHED
from components.inspection.kv_cache.shapes import sharing
from components.inspection.kv_cache.work import Work, counted_shares, work
from components.inspection.rounding import NO_NUMBERS
from components.inspection.wrapping import wrapped
from tests import tiny
from tests.inspection.kv_cache.test_law import hybrid, latent

WRITERS = [name for name, row in tiny.FAMILIES.items() if row[2] in ("causal", "seq2seq")]
CAUSAL = [name for name, row in tiny.FAMILIES.items() if row[2] == "causal"]
DTYPES = ["float32", "bfloat16", "float16"]
TEXT = "hello there"
HALF = [(family, one) for family in ("llama", "mistral", "mixtral", "t5") for one in DTYPES[1:]]
NUMBERS = "what the cache holds are numbers"
HELD = "after each token the cache holds the bytes that the law says"
COUNTED = "torch counts the operations that the formula says"

CONFIGS = {
    "GPT-2": ("gpt2", {}),
    "Phi-3-mini": ("phi3", {}),
    "Falcon-7B": ("falcon", {"multi_query": True, "new_decoder_architecture": False}),
    "Mistral-7B v0.1": ("mistral", {"sliding_window": 4_096}),
    "Qwen2.5-0.5B": ("qwen2", {"tie_word_embeddings": True}),
    "Qwen2.5-7B": ("qwen2", {"tie_word_embeddings": False}),
    "Qwen3-0.6B": ("qwen3", {"tie_word_embeddings": True, "head_dim": 128}),
    "Phi-4": ("phi3", {}),
    "Qwen2.5-14B": ("qwen2", {"tie_word_embeddings": False}),
    "Mistral-Small-24B": ("mistral", {"sliding_window": None, "head_dim": 128}),
    "Qwen3-30B-A3B": (
        "qwen3_moe",
        {
            "head_dim": 128,
            "moe_intermediate_size": 768,
            "num_experts": 128,
            "num_experts_per_tok": 8,
        },
    ),
    "Qwen3-32B": ("qwen3", {"tie_word_embeddings": False, "head_dim": 128}),
    "Mixtral-8x7B": ("mixtral", {"num_local_experts": 8, "num_experts_per_tok": 2}),
    "Qwen2.5-72B": ("qwen2", {"tie_word_embeddings": False}),
}


def in_float32(families: list[str]) -> list[tuple[str, str]]:
    """Pairs of family and number format."""
    return [(family, "float32") for family in families]


@pytest.mark.parametrize(("family", "dtype"), [*in_float32(WRITERS), *HALF])
def test_bytes_are_those_of_the_law_after_each_step(family, dtype):
    found = contents(tiny.model(family, dtype), TEXT, 9, 7)
    np.testing.assert_array_equal(found.grown, found.law)
    assert [check.verdict for check in found.checks] == ["holds"] * 2
    assert found.layer_bytes.sum() == found.grown[-1]
    assert len(found.layer_kept) == len(found.keys) == found.shape.layers
    assert all(keys is not None and len(keys) == found.shape.kv_heads for keys in found.keys)
    assert found.cross_bytes == found.cross_law
    assert (found.cross_bytes > 0) == (family in ("t5", "bart"))


@pytest.mark.parametrize("family", ["llama", "gpt2", "falcon", "mistral", "bloom"])
def test_the_keys_and_values_are_those_of_one_pass_over_the_whole_text(family):
    model = tiny.model(family)
    found = contents(model, TEXT, None, 5)
    whole = record(model, _ids_of(model, found), keep=["attention"])
    for attention in whole.attentions:
        layer = attention.layer
        there = ~np.isnan(found.keys[layer][0, :, 0])
        assert there.sum() == found.shape.cache[layer].rows(len(found.tokens))
        for ours, theirs in ((found.keys, attention.keys), (found.values, attention.values)):
            theirs = theirs[:: len(theirs) // found.shape.kv_heads]  # where heads are repeated
            np.testing.assert_allclose(ours[layer][:, there], theirs[:, there], atol=2e-5)


def _ids_of(model, found):
    """Write the same greedy tokens in the slowest way."""
    ids = model.encode(TEXT)
    while len(ids) < len(found.tokens):
        logits = record(model, ids, keep=["logits"]).logits
        ids.append(int(logits[-1].argmax()))
    assert model.token_texts(ids) == found.tokens
    return ids


def test_a_hybrids_layers_keep_different_things():
    found = contents(hybrid(), TEXT, 9, 4)
    assert found.rows_in == (1,)
    assert found.layer_kept[0] == "conv_states 0 (1, 48, 4); recurrent_states 0 (1, 4, 6, 6)"
    assert found.layer_kept[1] == "keys (1, 2, 13, 6); values (1, 2, 13, 6)"
    assert [check.verdict for check in found.checks] == ["holds"] * 2


def test_keys_and_values_of_different_sizes():
    found = contents(latent(), TEXT, 9, 4)
    assert [array.shape for array in (found.keys[0], found.values[0])] == [(1, 13, 8), (1, 13, 4)]


def red(found: Contents) -> None:
    """The check of the bytes must have turned red."""
    _numbers, check = found.checks
    assert (check.says, check.verdict) == (HELD, "fails")


@pytest.mark.sabotage(NUMBERS)
@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_key_that_is_no_number(number, monkeypatch):
    """As where float16 is too narrow for what a layer computes."""
    model = tiny.model("mistral")  # whose forgotten rows are not among those counted
    assert contents(model, TEXT, 9, 4).no_numbers == 0
    own = Decoder.step

    def overflows(self, token, cache, past):
        logits = own(self, token, cache, past)
        cache.layers[2].keys[..., -1, :] = number
        return logits

    monkeypatch.setattr(Decoder, "step", overflows)
    check, _bytes = contents(model, TEXT, 9, 4).checks
    assert (check.says, check.verdict, check.meaning) == (NUMBERS, "fails", NO_NUMBERS)


@pytest.mark.sabotage(HELD)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_law_of_another_model(dtype, monkeypatch):
    model = tiny.model("mistral", dtype)
    shape = shape_of(model)
    for law in (usual_law(2, 6, 6), usual_law(2, 6, 4), usual_law(2, 6), usual_law(4, 6, 5)):
        monkeypatch.setattr(
            contents_home, "shape_of", lambda _, law=law: replace(shape, cache=(law,) * 3)
        )
        red(contents(model, TEXT, 9, 7))


@pytest.mark.sabotage(HELD)
def test_a_cache_that_stops_growing_and_an_encoder_that_is_left_out(monkeypatch):
    model = tiny.model("llama")
    own = Decoder.step

    def forgets(self, token, cache, past):
        logits = own(self, token, cache, past)
        if past == 12:
            layer = cache.layers[2]
            layer.keys, layer.values = layer.keys[..., 1:, :], layer.values[..., 1:, :]
        return logits

    monkeypatch.setattr(Decoder, "step", forgets)
    red(contents(model, TEXT, 9, 4))
    model = tiny.model("bart")
    shape = shape_of(model)
    monkeypatch.setattr(contents_home, "shape_of", lambda _: replace(shape, cross_row=0))
    red(contents(model, TEXT, 9, 4))


@pytest.mark.parametrize("family", ["llama", "gpt2", "falcon_alibi"])
def test_another_last_token_changes_no_earlier_key_or_value(family):
    found = last_token_changed(tiny.model(family), TEXT)
    assert found.earlier_vectors == 0 and not found.looks_ahead
    assert found.vectors[:, -1].min() > 0.01
    assert found.check.holds


def test_where_tokens_read_both_ways_every_key_changes(tiny_masked):
    found = last_token_changed(tiny_masked, TEXT)
    assert found.looks_ahead
    assert found.vectors[1:].min() > 1e-5, "from the second layer on"


@pytest.mark.parametrize(
    ("family", "dtype"), [*in_float32(CAUSAL), *(pair for pair in HALF if pair[0] in CAUSAL)]
)
def test_torch_counts_the_operations_that_the_formula_says(family, dtype):
    found = work(tiny.model(family, dtype), TEXT, 9, 6)
    for one in found.passes:
        assert one.operations == one.formula, one.name
    assert [(check.says, check.verdict) for check in found.checks] == [(COUNTED, "holds")]
    assert found.claimed and not found.no_formula


@pytest.mark.parametrize("family", ["llama", "gpt2", "mistral", "t5", "bart", "falcon"])
def test_torchs_own_counter_says_the_same(family):
    model = tiny.model(family)
    found = work(model, TEXT, 9, 6)
    decoder = Decoder(model, checked(model, TEXT, 9, 6))
    if decoder.two_stacks:
        decoder.prepare()
    whole = torch.cat([decoder.begin, decoder.begin[:, :1].expand(-1, 5)], dim=1)
    with FlopCounterMode(display=False) as counter:
        decoder.onward(whole, decoder.new_cache(), 0)
    assert counter.get_total_flops() == found.passes[2].operations


def test_weights_are_what_a_pass_reads_of_them():
    """Of a llama: all matrices of the blocks, the head, and the norms have no part in products."""
    model = tiny.model("llama")
    found = work(model, TEXT, 9, 6)
    shape = shape_of(model)
    matrices = shape.block_matrices + 261 * 24  # the head is a matrix of its own here
    for one in found.passes:
        assert one.weight_bytes == 4 * matrices
        assert one.weight_bytes < one.matrix_bytes
    # 3 layers' keys and values of 2 heads of 6, of 9 + 4 tokens: the fifth step looks them up.
    assert found.passes[1].cache_bytes == 3 * 2 * 2 * 6 * 13 * 4


def test_of_experts_those_that_are_met_are_counted():
    found = work(tiny.model("mixtral"), TEXT, 9, 6)
    step, again = found.passes[1], found.passes[2]
    assert found.experts and step.weight_bytes < again.weight_bytes
    assert not work(tiny.model("llama"), TEXT, 9, 6).experts


def test_cross_attention_without_an_encoder_is_no_work():
    """A decoder saved alone has the matrices still, and never uses them."""
    arguments = tiny.FAMILIES["bart"][3] | {"is_decoder": True, "is_encoder_decoder": False}
    network = tiny.built(hf.BartForCausalLM, hf.BartConfig(**arguments))
    model = wrapped(network, tiny.tokenizer(), "causal", "tiny-bart-decoder", context=64)
    found = work(model, TEXT, 9, 6)
    assert [one.operations == one.formula for one in found.passes] == [True] * 3
    assert shape_of(model).attention_weights == (4 * 24 * 24,) * 2


def verdicts(found: Work) -> list[str]:
    """What the checks of the operations say."""
    return [check.verdict for check in found.checks]


@pytest.mark.sabotage(COUNTED)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_formula_that_is_wrong(dtype, monkeypatch):
    model = tiny.model("llama", dtype)
    shape = shape_of(model)
    wrong = [
        replace(shape, heads=shape.kv_heads),
        replace(shape, attention_weights=(0, *shape.attention_weights[1:])),
        replace(shape, mlp_weights=tuple(weights + 1 for weights in shape.mlp_weights)),
        replace(shape, vocabulary=shape.vocabulary - 1),
        replace(shape, cache=(usual_law(2, 6, 5),) * 3),
    ]
    for other in wrong:
        monkeypatch.setattr(work_home, "shape_of", lambda _, other=other: other)
        assert verdicts(work(model, TEXT, 9, 6)) == ["fails"]


@pytest.mark.sabotage(COUNTED)
@pytest.mark.parametrize("family", ["gemma2", "mistral"])
def test_a_window_that_is_off_by_one_in_the_formula(family, monkeypatch):
    own = arithmetic._seen
    monkeypatch.setattr(
        arithmetic, "_seen", lambda window, *rest: own(window and window - 1, *rest)
    )
    assert verdicts(work(tiny.model(family), TEXT, 9, 6)) == ["fails"]


@pytest.mark.sabotage(COUNTED)
def test_operations_that_are_not_counted(monkeypatch):
    monkeypatch.setattr(work_home.Counter, "_count_experts", lambda *_: None)
    assert verdicts(work(tiny.model("mixtral"), TEXT, 9, 6)) == ["fails"]


def test_of_a_family_without_a_row_a_difference_is_reported_only():
    model = tiny.model("llama")
    found = work(replace(model, anatomy=replace(model.anatomy, named=False)), TEXT, 9, 6)
    assert verdicts(found) == ["holds"] and not found.claimed
    first, *rest = found.passes
    other = replace(found, passes=(replace(first, operations=first.operations + 2), *rest))
    assert verdicts(other) == ["reported"]
    assert "beside those of the formula" in other.checks[0].says


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: tiny.model("t5"), "an encoder has read the text"),
        (hybrid, "2 of 3 layers keep no keys and values"),
        (latent, "as key has 1 x 8"),
    ],
)
def test_where_there_is_no_formula_it_is_said_why(make, why):
    model = make()
    found = work(model, TEXT, 9, 6)
    assert found.checks == () and why in found.no_formula
    assert all(one.formula is None and one.operations > 0 for one in found.passes)
    with pytest.raises(InspectionError, match=why):
        counted_shares(model, TEXT, 500)


def test_shares_of_a_loaded_model_rest_on_what_was_counted(monkeypatch):
    model = tiny.model("llama")
    found = counted_shares(model, TEXT, 500)
    assert found.equals_projections == shares(shape_of(model), 500).equals_projections
    shape = replace(shape_of(model), vocabulary=3)
    monkeypatch.setattr(work_home, "shape_of", lambda _: shape)
    with pytest.raises(InspectionError, match="cannot be said by the formula"):
        counted_shares(model, TEXT, 500)


def test_positions_are_what_the_embedding_is_given(tiny_causal):
    decoder = Decoder(tiny_causal, checked(tiny_causal, TEXT, 9, 6))
    seen = []
    embedding = tiny_causal.network.get_input_embeddings()
    handle = embedding.register_forward_pre_hook(lambda _m, args: seen.append(args[0].shape[1]))
    try:
        for way in timing.WAYS:
            seen.clear()
            fed = decoder.read.new_zeros((1, 6))
            for _ in timing._run(decoder, fed, way, np.full(6, np.nan), np.zeros(6)):
                pass
            assert sum(seen) == positions(9, 6, way)
            assert len(seen) == 6
    finally:
        handle.remove()


@given(st.integers(1, 5_000), st.integers(1, 500))
def test_positions_are_the_sum_over_the_steps(start, steps):
    assert positions(start, steps, "without") == sum(start + step for step in range(steps))
    assert positions(start, steps, "with") == start + sum(1 for _ in range(steps - 1))


def test_the_books_numbers():
    start, new, cached, bare = BOOK
    assert BOOK == (26, 100, 4.5, 21.8)
    assert (positions(start, new, "without"), positions(start, new, "with")) == (7_550, 125)
    step, more = extra_position_seconds(*BOOK)
    assert f"{more * 1e3:.1f}" == "2.3"
    assert new * step == pytest.approx(cached)
    rebuilt = sum(step + (start + one - 1) * more for one in range(new))
    assert rebuilt == pytest.approx(bare)


FEW = 4
"""Layers."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_row_is_the_model_that_its_numbers_build(name):
    row = PUBLISHED[name]
    family, more = CONFIGS.get(name, ("llama", {}))
    sizes = {
        "vocab_size": row.vocabulary,
        "hidden_size": row.width,
        "intermediate_size": row.mlp_width,
        "num_hidden_layers": row.layers,
        "num_attention_heads": row.heads,
        "num_key_value_heads": row.kv_heads,
        "max_position_embeddings": row.context,
    }
    if family == "gpt2":  # which has other names, and no number for key-value heads
        sizes = {
            "n_embd": row.width,
            "n_layer": row.layers,
            "n_head": row.heads,
            "n_positions": row.context,
            "vocab_size": row.vocabulary,
        }
    if family == "falcon":
        del sizes["num_key_value_heads"], sizes["intermediate_size"]
        sizes["ffn_hidden_size"] = row.mlp_width
    layers = "n_layer" if family == "gpt2" else "num_hidden_layers"
    whole = built(family, sizes | more)
    assert sum(weight.numel() for weight in whole.parameters()) == row.parameters
    # All blocks are alike: what is measured layer by layer is measured on a few.
    network = built(family, sizes | more | {layers: FEW})
    assert shape_of_network(network, name, row.context) == replace(
        row,
        parameters=sum(weight.numel() for weight in network.parameters()),
        block_matrices=row.block_matrices // row.layers * FEW,
        layers=FEW,
        attention_weights=row.attention_weights[:FEW],
        mlp_weights=row.mlp_weights[:FEW],
        cache=row.cache[:FEW],
    )


def built(family: str, sizes: dict[str, Any]) -> PreTrainedModel:
    """Build a network without numbers."""
    config = AutoConfig.for_model(family, **sizes)
    with building(), torch.device("meta"):
        network: PreTrainedModel = AutoModelForCausalLM.from_config(
            config, attn_implementation="eager"
        )
    return network


def test_the_totals_that_are_known_from_elsewhere():
    assert PUBLISHED["Phi-3-mini"].parameters == 3_821_079_552
    assert PUBLISHED["GPT-2"].parameters == 124_439_808
    phi = PUBLISHED["Phi-3-mini"]
    assert (phi.attention_weights[0], phi.mlp_weights[0]) == (37_748_736, 75_497_472)
    ledger = phi.block_matrices + phi.layers * 2 * phi.width
    assert ledger + 2 * phi.vocabulary * phi.width + phi.width == phi.parameters


def test_sharing_scales_the_cache_and_keeps_the_rest(tiny_causal):
    shape = shape_of(tiny_causal)
    assert shape.groupings() == (1, 2, 4)
    for count in shape.groupings():
        other = shape.shared_by(count)
        assert other.token_bytes(4) / shape.token_bytes(4) == count / shape.kv_heads
        config = hf.LlamaConfig(**(tiny.FAMILIES["llama"][3] | {"num_key_value_heads": count}))
        with torch.device("meta"):
            built = hf.LlamaForCausalLM(config)
        assert sum(weight.numel() for weight in built.parameters()) == other.parameters
    assert shape.shared_by(2) == shape
    assert sharing(shape) == "grouped-query (GQA)"
    with pytest.raises(InspectionError, match="possible: 1, 2, 4"):
        shape.shared_by(3)


def test_attention_is_the_most_expensive_part_from_the_crossing_on():
    shape = PUBLISHED["Phi-3-mini"]
    found = shares(shape, 32_768)
    above = found.lengths > found.equals_weights
    assert (found.scores_and_sum[above] > found.mlp + found.projections).all()
    assert (found.scores_and_sum[~above] <= found.mlp + found.projections).all()
    # A pass of one token is the sum of the parts, over all layers, and the vocabulary.
    one = pass_operations(shape, 1, int(found.lengths[7]))
    block = found.mlp + found.projections + found.scores_and_sum[7]
    assert one == shape.layers * block + 2 * shape.vocabulary * shape.width


def test_results_travel(tiny_causal):
    for result in (contents(tiny_causal, TEXT, 9, 3), work(tiny_causal, TEXT, 9, 3)):
        assert type(pickle.loads(pickle.dumps(result))) is type(result)


def test_too_large_a_cache_is_not_drawn(tiny_causal, monkeypatch):
    monkeypatch.setattr(contents_home, "MOST_BYTES", 100)
    with pytest.raises(InspectionError, match="Choose a shorter prompt"):
        contents(tiny_causal, TEXT, 9, 3)


def test_the_dynamic_cache_is_that_of_transformers(tiny_causal):
    decoder = Decoder(tiny_causal, tiny_causal.encode(TEXT))
    cache = DynamicCache(config=tiny_causal.network.config)
    with torch.no_grad():
        tiny_causal.network(decoder.read, past_key_values=cache)
    found = contents(tiny_causal, TEXT, None, 2)
    for layer, theirs in enumerate(cache.layers):
        rows = theirs.keys.shape[2]
        np.testing.assert_array_equal(found.keys[layer][:, :rows], theirs.keys[0].numpy())
