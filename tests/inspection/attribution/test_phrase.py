"""A whole phrase: tables of token x token against loops and against the model's own words."""

import numpy as np
import pytest
import torch

from components.inspection.attribution.phrase import (
    PHRASE_METHODS,
    attribute_phrase,
    phrase_cost,
    stand_ins,
    write,
)
from components.inspection.errors import InspectionError
from tests import tiny

TEXT = "to be"


def log_probabilities(model, ids, said):
    """Of each token of `said`, by transformers' own logits."""
    with torch.no_grad():
        if model.kind == "seq2seq":
            start = torch.tensor([[model.decoder_start, *said[:-1]]])
            logits = model.network(torch.tensor([ids]), decoder_input_ids=start).logits[0]
        else:
            logits = model.network(torch.tensor([[*ids, *said]])).logits[0, len(ids) - 1 : -1]
    return logits.log_softmax(-1)[range(len(said)), said].numpy()


@pytest.mark.parametrize("family", ["llama", "gpt2", "falcon", "t5", "bart"])
def test_ablation_is_what_a_loop_over_the_tokens_finds(family):
    model = tiny.model(family)
    found = attribute_phrase(model, TEXT, "or!", 4, "ablation", "<mask>")
    ids, said = model.encode(TEXT), list(found.phrase_ids)
    whole = log_probabilities(model, ids, said)
    np.testing.assert_allclose(found.log_probabilities, whole, atol=1e-4)
    for column, place in enumerate(range(1, len(ids))):
        holed = [*ids[:place], 4, *ids[place + 1 :]]
        expected = whole - log_probabilities(model, holed, said)
        largest = float(np.abs(expected).max())
        np.testing.assert_allclose(
            found.scores[:, column], expected, rtol=0, atol=2e-3 * largest + 5e-6
        )
    assert found.tokens == tuple(TEXT)
    assert "".join(found.phrase).strip() == "or!"
    assert not found.generated


@pytest.mark.parametrize("family", ["llama", "bart"])
@pytest.mark.parametrize("method", ["integrated_gradients", "shapley"])
def test_each_row_sums_to_what_the_words_changed(family, method):
    model = tiny.model(family)
    found = attribute_phrase(model, TEXT, "or", 4, method, "<mask>")
    ids, said = model.encode(TEXT), list(found.phrase_ids)
    empty = [ids[0]] + [4] * (len(ids) - 1)
    change = log_probabilities(model, ids, said) - log_probabilities(model, empty, said)
    size = np.abs(found.scores).sum(1)
    assert (size > 1e-3).all()
    close = 0.02 if method == "integrated_gradients" else 1e-4
    assert (np.abs(found.scores.sum(1) - change) <= close * size + 1e-5).all()
    np.testing.assert_allclose(found.gaps, change - found.scores.sum(1), atol=1e-4)
    np.testing.assert_allclose(found.whole, found.scores.sum(0), atol=1e-6)


@pytest.mark.parametrize("family", ["llama", "t5"])
def test_an_empty_phrase_is_written_by_the_model_as_generate_would(family):
    model = tiny.model(family)
    said = write(model, TEXT, 5)
    theirs = model.network.generate(
        torch.tensor([model.encode(TEXT)]),
        attention_mask=torch.ones(1, len(model.encode(TEXT)), dtype=torch.long),
        max_new_tokens=5, do_sample=False,
    )[0].tolist()  # fmt: skip
    begins = 1 if family == "t5" else len(model.encode(TEXT))
    expected = theirs[begins:]
    if expected[-1] == 2 and len(expected) > 1:
        expected = expected[:-1]
    assert list(said) == expected
    found = attribute_phrase(model, TEXT, "", 5, "ablation", "<mask>")
    assert found.phrase_ids == said
    assert found.generated


@pytest.mark.parametrize("method", PHRASE_METHODS)
def test_the_cost_said_before_is_the_cost(tiny_causal, method):
    found = attribute_phrase(tiny_causal, TEXT, "or", 4, method, "<mask>")
    assert found.forwards == phrase_cost(method, len(found.tokens), len(found.phrase))[0]


def test_the_network_is_left_as_it_was(tiny_causal):
    attribute_phrase(tiny_causal, TEXT, "or", 4, "integrated_gradients", "<mask>")
    modules = list(tiny_causal.network.modules())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in modules)


def test_an_emoji_in_a_phrase_is_as_many_rows_as_it_has_tokens(tiny_causal):
    found = attribute_phrase(tiny_causal, "é", "🎵", 4, "ablation", stand_ins(tiny_causal)[0])
    assert len(found.phrase) == 4
    assert found.tokens == ("⟨C3⟩", "⟨A9⟩")


@pytest.mark.parametrize(
    ("family", "phrase", "stand_in", "said"),
    [
        ("bert", "", "<mask>", "does not write text"),
        ("llama", "x" * 17, "<mask>", "18 tokens long; at most 16"),
        ("llama", "", "Mary", "“Mary” cannot stand in"),
    ],
)
def test_what_cannot_be_done_is_explained(family, phrase, stand_in, said):
    with pytest.raises(InspectionError, match=said):
        attribute_phrase(tiny.model(family), TEXT, phrase, 4, "ablation", stand_in)
