"""Perplexity is exp of the model's own loss."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, processors

from components.inspection import rounding
from components.inspection.errors import InspectionError
from components.inspection.sampling import perplexity as module
from components.inspection.sampling import windows
from components.inspection.sampling.perplexity import Surprisals, by_hand, start_before, surprisals
from tests import tiny

WRITES = [name for name, row in tiny.FAMILIES.items() if row[2] in ("causal", "seq2seq")]


def theirs(model, ids, source="to be?"):
    """The loss that transformers itself reports for `ids`, start tokens included."""
    labels = torch.tensor([ids])
    if model.kind == "seq2seq":
        given = {
            "input_ids": torch.tensor([model.encode(source)]),
            "decoder_input_ids": labels[:, :-1],
            "labels": labels[:, 1:],
        }
    else:
        given = {"input_ids": labels, "labels": labels}
    with torch.no_grad():
        return float(model.network(**given).loss)


@pytest.mark.parametrize("family", WRITES)
def test_perplexity_is_exp_of_the_loss_that_transformers_reports(family):
    model = tiny.model(family)
    found = surprisals(model, "to be or not to be", source="to be?")
    loss = theirs(model, [*found.before, *found.ids])
    assert found.perplexity == pytest.approx(math.exp(loss), rel=1e-4)
    assert [check.verdict for check in found.checks] == ["holds"]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("family", ["gpt2", "llama", "gemma2", "bloom", "mixtral", "t5", "bart"])
def test_so_it_is_in_16_bits(family, dtype):
    """Some families add their loss up in 16 bits: 20 terms, each rounded, and the sum at each."""
    model = tiny.model(family, dtype)
    found = surprisals(model, "to be or not to be", source="to be?")
    loss = theirs(model, [*found.before, *found.ids])
    assert math.log(found.perplexity) == pytest.approx(loss, rel=20 * rounding.unit(dtype))
    assert [check.verdict for check in found.checks] == ["holds"]


def test_stored_padding_and_truncation_are_not_obeyed(padding_stored):
    """All 45 tokens are scored, and none of padding is read."""
    text = "to be or not to be, that is the question, no?"
    found = surprisals(padding_stored, text)
    assert len(found.ids) == len(text)
    assert found.before == (1,)
    loss = theirs(padding_stored, [1, *found.ids])
    assert found.perplexity == pytest.approx(math.exp(loss), rel=1e-4)


def without_start(model):
    """The same model with a tokenizer that puts nothing before a text."""
    bare = Tokenizer.from_str(model.tokenizer.backend_tokenizer.to_str())
    bare.post_processor = processors.Sequence([])
    tokenizer = type(model.tokenizer)(
        tokenizer_object=bare, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )
    return replace(model, tokenizer=tokenizer, known=dict(model.known))


def test_without_a_start_token_the_first_token_is_not_scored(tiny_causal):
    model = without_start(tiny_causal)
    found = surprisals(model, "to be")
    assert (found.start, found.before) == ("", ())
    assert math.isnan(found.surprisal[0])
    assert (found.rank[0], found.expected[0]) == (0, "")
    assert found.perplexity == pytest.approx(math.exp(theirs(model, list(found.ids))), rel=1e-4)
    assert found.without_first == pytest.approx(found.perplexity)


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_with_a_start_token_the_first_token_is_scored_too(family):
    model = without_start(tiny.model(family))
    found = surprisals(model, "to be", start=True)
    assert (found.start, found.before) == ("<s>", (1,))
    whole = [1, *found.ids]
    with torch.no_grad():
        log_p = model.network(torch.tensor([whole])).logits[0].log_softmax(-1)
    expected = [-float(log_p[i, token]) for i, token in enumerate(whole[1:])]
    np.testing.assert_allclose(found.surprisal, expected, atol=1e-5)
    assert found.without_first == pytest.approx(math.exp(np.mean(expected[1:])), rel=1e-4)


def test_what_stands_before_every_text_is_told_beforehand(tiny_causal, tiny_seq2seq):
    assert start_before(tiny_causal) == "<s>"
    assert start_before(without_start(tiny_causal)) == ""
    assert start_before(tiny_seq2seq) == "<pad>"


@pytest.mark.parametrize("single", ["<s> <unk> $A", "<s> $A </s>"])
def test_two_start_tokens_and_an_end_token_are_no_text(single, tiny_causal):
    """The text's own tokens are scored, whatever the tokenizer puts around them."""
    bare = Tokenizer.from_str(tiny_causal.tokenizer.backend_tokenizer.to_str())
    bare.post_processor = processors.TemplateProcessing(
        single=single, special_tokens=[("<s>", 1), ("</s>", 2), ("<unk>", 3)]
    )
    tokenizer = type(tiny_causal.tokenizer)(tokenizer_object=bare, bos_token="<s>")
    found = surprisals(replace(tiny_causal, tokenizer=tokenizer, known={}), "to be")
    assert "".join(found.tokens) == "to be"
    before = [1, 3] if "unk" in single else [1]
    assert found.before == tuple(before)
    whole = torch.tensor([[*before, *found.ids]])
    with torch.no_grad():
        log_p = tiny_causal.network(whole).logits[0].log_softmax(-1)
    expected = [-float(log_p[len(before) - 1 + i, token]) for i, token in enumerate(found.ids)]
    np.testing.assert_allclose(found.surprisal, expected, atol=1e-5)
    assert [check.verdict for check in found.checks] == ["holds"]


def test_rank_and_expected_token_are_those_of_the_logits(tiny_causal):
    found = surprisals(tiny_causal, "to be")
    with torch.no_grad():
        logits = tiny_causal.network(torch.tensor([tiny_causal.encode("to be")])).logits[0]
    for i in range(len(found.ids)):
        row = logits[i]  # of the start token and what follows it
        assert found.rank[i] == 1 + int((row > row[found.ids[i]]).sum())
        assert found.expected[i] == tiny_causal.token_texts([int(row.argmax())])[0]


def test_an_encoder_decoder_scores_an_answer_to_the_source(tiny_seq2seq):
    found = surprisals(tiny_seq2seq, "yes", source="to be?")
    ids = torch.tensor([tiny_seq2seq.encode("to be?")])
    labels = torch.tensor([list(found.ids)])
    with torch.no_grad():
        loss = float(tiny_seq2seq.network(input_ids=ids, labels=labels).loss)
    assert found.start == "<pad>"
    assert found.perplexity == pytest.approx(math.exp(loss), rel=1e-4)


@pytest.mark.parametrize("family", ["llama", "bart"])
def test_a_long_text_is_read_in_windows_that_overlap_by_half(family):
    model = tiny.model(family)
    text = "to be or not to be, that is the question. " * 10
    found = surprisals(model, text, source="to be?")
    ids, window = [*found.before, *found.ids], model.context
    assert len(ids) > 5 * window
    assert found.context == window
    assert found.in_windows
    assert np.isfinite(found.surprisal).all()
    assert [check.verdict for check in found.checks] == ["holds"]
    # Any token is scored after at least half a window.
    source = torch.tensor([model.encode("to be?")])
    for at in (1, window - 1, window, window + 7, len(ids) - 1):
        begin = 0 if at < window else window // 2 * ((at - window) // (window // 2) + 1)
        read = torch.tensor([ids[begin:at]])
        given = (
            {"input_ids": source, "decoder_input_ids": read}
            if family == "bart"
            else {"input_ids": read}
        )
        with torch.no_grad():
            row = model.network(**given).logits[0, -1].log_softmax(-1)
        assert found.surprisal[at - 1] == pytest.approx(-float(row[ids[at]]), abs=1e-4)


@pytest.mark.sabotage("the mean surprisal is the cross-entropy of one plain pass (the loss)")
@pytest.mark.parametrize(
    ("bug", "dtype"),
    [
        ("row", "float32"),
        ("base", "float32"),
        ("first", "float32"),
        ("row", "float16"),
        ("first", "float16"),
        ("row", "bfloat16"),
        ("first", "bfloat16"),
    ],
)
def test_tokens_scored_wrongly_turn_the_check_red(bug, dtype, monkeypatch):
    true = windows.scores

    def wrong(reading, progress):
        found = list(true(reading, progress))
        if bug == "row":  # by what is said behind each token, not before it
            rows = reading.logits(0, len(reading.ids))[1:].float()
            own = -rows.log_softmax(-1).gather(1, torch.tensor(reading.ids[1:])[:, None])[:, 0]
            return [(value, *rest) for value, (_, *rest) in zip(own.tolist(), found, strict=True)]
        if bug == "base":  # bits, not nats
            return [(value / math.log(2), *rest) for value, *rest in found]
        return [found[0], *found[:-1]]  # one counted twice, one not at all

    monkeypatch.setattr(module, "scores", wrong)
    (check,) = surprisals(tiny.model("llama", dtype), "to be or not to be").checks
    assert check.verdict == "fails"


@pytest.mark.sabotage("where the last window goes on, the surprisal is that of a plain pass")
@pytest.mark.parametrize(
    ("bug", "dtype"),
    [
        (lambda begin, done: begin + 1, "float32"),  # one less than half a window before it
        (lambda begin, done: done - 1, "float32"),  # windows that do not overlap
        (lambda begin, done: done - 1, "float16"),
    ],
)
def test_windows_put_together_wrongly_turn_the_check_red(bug, dtype, monkeypatch):
    true = windows.Reading.windows

    def wrong(self):
        for begin, done, end in true(self):
            yield (bug(begin, done) if done > 1 else begin), done, end

    monkeypatch.setattr(windows.Reading, "windows", wrong)
    (check,) = surprisals(tiny.model("llama", dtype), "to be or not to be, that is it. " * 9).checks
    assert check.verdict == "fails"


def test_windows_of_any_size_agree_where_the_context_is_the_same(tiny_causal, monkeypatch):
    whole = surprisals(tiny_causal, "to be or not to be")
    monkeypatch.setattr(windows, "ROWS", 3)
    np.testing.assert_allclose(
        surprisals(tiny_causal, "to be or not to be").surprisal, whole.surprisal, atol=1e-6
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


def test_one_token_alone_cannot_be_scored(tiny_causal):
    model = without_start(tiny_causal)
    with pytest.raises(InspectionError, match="one token long"):
        surprisals(model, "x")
    assert len(surprisals(model, "x", start=True).ids) == 1


def test_a_masked_model_has_no_perplexity_in_this_sense(tiny_masked):
    with pytest.raises(InspectionError, match="does not write on from a text"):
        surprisals(tiny_masked, "to be")


def test_a_network_that_answers_nan_is_refused(tiny_causal, monkeypatch):
    true = windows.Reading.logits
    monkeypatch.setattr(
        windows.Reading, "logits", lambda self, *place: true(self, *place) * float("nan")
    )
    with pytest.raises(InspectionError, match="not numbers"):
        surprisals(tiny_causal, "to be")


def test_a_text_that_the_model_holds_impossible_has_an_infinite_perplexity():
    nats = np.array([5000.0, 1.0], dtype=np.float32)
    found = Surprisals((1, 2), ("a", "b"), nats, np.array([1, 1]), ("", ""), (), "", 1, False)
    assert found.perplexity == math.inf
    assert found.without_first == pytest.approx(math.e)


def test_too_long_a_text_and_an_empty_one_are_explained(tiny_causal):
    with pytest.raises(InspectionError, match="at most 20,000"):
        surprisals(tiny_causal, "a" * 100_000)
    with pytest.raises(InspectionError, match="no text"):
        surprisals(tiny_causal, "")
    with pytest.raises(InspectionError, match="surrogate"):
        surprisals(tiny_causal, "a\ud800")


def test_progress_is_told_once_per_window(tiny_causal):
    told = []
    surprisals(tiny_causal, "to be " * 40, progress=lambda share, phrase: told.append(share))
    assert told == sorted(told)
    assert len(told) > 3
