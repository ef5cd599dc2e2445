"""The home page's one number: what the model expects, against transformers and by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.prediction import MOST, predict
from tests import tiny

TEXT = "to be, or not"


def theirs(model: Model, ids: list[int]) -> torch.Tensor:
    """The probabilities that transformers' own output gives, at every place or of every class."""
    inputs = {"input_ids": torch.tensor([ids])}
    if model.kind == "seq2seq":
        inputs["decoder_input_ids"] = torch.tensor([[model.decoder_start]])
    with torch.no_grad():
        logits = tiny.network(model.source.removeprefix("tiny-"), "eager")(**inputs).logits[0]
    return logits.double().softmax(-1)


def agrees(prediction, expected: torch.Tensor) -> None:
    """Compare with a whole distribution [choice]."""
    best = expected.sort(descending=True)
    shown = len(prediction.probabilities)
    np.testing.assert_allclose(prediction.probabilities, best.values[:shown].numpy(), rtol=1e-5)
    entropy = -(expected * expected.log2()).sum().item()
    assert prediction.entropy == pytest.approx(entropy, rel=1e-6)
    assert prediction.choices == len(expected)


@pytest.mark.parametrize("family", ["gpt2", "llama", "falcon", "gemma2"])
def test_a_decoder_says_what_comes_after_the_last_token(family):
    model = tiny.model(family)
    prediction = predict(model, TEXT)
    ids = model.encode(TEXT)
    expected = theirs(model, ids)[-1]
    agrees(prediction, expected)
    assert prediction.asked == "next token"
    assert prediction.place == len(ids) - 1
    assert prediction.tokens == ("<s>", *TEXT)
    assert prediction.answers == model.token_texts(expected.topk(MOST).indices.tolist())


def test_a_masked_model_is_asked_for_its_mask(tiny_masked):
    prediction = predict(tiny_masked, "to <mask>be")
    assert (prediction.asked, prediction.place) == ("masked token", 4)
    assert prediction.tokens[4] == "<mask>"
    agrees(prediction, theirs(tiny_masked, tiny_masked.encode("to <mask>be"))[4])


def test_the_first_of_several_masks_is_meant(tiny_masked):
    assert predict(tiny_masked, "<mask> b<mask>").place == 1


def test_a_masked_model_without_a_mask_in_the_text_gets_one_at_the_end(tiny_masked):
    prediction = predict(tiny_masked, "to be")
    assert prediction.tokens == ("<s>", *"to be ", "<mask>")
    assert prediction.place == 7
    agrees(prediction, theirs(tiny_masked, tiny_masked.encode("to be <mask>"))[7])


def test_a_masked_model_without_a_mask_token_says_so(tiny_masked):
    tokenizer = tiny.tokenizer()
    tokenizer.mask_token = None
    with pytest.raises(InspectionError, match="has no mask token"):
        predict(replace(tiny_masked, tokenizer=tokenizer), TEXT)


def test_an_encoder_decoder_says_how_it_would_begin(tiny_seq2seq):
    prediction = predict(tiny_seq2seq, TEXT)
    assert (prediction.asked, prediction.place) == ("next token", 0)
    agrees(prediction, theirs(tiny_seq2seq, tiny_seq2seq.encode(TEXT))[0])


def test_a_classifier_judges_the_text_as_a_whole(tiny_classifier):
    prediction = predict(tiny_classifier, TEXT)
    expected = theirs(tiny_classifier, tiny_classifier.encode(TEXT))
    agrees(prediction, expected)
    assert prediction.asked == "class"
    assert prediction.probabilities.sum() == pytest.approx(1, abs=1e-6)
    order = expected.sort(descending=True).indices.tolist()
    assert prediction.answers == tuple(f"LABEL_{index}" for index in order)


def test_probabilities_fall_and_stay_below_one(tiny_causal):
    prediction = predict(tiny_causal, TEXT)
    assert len(prediction.answers) == MOST
    assert (np.diff(prediction.probabilities) <= 0).all()
    assert prediction.probabilities.min() > 0
    assert prediction.probabilities.sum() < 1


class Says(nn.Module):
    """A head that gives fixed logits, whatever comes in."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__()
        self.logits = logits

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Ignore `states` but for their number."""
        return self.logits.expand(*states.shape[:-1], -1)


@pytest.mark.parametrize(
    ("shares", "entropy"),
    [
        # Halves, quarters, eighths: 1/2 * 1 + 1/4 * 2 + 2 * 1/8 * 3 = 1.75 bits.
        ([1 / 2, 1 / 4, 1 / 8, 1 / 8], 1.75),
        ([1 / 4] * 4, 2.0),
        ([1.0, 0.0, 0.0, 0.0], 0.0),
    ],
)
def test_entropy_by_hand(shares, entropy, tiny_causal):
    logits = torch.full([261], float("-inf"))
    logits[5:9] = torch.tensor(shares).log()
    network = tiny.network("llama")
    network.lm_head = Says(logits)
    prediction = predict(replace(tiny_causal, network=network), TEXT)
    assert prediction.entropy == pytest.approx(entropy, abs=1e-6)
    np.testing.assert_allclose(prediction.probabilities[:4], shares, atol=1e-7)
    assert set(prediction.answers[:4]) == set(tiny_causal.token_texts([5, 6, 7, 8])) or 0 in shares


@pytest.mark.parametrize("kind", ["llama", "bert", "t5", "bert_classifier"])
@pytest.mark.parametrize(("text", "said"), [("", "no text to read"), ("x" * 10**6, "at most|GiB")])
def test_nothing_and_too_much_are_explained_by_every_kind(kind, text, said):
    with pytest.raises(InspectionError, match=said):
        predict(tiny.model(kind), text)
