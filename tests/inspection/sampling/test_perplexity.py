"""Perplexity is exp of the model's own loss."""

import math

import numpy as np
import pytest
import torch

from components.inspection.errors import InspectionError
from components.inspection.sampling import perplexity as module
from components.inspection.sampling.perplexity import by_hand, surprise
from tests import tiny


def test_perplexity_is_exp_of_the_loss_that_transformers_reports(tiny_causal):
    text = "to be or not to be"
    ids = torch.tensor([tiny_causal.encode(text)])
    with torch.inference_mode():
        loss = float(tiny_causal.network(ids, labels=ids).loss)
    assert surprise(tiny_causal, text).perplexity == pytest.approx(math.exp(loss), rel=1e-4)


def test_without_a_start_token_the_first_token_is_not_scored(tiny_causal, monkeypatch):
    bare = tiny_causal.tokenizer.backend_tokenizer.encode("to be", add_special_tokens=False).ids
    monkeypatch.setattr(module, "_ids_of", lambda model, text: ([], list(bare)))
    found = surprise(tiny_causal, "to be")
    with torch.inference_mode():
        loss = float(tiny_causal.network(torch.tensor([bare]), labels=torch.tensor([bare])).loss)
    assert found.start == ""
    assert math.isnan(found.surprisal[0])
    assert (found.rank[0], found.expected[0]) == (0, "")
    assert found.perplexity == pytest.approx(math.exp(loss), rel=1e-4)
    assert found.without_first == pytest.approx(found.perplexity)


def test_with_a_start_token_the_first_token_is_scored_too():
    model = tiny.model("gpt2")
    found = surprise(model, "to be", start=True)
    assert found.start == "<s>"
    whole = [1, *found.ids]
    with torch.inference_mode():
        log_p = model.network(torch.tensor([whole])).logits[0].log_softmax(-1)
    expected = [-float(log_p[i, token]) for i, token in enumerate(whole[1:])]
    np.testing.assert_allclose(found.surprisal, expected, atol=1e-5)
    assert found.without_first == pytest.approx(math.exp(np.mean(expected[1:])), rel=1e-4)


def test_rank_and_expected_token_are_those_of_the_logits(tiny_causal):
    found = surprise(tiny_causal, "to be")
    with torch.inference_mode():
        logits = tiny_causal.network(torch.tensor([tiny_causal.encode("to be")])).logits[0]
    for i in range(len(found.ids)):
        row = logits[i]  # of the start token and what follows it
        assert found.rank[i] == 1 + int((row > row[found.ids[i]]).sum())
        assert found.expected[i] == tiny_causal.token_texts([int(row.argmax())])[0]


def test_an_encoder_decoder_scores_an_answer_to_the_source(tiny_seq2seq):
    found = surprise(tiny_seq2seq, "yes", source="to be?")
    ids = torch.tensor([tiny_seq2seq.encode("to be?")])
    labels = torch.tensor([list(found.ids)])
    with torch.inference_mode():
        loss = float(tiny_seq2seq.network(input_ids=ids, labels=labels).loss)
    assert found.start == "<pad>"
    assert found.perplexity == pytest.approx(math.exp(loss), rel=1e-4)


def test_a_long_text_is_read_in_windows_that_overlap_by_half(tiny_causal):
    text = "to be or not to be, that is the question. " * 10
    found = surprise(tiny_causal, text)
    ids, window = [1, *found.ids], tiny_causal.context
    assert len(ids) > 5 * window
    assert found.context == window
    assert np.isfinite(found.surprisal).all()
    # Any token is scored after at least half a window.
    for at in (1, window - 1, window, window + 7, len(ids) - 1):
        begin = 0 if at < window else window // 2 * ((at - window) // (window // 2) + 1)
        with torch.inference_mode():
            row = tiny_causal.network(torch.tensor([ids[begin:at]])).logits[0, -1].log_softmax(-1)
        assert found.surprisal[at - 1] == pytest.approx(-float(row[ids[at]]), abs=1e-4)


def test_windows_of_any_size_agree_where_the_context_is_the_same(tiny_causal, monkeypatch):
    whole = surprise(tiny_causal, "to be or not to be")
    monkeypatch.setattr(module, "ROWS", 3)
    np.testing.assert_allclose(
        surprise(tiny_causal, "to be or not to be").surprisal, whole.surprisal, atol=1e-6
    )


def test_the_example_of_the_source_text_comes_out_exactly():
    product, mean, perplexity = by_hand([0.4, 0.27, 0.55, 0.79])
    assert product == pytest.approx(0.0469, abs=5e-5)
    assert mean == pytest.approx(0.465, abs=5e-4)
    assert perplexity == pytest.approx(2.1485556947850033, rel=1e-14)
    assert by_hand([0.7, 0.5, 0.6, 0.9])[2] == pytest.approx(1.516647134682679, rel=1e-14)


@pytest.mark.parametrize("shares", [[], [0.5, 0.0], [1.5], [-0.1], [math.nan]])
def test_what_is_no_probability_is_explained(shares):
    with pytest.raises(InspectionError, match="above 0 and at most 1"):
        by_hand(shares)


def test_one_token_alone_cannot_be_scored(tiny_causal, monkeypatch):
    monkeypatch.setattr(module, "_ids_of", lambda model, text: ([], [70]))
    with pytest.raises(InspectionError, match="one token long"):
        surprise(tiny_causal, "x")
    assert len(surprise(tiny_causal, "x", start=True).ids) == 1


def test_a_masked_model_has_no_perplexity_in_this_sense(tiny_masked):
    with pytest.raises(InspectionError, match="does not predict the next token"):
        surprise(tiny_masked, "to be")


def test_too_long_a_text_and_an_empty_one_are_explained(tiny_causal):
    with pytest.raises(InspectionError, match="at most 20,000"):
        surprise(tiny_causal, "a" * 100_000)
    with pytest.raises(InspectionError, match="no text"):
        surprise(tiny_causal, "")
    with pytest.raises(InspectionError, match="surrogate"):
        surprise(tiny_causal, "a\ud800")


def test_progress_is_told_once_per_window(tiny_causal):
    told = []
    surprise(tiny_causal, "to be " * 40, progress=lambda share, phrase: told.append(share))
    assert told == sorted(told)
    assert len(told) > 3
