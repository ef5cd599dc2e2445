"""The next token's logits are the model's own."""

import pickle

import numpy as np
import pytest
import torch

from components.inspection.decoding import Decoder, Writer
from components.inspection.errors import InspectionError
from components.inspection.noise import allowed
from components.inspection.premises import measured
from components.inspection.sampling.next_token import name_of, next_token
from components.inspection.sampling.plain import LONGEST_CHECKED
from tests import tiny

TEXT = "to be or not"
WRITES = [name for name, row in tiny.FAMILIES.items() if row[2] in ("causal", "seq2seq")]
CASES = [(family, "float32") for family in WRITES] + [
    (family, dtype)
    for family in ("gpt2", "llama", "gemma2", "falcon", "bloom", "mixtral", "t5", "bart")
    for dtype in ("bfloat16", "float16")
]


def plainly(model, text=TEXT, target=()):
    """transformers' own output for a text, [token, vocabulary]: of two stacks, of the decoder."""
    inputs = {"input_ids": torch.tensor([model.encode(text)])}
    if model.kind == "seq2seq":
        inputs["decoder_input_ids"] = torch.tensor([[model.decoder_start, *target]])
    with torch.no_grad():
        return model.network(**inputs).logits[0].float()


@pytest.mark.parametrize(("family", "dtype"), CASES)
def test_a_model_says_what_its_network_says_after_the_last_token(family, dtype):
    model = tiny.model(family, dtype)
    found = next_token(model, TEXT)
    theirs = plainly(model)[-1]
    limit = allowed(model, lambda: plainly(model)[-1])
    assert np.abs(found.logits - theirs.numpy()).max() <= limit
    start = [model.decoder_start] if model.kind == "seq2seq" else model.encode(TEXT)
    assert found.history == tuple(start)
    assert found.logits.dtype == np.float32
    assert [check.verdict for check in found.checks] == ["holds"]


@pytest.mark.sabotage("the logits are those of a plain pass over the whole text")
@pytest.mark.parametrize(
    "bug",
    [
        lambda new: [row[:-1] for row in new],  # the last token is not read
        lambda new: [[0, *row] for row in new],  # a padding token is read too
        lambda new: [row[::-1] for row in new],  # the order is lost
    ],
    ids=["one short", "padding", "backwards"],
)
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_reading_another_text_turns_the_check_red(monkeypatch, bug, dtype):
    whole = Writer.logits
    monkeypatch.setattr(Writer, "logits", lambda self, new: whole(self, bug(new)))
    (check,) = next_token(tiny.model("llama", dtype), TEXT).checks
    assert check.verdict == "fails"


@pytest.mark.sabotage("the logits are those of a plain pass over the whole text")
def test_wrong_positions_turn_the_check_red(monkeypatch):
    model, onward = tiny.model("gpt2"), Decoder.onward
    assert measured(model, "cache").holds
    monkeypatch.setattr(Decoder, "onward", lambda self, ids, cache, _: onward(self, ids, cache, 3))
    (check,) = next_token(model, TEXT).checks
    assert check.verdict == "fails"


def test_of_a_long_text_nothing_is_computed_twice():
    model = tiny.model("falcon_alibi")
    long = "x" * (LONGEST_CHECKED + 1)
    assert len(model.encode(long)) > LONGEST_CHECKED
    assert next_token(model, long).checks == ()


def test_every_read_token_and_the_likeliest_carry_their_text(tiny_causal):
    found = next_token(tiny_causal, "to be")
    assert set(found.history) <= found.texts.keys()
    assert found.texts[tiny_causal.encode("to be")[-1]] == "e"
    assert int(found.logits.argmax()) in found.texts
    assert name_of(tiny_causal, 5) == found.texts[5]


@pytest.mark.parametrize("family", ["bert", "distilbert", "roberta"])
def test_a_masked_model_answers_at_the_first_mask(family):
    model = tiny.model(family)
    text = "to <mask> or <mask>"
    mask = model.encode(text).index(model.tokenizer.mask_token_id)
    np.testing.assert_allclose(
        next_token(model, text).logits, plainly(model, text)[mask], atol=1e-6
    )


def test_a_masked_model_without_a_mask_gets_one_at_the_end_as_on_the_home_page(tiny_masked):
    found = next_token(tiny_masked, "to be")
    assert found.history == tuple(tiny_masked.encode("to be <mask>"))
    np.testing.assert_allclose(found.logits, plainly(tiny_masked, "to be <mask>")[-1], atol=1e-6)


def test_a_classifier_says_what_it_does_instead(tiny_classifier):
    with pytest.raises(InspectionError, match="whole text one of a few classes"):
        next_token(tiny_classifier, "to be")


@pytest.mark.parametrize("text", ["", "a" * 100_000, "\ud800"])
def test_text_that_cannot_be_read_is_explained(tiny_causal, text):
    with pytest.raises(InspectionError):
        next_token(tiny_causal, text)


@pytest.mark.parametrize("text", ["🦙", "שלום", "a\0b", "x", "\n"])
def test_unusual_text_is_read(tiny_causal, text):
    assert np.isfinite(next_token(tiny_causal, text).logits).all()


def test_a_network_that_answers_nan_is_refused(tiny_causal, monkeypatch):
    whole = Writer.logits
    monkeypatch.setattr(Writer, "logits", lambda self, new: whole(self, new) * float("nan"))
    with pytest.raises(InspectionError, match="not numbers"):
        next_token(tiny_causal, TEXT)


def test_stored_padding_and_truncation_are_not_obeyed(padding_stored):
    assert len(next_token(padding_stored, "to be or not to be").history) == 19


def test_the_result_survives_pickling(tiny_causal):
    found = next_token(tiny_causal, "to be")
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.logits, found.logits)
    assert again.texts == found.texts
