"""A whole phrase: tables of token x token against loops and against the model's own words."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from captum.attr import (
    FeatureAblation,
    LayerIntegratedGradients,
    LLMAttribution,
    LLMGradientAttribution,
    TextTokenInput,
)

from components.inspection.attribution.baselines import stand_ins
from components.inspection.attribution.phrase import (
    PHRASE_METHODS,
    attribute_phrase,
    lengths,
    write,
)
from components.inspection.attribution.phrase_ways import PhraseScore, phrase_cost
from components.inspection.attribution.shapley import shapley
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
        max_new_tokens=5,
        do_sample=False,
    )[0].tolist()
    begins = 1 if family == "t5" else len(model.encode(TEXT))
    expected = theirs[begins:]
    if expected[-1] == 2 and len(expected) > 1:
        expected = expected[:-1]
    assert list(said) == expected
    found = attribute_phrase(model, TEXT, "", 5, "ablation", "<mask>")
    assert found.phrase_ids == said
    assert found.generated


@pytest.mark.parametrize("family", ["llama", "t5"])
def test_a_phrase_ends_before_the_end_token_unless_that_is_all_there_is(family):
    model = tiny.model(family)
    said = write(model, TEXT, 5)
    assert len(said) == 5
    first = {token: said.index(token) for token in said}
    token = max(first, key=lambda each: first[each])
    network = copy.deepcopy(model.network)
    network.generation_config.eos_token_id = token
    ends = replace(model, network=network, known={})
    assert write(ends, TEXT, 5) == (said[: first[token]] or said[:1])
    network.generation_config.eos_token_id = [said[0]]
    assert write(ends, TEXT, 5) == said[:1]


@pytest.mark.parametrize("text", ["to be", "to be or not"])
@pytest.mark.parametrize("family", ["llama", "t5"])
@pytest.mark.parametrize("method", PHRASE_METHODS)
def test_the_cost_said_before_is_the_cost(family, method, text):
    model = tiny.model(family)
    found = attribute_phrase(model, text, "or", 4, method, "<mask>", 6)
    tokens, said = lengths(model, text, "or")
    assert (tokens, said) == (len(found.tokens), len(found.phrase))
    forwards, backwards = phrase_cost(method, tokens, said, 6)
    assert found.backwards == backwards
    if method == "shapley" and tokens > 8:
        assert 0.8 * forwards < found.forwards <= forwards
    else:
        assert found.forwards == forwards


class OurIds:
    """Ids in the shape of a tokenizer, for Captum."""

    def __init__(self, ids, said):
        self.ids, self.said = ids, said

    def encode(self, _text, return_tensors=None):
        return torch.tensor([self.ids])

    def convert_ids_to_tokens(self, ids):
        return [str(token) for token in ids]

    def decode(self, _ids):
        return "." * len(self.said)

    def __call__(self, _text, **_options):
        spans = [(place, place + 1) for place in range(len(self.said))]
        return {"input_ids": self.said, "offset_mapping": spans}


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_scores_are_those_of_captum_s_classes_for_language_models(family):
    model = tiny.model(family)
    found = attribute_phrase(model, TEXT, "or", 4, "ablation", "<mask>")
    ids, said = model.encode(TEXT), list(found.phrase_ids)
    given = TextTokenInput("", OurIds(ids, said), baselines=4, skip_tokens=[1])
    goal = torch.tensor(said)
    theirs = LLMAttribution(FeatureAblation(model.network), OurIds(ids, said)).attribute(
        given, target=goal, use_cached_outputs=False, forward_in_tokens=False
    )
    np.testing.assert_allclose(found.scores, theirs.token_attr.numpy(), atol=1e-4)
    layer = LayerIntegratedGradients(model.network, model.network.get_input_embeddings())
    theirs = LLMGradientAttribution(layer, OurIds(ids, said)).attribute(
        given, target=goal, n_steps=64, baselines=torch.zeros_like(given.to_tensor())
    )
    found = attribute_phrase(model, TEXT, "or", 4, "integrated_gradients", "<mask>")
    np.testing.assert_allclose(found.scores, theirs.token_attr.numpy(), atol=1e-4)


@pytest.mark.parametrize("family", ["llama", "bart"])
def test_shapley_values_are_exact_up_to_eight_tokens_and_else_say_how_sure_they_are(family):
    model = tiny.model(family)
    few = attribute_phrase(model, TEXT, "or", 4, "shapley", "<mask>", 4)
    assert few.errors is None
    many = attribute_phrase(model, "to be or not", "or", 4, "shapley", "<mask>", 10)
    assert many.errors.shape == many.scores.shape
    assert (many.errors > 0).all()
    ids = model.encode("to be or not")
    score = PhraseScore(model, ids, many.phrase_ids, range(1, len(ids)), 4, gradients=False)
    expected = shapley(score.with_switches, len(ids) - 1, 10)
    np.testing.assert_allclose(many.scores, expected.values.T, atol=1e-5)
    np.testing.assert_allclose(many.errors, expected.errors.T, rtol=1e-2, atol=1e-6)


def test_a_phrase_needs_embeddings_only_where_a_gradient_does(tiny_causal, monkeypatch):
    def refused(*_given):
        raise InspectionError("Embeddings are not enough here.")

    monkeypatch.setattr("components.inspection.attribution.phrase_ways.require", refused)
    for method in ("ablation", "shapley"):
        attribute_phrase(tiny_causal, TEXT, "or", 4, method)
    with pytest.raises(InspectionError, match="Embeddings are not enough"):
        attribute_phrase(tiny_causal, TEXT, "or", 4, "integrated_gradients")


def test_the_stand_in_is_the_neutral_token_unless_another_is_asked_for(tiny_causal):
    assert attribute_phrase(tiny_causal, TEXT, "or", 4, "ablation").stand_in == "<pad>"


def test_a_phrase_that_the_model_writes_ends_where_its_context_does(tiny_causal):
    text = "x" * 60  # and a start token: 61 of 64
    found = attribute_phrase(tiny_causal, text, "", 9, "ablation")
    assert 1 <= len(found.phrase) <= 3
    with pytest.raises(InspectionError, match="fills all 64 tokens"):
        write(tiny_causal, "x" * 63, 3)


def test_the_network_is_left_as_it_was(tiny_causal):
    def hooks():
        modules = tiny_causal.network.modules()
        return [(list(m._forward_hooks), list(m._forward_pre_hooks)) for m in modules]

    before = hooks()
    attribute_phrase(tiny_causal, TEXT, "or", 4, "integrated_gradients", "<mask>")
    assert hooks() == before


def test_an_emoji_in_a_phrase_is_as_many_rows_as_it_has_tokens(tiny_causal):
    found = attribute_phrase(tiny_causal, "é", "🎵", 4, "ablation", stand_ins(tiny_causal)[0])
    assert len(found.phrase) == 4
    assert found.tokens == ("⟨C3⟩", "⟨A9⟩")


@pytest.mark.parametrize(
    ("family", "phrase", "stand_in", "said"),
    [
        ("bert", "", "<mask>", "does not write on from a text"),
        ("llama", "x" * 17, "<mask>", "18 tokens long; from 1 to 16 are taken"),
        ("llama", "", "Mary", "“Mary” cannot stand in"),
    ],
)
def test_what_cannot_be_done_is_explained(family, phrase, stand_in, said):
    with pytest.raises(InspectionError, match=said):
        attribute_phrase(tiny.model(family), TEXT, phrase, 4, "ablation", stand_in)
