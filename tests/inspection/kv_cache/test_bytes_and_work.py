"""What a cache holds and what a pass takes, for every family, against formula and oracle."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers as hf
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoConfig, AutoModelForCausalLM

from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.kv_cache.arithmetic import (
    BOOK,
    extra_position_seconds,
    pass_operations,
    positions,
    shares,
)
from components.inspection.kv_cache.contents import contents, last_token_changed
from components.inspection.kv_cache.published import PUBLISHED
from components.inspection.kv_cache.shapes import shape_of, shape_of_network, sharing
from components.inspection.kv_cache.work import work
from tests import tiny

WRITERS = [name for name, row in tiny.FAMILIES.items() if row[2] in ("causal", "seq2seq")]
CAUSAL = [name for name, row in tiny.FAMILIES.items() if row[2] == "causal"]
TEXT = "hello there"

CONFIGS = {
    "GPT-2": ("gpt2", {}),
    "Phi-3-mini": ("phi3", {}),
    "Falcon-7B": ("falcon", {"multi_query": True, "new_decoder_architecture": False}),
    "Mistral-7B v0.1": ("mistral", {"sliding_window": 4_096}),
    "Qwen2.5-0.5B": ("qwen2", {"tie_word_embeddings": True}),
    "Qwen2.5-7B": ("qwen2", {"tie_word_embeddings": False}),
    "Qwen3-0.6B": ("qwen3", {"tie_word_embeddings": True, "head_dim": 128}),
}


@pytest.mark.parametrize("family", WRITERS)
def test_bytes_equal_the_formula_after_each_step(family):
    found = contents(tiny.model(family), TEXT, 9, 7)
    np.testing.assert_array_equal(found.grown, found.formula)
    assert found.layer_bytes.sum() == found.grown[-1]
    assert len(found.layer_shapes) == found.shape.layers
    assert found.layer_shapes[0][1] == found.shape.kv_heads


@pytest.mark.parametrize("family", ["llama", "gpt2", "falcon", "mistral", "bloom"])
def test_the_keys_and_values_are_those_of_one_pass_over_the_whole_text(family):
    model = tiny.model(family)
    found = contents(model, TEXT, None, 5)
    whole = record(model, _ids_of(model, found), keep=["attention"])
    for layer, attention in enumerate(whole.attentions):
        kept = ~np.isnan(found.keys[layer, 0, :, 0])
        for ours, theirs in ((found.keys, attention.keys), (found.values, attention.values)):
            theirs = theirs[:: len(theirs) // found.shape.kv_heads]  # where heads are repeated
            np.testing.assert_allclose(ours[layer][:, kept], theirs[:, kept], atol=2e-5)


def _ids_of(model, found):
    """Write the same greedy tokens in the slowest way."""
    ids = model.encode(TEXT)
    while len(ids) < len(found.tokens):
        logits = record(model, ids, keep=["logits"]).logits
        ids.append(int(logits[-1].argmax()))
    assert model.token_texts(ids) == found.tokens
    return ids


@pytest.mark.parametrize("family", ["llama", "gpt2", "falcon_alibi"])
def test_another_last_token_changes_no_earlier_key_or_value(family):
    found = last_token_changed(tiny.model(family), TEXT)
    assert found.before == 0
    assert found.change[:, -1].min() > 0.01


def test_where_tokens_read_both_ways_every_key_changes(tiny_masked):
    found = last_token_changed(tiny_masked, TEXT)
    assert found.change[1:].min() > 1e-4, "from the second layer on"


def test_one_token_alone_has_none_before_it(tiny_seq2seq):
    only = replace(tiny_seq2seq, tokenizer=tiny.tokenizer())
    only.tokenizer.backend_tokenizer.post_processor = None
    with pytest.raises(InspectionError, match="one token only"):
        last_token_changed(only, "h")


@pytest.mark.parametrize("family", CAUSAL)
def test_torch_counts_the_operations_that_the_formula_says(family):
    for one in work(tiny.model(family), TEXT, 9, 6).passes:
        assert one.operations == one.formula, one.name


def test_positions_are_what_the_embedding_is_given(tiny_causal):
    from components.inspection.kv_cache import timing
    from components.inspection.kv_cache.decoding import Decoding

    decoding = Decoding(tiny_causal, timing.checked(tiny_causal, TEXT, 9, 6))
    seen = []
    embedding = tiny_causal.network.get_input_embeddings()
    handle = embedding.register_forward_pre_hook(lambda _m, args: seen.append(args[0].shape[1]))
    try:
        for way in timing.WAYS:
            seen.clear()
            fed = decoding.read.new_zeros((1, 6))
            steps = timing._run(decoding, fed, way, np.full(6, np.nan), fed.new_zeros(6))
            for _ in steps:
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
    assert positions(20, 100, "without") / positions(20, 100, "with") == pytest.approx(58.4, 0.01)
    step, more = extra_position_seconds(*BOOK)
    start, new, cached, bare = BOOK
    assert new * step == pytest.approx(cached)
    rebuilt = sum(step + (start + one - 1) * more for one in range(new))
    assert rebuilt == pytest.approx(bare)


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
        sizes = {"n_embd": row.width, "n_layer": row.layers, "n_head": row.heads,
                 "n_positions": row.context, "vocab_size": row.vocabulary}  # fmt: skip
    if family == "falcon":
        del sizes["num_key_value_heads"], sizes["intermediate_size"]
        sizes["ffn_hidden_size"] = row.mlp_width
    config = AutoConfig.for_model(family, **sizes, **more)
    with torch.device("meta"):
        network = AutoModelForCausalLM.from_config(config)
    built = shape_of_network(network, name, row.context)
    assert built == row


def test_the_totals_that_are_known_from_elsewhere():
    assert PUBLISHED["Phi-3-mini"].parameters == 3_821_079_552
    assert PUBLISHED["GPT-2"].parameters == 124_439_808
    phi = PUBLISHED["Phi-3-mini"]
    ledger = phi.layers * (phi.attention_weights + phi.mlp_weights + 2 * phi.width)
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
    assert sharing(shape) == "grouped-query (GQA)"
    with pytest.raises(InspectionError, match="possible: 1, 2, 4"):
        shape.shared_by(3)


def test_attention_is_the_most_expensive_part_from_the_crossing_on():
    shape = PUBLISHED["Phi-3-mini"]
    found = shares(shape, 32_768)
    above = found.lengths > found.equals_weights
    assert (found.mixing[above] > found.mlp + found.projections).all()
    assert (found.mixing[~above] <= found.mlp + found.projections).all()
    # A pass of one token is the sum of the parts, over all layers, and the vocabulary.
    one = pass_operations(shape, 1, int(found.lengths[7]))
    block = found.mlp + found.projections + found.mixing[7]
    assert one == shape.layers * block + 2 * shape.vocabulary * shape.width


def test_results_travel(tiny_causal):
    for result in (contents(tiny_causal, TEXT, 9, 3), work(tiny_causal, TEXT, 9, 3)):
        assert type(pickle.loads(pickle.dumps(result))) is type(result)


def test_too_large_a_cache_is_not_drawn(tiny_causal, monkeypatch):
    monkeypatch.setattr("components.inspection.kv_cache.contents.MOST_BYTES", 100)
    with pytest.raises(InspectionError, match="Choose a shorter prompt"):
        contents(tiny_causal, TEXT, 9, 3)
