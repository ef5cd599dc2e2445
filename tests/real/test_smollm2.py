"""SmolLM2-135M-Instruct: against transformers alone, and against numbers known of it."""

import numpy as np
import pytest
import torch
from scipy.special import entr

from components.inspection.attention.heads import probe_heads
from components.inspection.forward_pass import record
from components.inspection.load import load_model
from components.inspection.prediction import predict

MARY = "When Mary and John went to the shop, Mary gave a drink to"
FRANCE = "The capital of France is"


def test_what_it_is(smollm2, smollm2_file):
    facts = smollm2.facts
    assert (facts.family, facts.kind, facts.parameters) == ("llama", "causal", 134_515_008)
    assert (facts.layers, facts.heads, facts.kv_heads, facts.width) == (30, 9, 3, 576)
    assert (facts.vocabulary, facts.context) == (49_152, 8_192)
    assert facts.quantized.startswith("Q4_1, ")
    # All bits of the file, spread over its weights (an embedding of 8 bits among them).
    per_weight = 8 * smollm2_file.stat().st_size / facts.parameters
    assert float(facts.quantized.split()[1]) == pytest.approx(per_weight, rel=0.05)


def test_how_it_cuts_a_text(smollm2):
    assert smollm2.encode(FRANCE) == [504, 3575, 282, 4649, 314]
    assert smollm2.token_texts([504, 3575]) == ("The", " capital")


def test_what_it_says_of_mary_and_john(smollm2):
    """In float32, of these 4-bit weights: known from transformers alone."""
    logits = record(smollm2, MARY, keep=["logits"]).logits[-1].astype(np.float64)
    shares = np.exp(logits - logits.max())
    shares /= shares.sum()
    best = shares.argsort()[::-1][:3].tolist()
    assert smollm2.token_texts(best) == (" John", " the", " her")
    np.testing.assert_allclose(shares[best], [0.759, 0.066, 0.046], atol=6e-4)
    assert entr(shares).sum() / np.log(2) == pytest.approx(2.05, abs=0.01)


def test_what_it_says_of_france(smollm2):
    found = predict(smollm2, FRANCE)
    assert found.asked == "next token"
    assert smollm2.token_texts([record(smollm2, FRANCE).logits[-1].argmax()]) == (" Paris",)


def test_a_recording_is_a_plain_pass(smollm2):
    """Bit for bit; and the inside is what transformers reports."""
    ids = torch.tensor([smollm2.encode(MARY)])
    with torch.no_grad():
        plain = smollm2.network(ids, output_attentions=True, output_hidden_states=True)
    found = record(smollm2, MARY)
    np.testing.assert_array_equal(found.logits, plain.logits[0].numpy())
    assert len(found.attentions) == 30
    for ours, theirs in zip(found.attentions, plain.attentions, strict=True):
        np.testing.assert_array_equal(ours.weights, theirs[0].numpy())
    residual = found.stack().residual
    for layer in range(30):
        np.testing.assert_array_equal(residual[layer], plain.hidden_states[layer][0].numpy())


def test_only_training_makes_these(smollm2):
    """Sinks on the first token, giant dimensions, heads that look back by one, and induction."""
    found = record(smollm2, MARY)
    on_first = np.array([one.weights[:, 1:, 0].mean(1) for one in found.attentions])
    assert (on_first > 0.9).sum() > 20
    size = np.abs(found.stack().residual[15])
    assert size.max() > 100 * np.median(size)
    shares = probe_heads(smollm2, "decoder").scores.shares
    for pattern in ("previous", "duplicate", "induction"):
        assert np.nanmax(shares[pattern]) > 0.8


def test_a_folder_says_what_the_file_says(smollm2, smollm2_folder):
    """To the rounding of the weights to bfloat16."""
    saved = load_model(str(smollm2_folder), "cpu", "float32")
    assert saved.facts.quantized == ""
    assert saved.encode(MARY) == smollm2.encode(MARY)
    ours, theirs = (record(model, MARY, keep=["logits"]).logits for model in (saved, smollm2))
    assert np.abs(ours - theirs).max() < 0.05 * np.abs(theirs).max()
    assert (ours.argmax(-1) == theirs.argmax(-1)).mean() > 0.9
