"""The next token's logits are the model's own."""

import pickle

import numpy as np
import pytest
import torch

from components.inspection.errors import InspectionError
from components.inspection.sampling.next_token import next_token
from tests import tiny


def test_a_decoder_says_what_its_network_says_after_the_last_token(tiny_causal):
    found = next_token(tiny_causal, "to be or not")
    ids = tiny_causal.encode("to be or not")
    with torch.inference_mode():
        theirs = tiny_causal.network(torch.tensor([ids])).logits[0, -1]
    np.testing.assert_allclose(found.logits, theirs, atol=1e-6)
    assert found.history == tuple(ids)
    assert found.logits.dtype == np.float32


def test_every_read_token_and_the_likeliest_carry_their_text(tiny_causal):
    found = next_token(tiny_causal, "to be")
    assert set(found.history) <= found.texts.keys()
    assert found.texts[tiny_causal.encode("to be")[-1]] == "e"
    assert int(found.logits.argmax()) in found.texts


def test_an_encoder_decoder_starts_its_answer_to_the_prompt(tiny_seq2seq):
    found = next_token(tiny_seq2seq, "to be")
    ids = torch.tensor([tiny_seq2seq.encode("to be")])
    start = torch.tensor([[tiny_seq2seq.decoder_start]])
    with torch.inference_mode():
        theirs = tiny_seq2seq.network(input_ids=ids, decoder_input_ids=start).logits[0, -1]
    np.testing.assert_allclose(found.logits, theirs, atol=1e-6)
    assert found.history == (tiny_seq2seq.decoder_start,)


def test_a_masked_model_fills_the_first_blank(tiny_masked):
    text = "to <mask> or not"
    found = next_token(tiny_masked, text)
    ids = tiny_masked.encode(text)
    with torch.inference_mode():
        logits = tiny_masked.network(torch.tensor([ids])).logits[0]
    blank = ids.index(tiny_masked.tokenizer.mask_token_id)
    np.testing.assert_allclose(found.logits, logits[blank], atol=1e-6)


def test_a_masked_model_without_a_blank_says_what_it_does_instead(tiny_masked):
    with pytest.raises(InspectionError, match=r"fills blanks.*put <mask> where"):
        next_token(tiny_masked, "to be")


def test_a_classifier_says_what_it_does_instead(tiny_classifier):
    with pytest.raises(InspectionError, match=r"whole text one of a few labels|fills blanks"):
        next_token(tiny_classifier, "to be")


@pytest.mark.parametrize("text", ["", "a" * 100_000, "\ud800"])
def test_text_that_cannot_be_read_is_explained(tiny_causal, text):
    with pytest.raises(InspectionError):
        next_token(tiny_causal, text)


@pytest.mark.parametrize("text", ["🦙", "שלום", "a\0b", "x", "\n"])
def test_unusual_text_is_read(tiny_causal, text):
    assert np.isfinite(next_token(tiny_causal, text).logits).all()


@pytest.mark.parametrize("family", ["gpt2", "gemma2", "bloom", "mistral"])
def test_families_with_their_own_ways_are_read_too(family):
    model = tiny.model(family)
    with torch.inference_mode():
        theirs = model.network(torch.tensor([model.encode("to be")])).logits[0, -1]
    np.testing.assert_allclose(next_token(model, "to be").logits, theirs, atol=1e-5)


def test_the_result_survives_pickling(tiny_causal):
    found = next_token(tiny_causal, "to be")
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.logits, found.logits)
    assert again.texts == found.texts
