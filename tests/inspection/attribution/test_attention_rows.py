"""What attention alone says: the recording's own numbers, and formulas done by hand."""

from dataclasses import replace

import numpy as np
import pytest

from components.inspection.attribution import attention_rows as attention_rows_module
from components.inspection.attribution.attention_rows import attention_rows
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from tests import tiny

TEXT = "to be!"
FAMILIES = ["llama", "gpt2", "falcon", "bert", "bert_classifier", "t5", "bart"]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_row_and_the_rollout_sum_to_one(family):
    found = attention_rows(tiny.model(family), TEXT, "word")
    np.testing.assert_allclose(found.raw.sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(found.value_weighted.sum(1), 1, atol=1e-5)
    assert found.rollout.sum() == pytest.approx(1, abs=1e-5)
    assert found.raw.shape == found.value_weighted.shape == (len(found.raw), len(found.units.texts))


@pytest.mark.parametrize(("family", "place"), [("llama", -1), ("bert_classifier", 0)])
def test_the_raw_row_is_the_mean_of_the_heads_in_the_recording(family, place):
    model = tiny.model(family)
    found = attention_rows(model, TEXT)
    looks = record(model, TEXT, keep=["attention"]).attentions
    expected = np.stack([look.weights[:, place].mean(0) for look in looks])
    np.testing.assert_allclose(found.raw, expected, atol=1e-6)


def test_a_masked_model_is_asked_at_its_mask(tiny_masked):
    found = attention_rows(tiny_masked, "a <mask> b")
    look = record(tiny_masked, "a <mask> b", keep=["attention"]).attentions[0]
    np.testing.assert_allclose(found.raw[0], look.weights[:, 3].mean(0), atol=1e-6)
    assert found.reader == "the mask"


def test_values_weigh_each_head_s_row_by_the_length_of_what_it_carries(tiny_causal):
    found = attention_rows(tiny_causal, TEXT)
    look = record(tiny_causal, TEXT, keep=["attention"]).attentions[1]
    row = np.zeros(7)
    for head in range(4):
        for token in range(7):
            # Two query heads share one key-value head.
            length = np.sqrt((look.values[head // 2, token] ** 2).sum())
            row[token] += look.weights[head, -1, token] * length
    np.testing.assert_allclose(found.value_weighted[1], row / row.sum(), atol=1e-6)


def test_rollout_is_the_product_of_half_mixed_layers(tiny_causal):
    looks = record(tiny_causal, TEXT, keep=["attention"]).attentions
    product = np.eye(7)
    for look in looks:
        product = (look.weights.mean(0) + np.eye(7)) / 2 @ product
    np.testing.assert_allclose(attention_rows(tiny_causal, TEXT).rollout, product[-1], atol=1e-6)


def test_cross_attention_answers_for_an_encoder_decoder(tiny_seq2seq):
    found = attention_rows(tiny_seq2seq, TEXT)
    looks = list(record(tiny_seq2seq, TEXT, keep=["attention"]).of("decoder", "cross"))
    assert len(found.raw) == len(looks) == 2
    np.testing.assert_allclose(found.raw[0], looks[0].weights[:, 0].mean(0), atol=1e-6)


def test_a_model_without_attention_is_told_apart(tiny_causal, monkeypatch):
    def nothing(model, ids, keep):
        return replace(record(model, ids, keep=["logits"]), attentions=())

    monkeypatch.setattr(attention_rows_module, "record", nothing)
    with pytest.raises(InspectionError, match="'tiny-llama' has no attention"):
        attention_rows(tiny_causal, TEXT)


def test_an_empty_text_is_explained(tiny_causal):
    with pytest.raises(InspectionError, match="no text"):
        attention_rows(tiny_causal, "")
