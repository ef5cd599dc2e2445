"""The home page's one number: what the model expects, against transformers and by hand."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from components.inspection import prediction as module
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
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
        logits = model.network(**inputs).logits[0]
    return logits.double().softmax(-1)


def agrees(found, expected: torch.Tensor) -> None:
    """Compare with a whole distribution [choice]."""
    best = expected.sort(descending=True)
    shown = len(found.probabilities)
    np.testing.assert_allclose(found.probabilities, best.values[:shown].numpy(), rtol=1e-5)
    entropy = -(expected * expected.log2()).sum().item()
    assert found.entropy == pytest.approx(entropy, rel=1e-6)
    assert found.choices == len(expected)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("family", ["gpt2", "llama", "falcon", "gemma2", "bloom", "mixtral"])
def test_a_decoder_says_what_comes_after_the_last_token(family, dtype):
    model = tiny.model(family, dtype)
    found = predict(model, TEXT)
    ids = model.encode(TEXT)
    expected = theirs(model, ids)[-1]
    agrees(found, expected)
    assert found.asked == "next token"
    assert found.place == len(ids) - 1
    assert found.tokens == ("<s>", *TEXT)
    best = expected.sort(descending=True, stable=True).indices[:MOST]
    assert found.answers == model.token_texts(best.tolist())
    assert [check.verdict for check in found.checks] == ["holds", "holds"]


def test_a_masked_model_is_asked_for_its_mask(tiny_masked):
    found = predict(tiny_masked, "to <mask>be")
    assert (found.asked, found.place) == ("masked token", 4)
    assert found.tokens[4] == "<mask>"
    agrees(found, theirs(tiny_masked, tiny_masked.encode("to <mask>be"))[4])


def test_the_first_of_several_masks_is_meant(tiny_masked):
    assert predict(tiny_masked, "<mask> b<mask>").place == 1


def test_a_masked_model_without_a_mask_in_the_text_gets_one_at_the_end(tiny_masked):
    found = predict(tiny_masked, "to be")
    assert found.tokens == ("<s>", *"to be ", "<mask>")
    assert found.place == 7
    agrees(found, theirs(tiny_masked, tiny_masked.encode("to be <mask>"))[7])


def test_a_masked_model_without_a_mask_token_says_so(tiny_masked):
    tokenizer = copy.deepcopy(tiny.tokenizer())
    tokenizer.mask_token = None
    with pytest.raises(InspectionError, match="has no mask token"):
        predict(replace(tiny_masked, tokenizer=tokenizer), TEXT)


@pytest.mark.parametrize("family", ["llama", "bert", "t5", "bert_classifier"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("text", [TEXT, "x", "🦙", " ", "a\0b", "to <mask>"])
def test_the_checks_hold_of_every_kind_of_model(family, dtype, text):
    checks = predict(tiny.model(family, dtype), text).checks
    assert [str(check) for check in checks if not check.holds] == []


@pytest.mark.sabotage("the probabilities of all * choices sum to 1")
def test_a_softmax_that_is_none_turns_its_check_red(tiny_causal, monkeypatch):
    # Scores squashed one by one, as for labels judged by themselves.
    monkeypatch.setattr(module, "shares_of", lambda logits: 1 / (1 + np.exp(-logits)))
    sums, plain = predict(tiny_causal, TEXT).checks
    assert (sums.verdict, plain.verdict) == ("fails", "holds")


@pytest.mark.sabotage("these logits are those of a plain pass")
@pytest.mark.parametrize(
    ("family", "bug"),
    [
        ("llama", lambda logits: np.roll(logits, 1, axis=0)),  # the row of another token
        ("bert", lambda logits: np.roll(logits, 1, axis=0)),
        ("bert_classifier", lambda logits: logits + np.float32([1e-6, 0, 0])),  # looking disturbs
    ],
)
def test_logits_of_another_place_turn_the_check_red(family, bug, monkeypatch):
    def disturbed(*args, **kwargs):
        found = record(*args, **kwargs)
        return replace(found, logits=bug(found.logits))

    monkeypatch.setattr(module, "record", disturbed)
    sums, plain = predict(tiny.model(family), TEXT).checks
    assert (sums.verdict, plain.verdict) == ("holds", "fails")


def test_a_model_without_a_head_says_what_it_has_instead():
    model = replace(tiny.model("bert"), kind="headless", network=tiny.model("bert").network.bert)
    with pytest.raises(InspectionError, match=r"without a head.*attention.*positions"):
        predict(model, TEXT)


def test_a_decoder_that_looks_ahead_predicts_no_next_token():
    """A Llama whose tokens attend both ways (as in LLM2Vec) says nothing of what comes next."""
    model = tiny.model("llama")
    both_ways = replace(model.anatomy, encoder=model.anatomy.decoder, decoder=None)
    with pytest.raises(InspectionError, match="tokens also read those after them"):
        predict(replace(model, anatomy=both_ways), TEXT)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_refused(bad, tiny_causal):
    network = tiny.network("llama")
    network.lm_head = Says(torch.full([261], bad))
    with pytest.raises(InspectionError, match="not numbers"):
        predict(replace(tiny_causal, network=network, known={}), TEXT)


def test_a_token_that_is_never_said_does_not_count_against_the_direction(tiny_causal):
    """Minus infinity less itself is no number, but it is the same logit twice."""
    logits = torch.zeros(261)
    logits[:5] = float("-inf")
    network = tiny.network("llama")
    network.lm_head = Says(logits)
    found = predict(replace(tiny_causal, network=network, known={}), TEXT)
    assert found.entropy == pytest.approx(np.log2(256), abs=1e-6)
    assert [check.verdict for check in found.checks] == ["holds", "holds"]


def test_an_encoder_decoder_says_how_it_would_begin(tiny_seq2seq):
    found = predict(tiny_seq2seq, TEXT)
    assert (found.asked, found.place) == ("next token", 0)
    agrees(found, theirs(tiny_seq2seq, tiny_seq2seq.encode(TEXT))[0])


def test_a_classifier_judges_the_text_as_a_whole(tiny_classifier):
    found = predict(tiny_classifier, TEXT)
    expected = theirs(tiny_classifier, tiny_classifier.encode(TEXT))
    agrees(found, expected)
    assert found.asked == "class"
    assert found.probabilities.sum() == pytest.approx(1, abs=1e-6)
    order = expected.sort(descending=True).indices.tolist()
    assert found.answers == tuple(f"LABEL_{index}" for index in order)


def test_probabilities_fall_and_stay_below_one(tiny_causal):
    found = predict(tiny_causal, TEXT)
    assert len(found.answers) == MOST
    assert (np.diff(found.probabilities) <= 0).all()
    assert found.probabilities.min() > 0
    assert found.probabilities.sum() < 1


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
    found = predict(replace(tiny_causal, network=network), TEXT)
    assert found.entropy == pytest.approx(entropy, abs=1e-6)
    np.testing.assert_allclose(found.probabilities[:4], shares, atol=1e-7)
    assert set(found.answers[:4]) == set(tiny_causal.token_texts([5, 6, 7, 8])) or 0 in shares


@pytest.mark.parametrize("kind", ["llama", "bert", "t5", "bert_classifier"])
@pytest.mark.parametrize(("text", "said"), [("", "no text to read"), ("x" * 10**6, "at most|GiB")])
def test_nothing_and_too_much_are_explained_by_every_kind(kind, text, said):
    with pytest.raises(InspectionError, match=said):
        predict(tiny.model(kind), text)
