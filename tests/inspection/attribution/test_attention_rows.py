"""What attention alone says: the recording's own numbers, and formulas done by hand."""

import numpy as np
import pytest
import torch
import transformers as hf

from components.inspection.attention.combine import rollout
from components.inspection.attention.maps import attention_maps
from components.inspection.attention.value_weighted import value_weighted
from components.inspection.attribution import attention_rows as attention_rows_module
from components.inspection.attribution.attention_rows import attention_rows
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.wrapping import wrapped
from tests import tiny

TEXT = "to be!"
FAMILIES = ["llama", "gpt2", "falcon", "bert", "bert_classifier", "t5", "bart"]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_row_and_the_rollout_sum_to_one(family, dtype):
    found = attention_rows(tiny.model(family, dtype), TEXT, "word")
    np.testing.assert_allclose(found.raw.sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(found.value_weighted.sum(1), 1, atol=1e-5)
    assert found.rollout.sum() == pytest.approx(1, abs=1e-5)
    assert (
        found.raw.shape == found.value_weighted.shape == (len(found.raw), len(found.features.texts))
    )
    assert {check.verdict for check in found.checks} == {"holds"}


def asked_at(model):
    """The text as it is read, and the row of the token that answers, where that is one token."""
    text = f"{TEXT} <mask>" if model.kind == "masked" else TEXT
    place = {
        "masked": model.encode(text).index(4) if model.kind == "masked" else 0,
        "classifier": 0,
    }
    return text, place.get(model.kind, -1)


@pytest.mark.parametrize("family", FAMILIES[:5])
def test_the_three_forms_are_those_of_the_attention_page(family):
    """One definition each: weight, weight times norm through the output projection, rollout."""
    model = tiny.model(family)
    text, place = asked_at(model)
    group = "encoder" if model.anatomy.encoder else "decoder"
    found = attention_rows(model, TEXT, "token")
    maps = attention_maps(model, text, None, group)
    np.testing.assert_allclose(found.raw, maps.weights[:, :, place].mean(1), atol=1e-6)
    moved = value_weighted(model, text, None, group).moved[:, :, place].mean(1)
    expected = moved / moved.sum(1, keepdims=True)
    np.testing.assert_allclose(found.value_weighted, expected, atol=1e-6)
    np.testing.assert_allclose(found.rollout, rollout(maps, maps.numbers[-1])[place], atol=1e-6)
    assert found.numbers == maps.numbers


def test_values_weigh_each_head_s_row_by_the_norm_of_what_it_writes(tiny_causal):
    found = attention_rows(tiny_causal, TEXT, "token")
    look = record(tiny_causal, TEXT, keep=["attention"]).attentions[1]
    # The output projection's columns, six for each of four heads.
    projection = tiny_causal.network.model.layers[1].self_attn.o_proj.weight.numpy()
    row = np.zeros(7)
    for head in range(4):
        for token in range(7):
            # Two query heads share one key-value head.
            written = projection[:, 6 * head : 6 * head + 6] @ look.values[head // 2, token]
            row[token] += look.weights[head, -1, token] * np.linalg.norm(written)
    np.testing.assert_allclose(found.value_weighted[1], row / row.sum(), atol=1e-6)


def test_rollout_is_the_product_of_half_mixed_layers_the_last_one_first(tiny_causal):
    looks = record(tiny_causal, TEXT, keep=["attention"]).attentions
    product = np.eye(7)
    for look in looks:
        product = (look.weights.mean(0) + np.eye(7)) / 2 @ product
    found = attention_rows(tiny_causal, TEXT, "token").rollout
    np.testing.assert_allclose(found, product[-1], atol=1e-6)
    other = np.eye(7)
    for look in looks[::-1]:
        other = (look.weights.mean(0) + np.eye(7)) / 2 @ other
    assert np.abs(found - other[-1]).max() > 1e-3


def test_a_masked_model_is_asked_at_its_mask(tiny_masked):
    found = attention_rows(tiny_masked, "a <mask> b", "token")
    look = record(tiny_masked, "a <mask> b", keep=["attention"]).attentions[0]
    np.testing.assert_allclose(found.raw[0], look.weights[:, 3].mean(0), atol=1e-6)
    assert found.reader == "the mask"


def judge(config, concrete):
    network = tiny.built(concrete, config)
    return wrapped(network, tiny.tokenizer(), "classifier", "tiny-judge")


def test_which_row_a_classifier_reads_is_measured_not_believed():
    """A decoder that judges by its last token, an encoder by its first, one by the mean of all."""
    last = judge(hf.LlamaConfig(**tiny._LLAMA, num_labels=3), hf.LlamaForSequenceClassification)
    found = attention_rows(last, TEXT, "token")
    look = record(last, TEXT, keep=["attention"]).attentions[2]
    np.testing.assert_allclose(found.raw[2], look.weights[:, -1].mean(0), atol=1e-6)
    assert found.reader.startswith(
        "the last token, !, from which the class is read (measured: 100%"
    )

    measures = {"hidden_size": 24, "num_attention_heads": 4, "num_hidden_layers": 3}
    shared = tiny._BASE | measures | {"intermediate_size": 40, "num_labels": 3}
    config = hf.DebertaV2Config(**shared, pooler_hidden_size=24)
    first = judge(config, hf.DebertaV2ForSequenceClassification)
    found = attention_rows(first, TEXT, "token")
    look = record(first, TEXT, keep=["attention"]).attentions[2]
    np.testing.assert_allclose(found.raw[2], look.weights[:, 0].mean(0), atol=1e-6)
    assert found.reader.startswith("the first token, <s>, from which the class is read")

    config = hf.ModernBertConfig(
        **shared, classifier_pooling="mean", cls_token_id=1, sep_token_id=2
    )
    every = judge(config, hf.ModernBertForSequenceClassification)
    found = attention_rows(every, TEXT, "token")
    assert found.reader.startswith("all tokens, from which the class is read together (measured:")
    look = record(every, TEXT, keep=["attention"]).attentions[2]
    low, high = (np.percentile(look.weights.mean(0), share, axis=0) for share in (0, 100))
    assert (found.raw[2] >= low - 1e-6).all()
    assert (found.raw[2] <= high + 1e-6).all()
    # Not the row of one token: the weights are shared over all.
    assert not np.isclose(look.weights.mean(0), found.raw[2], atol=1e-4).all(1).any()


def test_cross_attention_answers_for_an_encoder_decoder(tiny_seq2seq):
    found = attention_rows(tiny_seq2seq, TEXT, "token")
    recording = record(tiny_seq2seq, TEXT, keep=["attention"])
    looks = list(recording.of("decoder", "cross"))
    assert len(found.raw) == len(looks) == 2
    np.testing.assert_allclose(found.raw[0], looks[0].weights[:, 0].mean(0), atol=1e-6)
    flow = np.eye(7)
    for look in recording.of("encoder"):
        flow = (look.weights.mean(0) + np.eye(7)) / 2 @ flow
    cross = np.mean([look.weights[:, 0].mean(0) for look in looks], 0)
    np.testing.assert_allclose(found.rollout, cross @ flow, atol=1e-6)


def test_layers_go_by_their_real_numbers_in_a_hybrid():
    layers = ["linear_attention", "full_attention", "linear_attention", "full_attention"]
    config = hf.Qwen3NextConfig(
        **tiny._BASE,
        hidden_size=24,
        intermediate_size=40,
        num_hidden_layers=4,
        head_dim=6,
        num_attention_heads=4,
        num_key_value_heads=2,
        layer_types=layers,
        num_experts=4,
        num_experts_per_tok=2,
        moe_intermediate_size=16,
        shared_expert_intermediate_size=8,
        linear_num_key_heads=2,
        linear_num_value_heads=4,
        linear_key_head_dim=6,
        linear_value_head_dim=6,
        max_position_embeddings=64,
    )
    network = tiny.built(hf.Qwen3NextForCausalLM, config)
    model = wrapped(network, tiny.tokenizer(), "causal", "tiny-hybrid")
    found = attention_rows(model, TEXT)
    assert found.numbers == (1, 3)
    assert len(found.raw) == 2


def test_a_model_without_attention_is_told_apart():
    config = hf.MambaConfig(
        **tiny._BASE, hidden_size=24, state_size=8, num_hidden_layers=2, conv_kernel=4
    )
    network = tiny.built(hf.MambaForCausalLM, config)
    model = wrapped(network, tiny.tokenizer(), "causal", "tiny-mamba", context=64)
    with pytest.raises(InspectionError, match="has no attention that could be shown"):
        attention_rows(model, TEXT)


def test_a_projection_that_is_not_known_leaves_the_other_two_and_says_why(tiny_causal, monkeypatch):
    def unknown(*_given):
        raise InspectionError("Vitrine does not know where the matrix is.")

    monkeypatch.setattr(attention_rows_module, "value_weighted_of", unknown)
    found = attention_rows(tiny_causal, TEXT)
    assert found.value_weighted is None
    assert found.why_not == "Vitrine does not know where the matrix is."
    assert {check.verdict for check in found.checks} == {"holds"}


def test_an_empty_text_is_explained(tiny_causal):
    with pytest.raises(InspectionError, match="no text"):
        attention_rows(tiny_causal, "")


def test_a_model_without_an_answer_has_no_row_for_it():
    network = tiny.built(hf.BertModel, hf.BertConfig(**tiny._BERT))
    model = wrapped(network, tiny.tokenizer(), "headless", "tiny-sentences")
    with pytest.raises(InspectionError, match="saved without a head"):
        attention_rows(model, TEXT)


def test_nothing_random_is_drawn_from_generators_that_readers_share(tiny_causal):
    before = torch.get_rng_state()
    attention_rows(tiny_causal, TEXT)
    assert torch.equal(torch.get_rng_state(), before)
