"""What is asked: the target is the model's own logit, on every family of the table."""

import numpy as np
import pytest
import torch

from components.inspection.attribution.baselines import available, baseline_vector, embedding_of
from components.inspection.attribution.question import MOST_TOKENS, Posed, Question, read
from components.inspection.attribution.targets import find_answer
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.prediction import predict
from tests import tiny

TEXT = "to be, or not"
CLOSE = {"rtol": 1e-4, "atol": 1e-4}


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_reading_from_embeddings_gives_the_logits_of_reading_from_ids(family):
    model = tiny.model(family)
    text = f"{TEXT} <mask>" if model.kind == "masked" else TEXT
    logits = record(model, text, keep=["logits"]).logits
    place = model.encode(text).index(4) if model.kind == "masked" else -1
    expected = logits if model.kind == "classifier" else logits[place]
    posed = Posed(model, Question(text))
    np.testing.assert_allclose(posed.logits.numpy(), expected, **CLOSE)
    # Side by side with another text, too: this is how methods read.
    with torch.no_grad():
        both = posed.score.logits(torch.cat([posed.baseline, posed.inputs]))
    np.testing.assert_allclose(both[1].numpy(), expected, **CLOSE)


@pytest.mark.parametrize("family", ["llama", "bert", "bert_classifier", "t5"])
def test_the_answer_is_the_one_that_the_home_page_predicts(family):
    model = tiny.model(family)
    reading, prediction = read(model, Question(TEXT)), predict(model, TEXT)
    assert reading.asked == prediction.asked
    assert reading.answer == prediction.answers[0]
    assert reading.probability == pytest.approx(float(prediction.probabilities[0]), rel=1e-4)
    assert reading.answers[:10] == prediction.answers[: len(reading.answers)]


def test_rather_than_is_the_difference_of_two_logits(tiny_causal):
    alone = [read(tiny_causal, Question(TEXT, answer=name)) for name in "xy"]
    both = read(tiny_causal, Question(TEXT, answer="x", rather_than="y"))
    assert both.at_input == pytest.approx(alone[0].at_input - alone[1].at_input, abs=1e-4)
    assert both.at_baseline == pytest.approx(alone[0].at_baseline - alone[1].at_baseline, abs=1e-4)
    assert both.other_probability == pytest.approx(alone[1].probability)


def test_at_the_baseline_nothing_is_left_of_the_words(tiny_causal):
    one, other = (read(tiny_causal, Question(text, answer="x")) for text in ("to be", "or no"))
    assert one.at_baseline == pytest.approx(other.at_baseline, abs=1e-5)
    assert one.at_input != pytest.approx(other.at_input, abs=1e-3)


def test_special_tokens_stay_and_so_does_the_mask(tiny_masked):
    posed = Posed(tiny_masked, Question("a b"))
    assert posed.units.texts == ("<s>", "a", " ", "b", " ", "<mask>")
    assert posed.units.held == (True, False, False, False, False, True)
    same = (posed.inputs == posed.baseline).all(-1)[0].tolist()
    assert same == [True, False, False, False, False, True]


def test_switches_put_the_baseline_where_they_are_off(tiny_causal):
    posed = Posed(tiny_causal, Question("abc", unit="token"))
    with torch.no_grad():
        score = posed.with_switches(torch.tensor([[1.0, 0.0, 1.0]]))
        given = posed.inputs.clone()
        given[0, 2] = posed.baseline[0, 2]  # <s> a b c
        assert float(score) == pytest.approx(float(posed.score(given)), abs=1e-6)


@pytest.mark.parametrize("family", ["llama", "gemma2", "bart"])
def test_the_mean_baseline_is_the_mean_of_what_the_network_is_given(family):
    model = tiny.model(family)
    every = embedding_of(model)(torch.arange(tiny.VOCABULARY)[None])[0]
    found = baseline_vector(model, "mean")
    np.testing.assert_allclose(found.numpy(), every.mean(0).numpy(), rtol=1e-4, atol=1e-5)


def test_baselines_are_what_they_are_called(tiny_causal):
    table = embedding_of(tiny_causal).weight
    assert not baseline_vector(tiny_causal, "zero").any()
    assert torch.equal(baseline_vector(tiny_causal, "pad"), table[0])
    assert torch.equal(baseline_vector(tiny_causal, "mask"), table[4])
    assert available(tiny_causal) == ("mean", "pad", "mask", "zero")


def test_a_class_is_asked_for_by_its_name(tiny_classifier):
    names = [tiny_classifier.network.config.id2label[index] for index in range(3)]
    logits = record(tiny_classifier, TEXT, keep=["logits"]).logits
    for index, name in enumerate(names):
        reading = read(tiny_classifier, Question(TEXT, answer=name))
        assert reading.at_input == pytest.approx(float(logits[index]), abs=1e-4)


@pytest.mark.parametrize(
    ("family", "question", "said"),
    [
        ("llama", Question(""), "no text"),
        ("llama", Question("x" * 64), "65 tokens long, but this model reads at most 64"),
        ("llama", Question(TEXT, answer="Mary"), "not one token for this model but 4"),
        ("llama", Question(TEXT, answer="x", rather_than="x"), "are the same"),
        ("llama", Question(TEXT, baseline="none"), "no none token to stand in"),
        ("llama", Question(TEXT, unit="page"), "no unit 'page'"),
        ("llama", Question("<pad>"), "only tokens that the tokenizer itself"),
        ("bert_classifier", Question(TEXT, answer="5 stars"), "There is no class “5 stars”"),
    ],
)
def test_what_cannot_be_asked_is_explained(family, question, said):
    with pytest.raises(InspectionError, match=said):
        read(tiny.model(family), question)


def test_a_very_long_text_is_refused_with_its_length():
    model = tiny.model("t5")  # relative positions: no limit of its own
    with pytest.raises(InspectionError, match=f"at most {MOST_TOKENS} are taken"):
        read(model, Question("x" * (MOST_TOKENS + 10)))


def test_a_token_may_be_written_with_a_dot_for_its_space(tiny_causal):
    space = tiny_causal.encode_target(" ")[0]
    assert find_answer(tiny_causal, "·", TEXT) in (space, *tiny_causal.encode_target("·"))
    assert find_answer(tiny_causal, " ", TEXT) == space
    assert find_answer(tiny_causal, "x", TEXT) == tiny_causal.encode_target("x")[0]
