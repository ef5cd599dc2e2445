"""What is asked: the target is the model's own logit, on every family of the table."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers as hf

from components.inspection.attribution.problem import MOST_TOKENS, AttributionProblem
from components.inspection.attribution.question import Question, likeliest_answers, read
from components.inspection.attribution.targets import find_answer, read_rows
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.prediction import predict
from components.inspection.wrapping import wrapped
from tests import tiny

TEXT = "to be, or not"
CLOSE = {"rtol": 1e-4, "atol": 1e-4}


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_reading_from_embeddings_gives_the_logits_of_reading_from_ids(family, dtype):
    model = tiny.model(family, dtype)
    text = f"{TEXT} <mask>" if model.kind == "masked" else TEXT
    ids = torch.tensor([model.encode(text)])
    given = (
        {"decoder_input_ids": torch.tensor([[model.decoder_start]])}
        if family in ("t5", "bart")
        else {}
    )
    with torch.no_grad():
        logits = model.network(ids, attention_mask=torch.ones_like(ids), **given).logits[0].float()
    place = ids[0].tolist().index(4) if model.kind == "masked" else -1
    expected = (logits if model.kind == "classifier" else logits[place]).numpy()
    problem = AttributionProblem(model, Question(text))
    close = CLOSE if dtype == "float32" else {"atol": 0.05 * float(np.abs(expected).max())}
    np.testing.assert_allclose(problem.logits.numpy(), expected, **close)
    # Side by side with another text, too: this is how methods read.
    with torch.no_grad():
        both = problem.score.logits(torch.cat([problem.baseline, problem.inputs])).float()
    np.testing.assert_allclose(both[1].numpy(), expected, **close)
    reading = read(model, Question(text))
    assert [check.verdict for check in reading.checks] == ["holds", "holds"]
    other = expected[reading.target.rather_than]
    want = expected[reading.target.answer] - other
    assert reading.at_input == pytest.approx(want, abs=close["atol"])


def test_what_is_read_is_put_back_in_order_for_others(tiny_causal):
    """Some families scale what they are handed in place: the next text must not be scaled twice."""

    class InPlace(torch.nn.Module):
        def forward(self, embeddings):
            return embeddings.mul_(2.0)

    network = tiny.network("llama")
    scale = InPlace()
    network.model.register_forward_pre_hook(
        lambda _module, args, given: (
            (args, given | {"inputs_embeds": scale(given["inputs_embeds"])})
            if given.get("inputs_embeds") is not None
            else None
        ),
        with_kwargs=True,
    )
    found = read_rows(replace(tiny_causal, network=network), torch.ones(1, 3, 24))
    given = torch.ones(1, 3, 24, requires_grad=True)
    again = read_rows(replace(tiny_causal, network=network), given)
    torch.testing.assert_close(found, again)
    assert (given == 1).all()
    torch.autograd.grad(again.sum(), given)


@pytest.mark.parametrize("family", ["llama", "bert", "bert_classifier", "t5"])
def test_the_answer_is_the_one_that_the_home_page_predicts(family):
    model = tiny.model(family)
    reading, prediction = read(model, Question(TEXT)), predict(model, TEXT)
    assert reading.asked == prediction.asked
    assert reading.answer == prediction.answers[0]
    assert reading.probability == pytest.approx(float(prediction.probabilities[0]), rel=1e-4)
    assert reading.answers[:10] == prediction.answers[: len(reading.answers)]


@pytest.mark.parametrize("family", ["llama", "bert", "bert_classifier", "t5"])
def test_by_default_the_answer_is_held_against_the_runner_up(family):
    model = tiny.model(family)
    reading = read(model, Question(TEXT))
    assert reading.rather_than == reading.answers[1] == predict(model, TEXT).answers[1]
    assert reading.at_input > 0
    second = read(model, Question(TEXT, answer=reading.answer_ids[1]))
    assert second.target.rather_than == reading.target.answer
    assert second.at_input == pytest.approx(-reading.at_input, abs=1e-6)
    alone = read(model, Question(TEXT, rather_than=None))
    assert alone.rather_than is alone.other_probability is None


def test_answers_go_by_number_where_two_are_written_alike(tiny_causal):
    reading = read(tiny_causal, Question(TEXT, answer=7, rather_than=9))
    assert reading.target.answer == 7
    assert reading.target.rather_than == 9


def test_a_model_of_one_number_has_nothing_to_hold_it_against(tmp_path):
    network = tiny.built(
        hf.BertForSequenceClassification, hf.BertConfig(**tiny._BERT, num_labels=1)
    )
    reading = read(wrapped(network, tiny.tokenizer(), "classifier", "one"), Question(TEXT))
    assert reading.asked == "number"
    assert reading.probability is reading.rather_than is None
    assert np.isnan(reading.shares).all()


def test_labels_that_are_judged_each_by_itself_are_not_held_against_each_other():
    config = hf.BertConfig(**tiny._BERT, num_labels=3, problem_type="multi_label_classification")
    network = tiny.built(hf.BertForSequenceClassification, config)
    reading = read(wrapped(network, tiny.tokenizer(), "classifier", "labels"), Question(TEXT))
    assert reading.asked == "label"
    assert reading.rather_than is None
    assert reading.probability == pytest.approx(1 / (1 + np.exp(-reading.at_input)), rel=1e-6)


def test_how_far_the_baseline_is_from_neutral_is_told(tiny_causal):
    reading = read(tiny_causal, Question(TEXT, baseline="mean"))
    problem = AttributionProblem(tiny_causal, Question(TEXT, baseline="mean"))
    with torch.no_grad():
        logits = tiny_causal.network(inputs_embeds=problem.baseline).logits[0, -1].double()
    assert reading.baseline_probability == pytest.approx(float(logits.softmax(-1).max()), rel=1e-5)
    assert reading.baseline_answer == tiny_causal.token_texts([int(logits.argmax())])[0]
    table = tiny_causal.network.get_input_embeddings().weight
    expected = float(table.mean(0).norm() / table.norm(dim=1).mean())
    assert reading.baseline_length == pytest.approx(expected, rel=1e-4)
    assert reading.little_left == (abs(reading.at_baseline) > abs(reading.change))


def test_rather_than_is_the_difference_of_two_logits(tiny_causal):
    alone = [read(tiny_causal, Question(TEXT, answer=name, rather_than=None)) for name in "xy"]
    both = read(tiny_causal, Question(TEXT, answer="x", rather_than="y"))
    assert both.at_input == pytest.approx(alone[0].at_input - alone[1].at_input, abs=1e-4)
    assert both.at_baseline == pytest.approx(alone[0].at_baseline - alone[1].at_baseline, abs=1e-4)
    assert both.other_probability == pytest.approx(alone[1].probability)


def test_at_the_baseline_nothing_is_left_of_the_words(tiny_causal):
    one, other = (
        read(tiny_causal, Question(text, answer="x", rather_than="y"))
        for text in ("to be", "or no")
    )
    assert one.at_baseline == pytest.approx(other.at_baseline, abs=1e-5)
    assert one.at_input != pytest.approx(other.at_input, abs=1e-3)


def test_special_tokens_stay_and_so_does_the_mask(tiny_masked):
    problem = AttributionProblem(tiny_masked, Question("a b", unit="token"))
    assert problem.features.texts == ("<s>", "a", " ", "b", " ", "<mask>")
    assert problem.features.fixed == (True, False, False, False, False, True)
    same = (problem.inputs == problem.baseline).all(-1)[0].tolist()
    assert same == [True, False, False, False, False, True]


def test_switches_put_the_baseline_where_they_are_off(tiny_causal):
    problem = AttributionProblem(tiny_causal, Question("abc", unit="token"))
    with torch.no_grad():
        score = problem.with_switches(torch.tensor([[1.0, 0.0, 1.0]]))
        given = problem.inputs.clone()
        given[0, 2] = problem.baseline[0, 2]  # <s> a b c
        assert float(score) == pytest.approx(float(problem.score(given)), abs=1e-6)


def test_a_class_is_asked_for_by_its_name(tiny_classifier):
    names = [tiny_classifier.network.config.id2label[index] for index in range(3)]
    logits = record(tiny_classifier, TEXT, keep=["logits"]).logits
    for index, name in enumerate(names):
        reading = read(tiny_classifier, Question(TEXT, answer=name, rather_than=None))
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
        ("llama", Question(TEXT, answer=261), "no answer of number 261: this model has 261"),
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
    def found(wanted):
        return find_answer(tiny_causal, wanted, TEXT, tiny.VOCABULARY)

    space = tiny_causal.encode_target(" ")[0]
    assert found("·") in (space, *tiny_causal.encode_target("·"))
    assert found(" ") == space
    assert found("x") == tiny_causal.encode_target("x")[0]


def test_a_model_without_a_head_has_no_answer_to_explain():
    network = tiny.built(hf.BertModel, hf.BertConfig(**tiny._BERT))
    model = wrapped(network, tiny.tokenizer(), "headless", "tiny-sentences")
    with pytest.raises(InspectionError, match="'tiny-sentences' was saved without a head"):
        read(model, Question(TEXT))


def test_a_model_that_looks_ahead_has_no_next_token():
    network = tiny.built(hf.BertLMHeadModel, hf.BertConfig(**tiny._BERT))
    model = wrapped(network, tiny.tokenizer(), "causal", "tiny-ahead")
    with pytest.raises(InspectionError, match="also read those after them"):
        read(model, Question(TEXT))


def test_a_network_that_looks_ids_up_elsewhere_too_is_refused(tiny_causal):
    """As Gemma 3n does: what embeddings alone give is another answer."""
    network = tiny.network("llama")
    further = torch.nn.Embedding(tiny.VOCABULARY, 24)
    given = {}
    network.register_forward_pre_hook(
        lambda _m, _a, kwargs: given.update(ids=kwargs.get("input_ids")), with_kwargs=True
    )
    network.model.layers[1].register_forward_hook(
        lambda _m, _a, out: out if given["ids"] is None else out + further(given["ids"]).detach()
    )
    with pytest.raises(InspectionError, match="answers otherwise when it is handed the embeddings"):
        read(replace(tiny_causal, network=network, known={}), Question(TEXT))


def test_a_bound_is_measured_on_all_logits_not_on_the_few_that_are_drawn(tiny_causal):
    """The difference of two may hardly move by chance, and then allow nothing."""
    for answer in range(20, 60):
        reading = read(tiny_causal, Question("the keys", answer=answer, rather_than=answer + 1))
        assert reading.checks[0].holds
        assert reading.checks[0].bound > 1e-8


@pytest.mark.parametrize("family", ["llama", "bert", "t5", "bert_classifier"])
def test_the_likeliest_answers_are_those_of_the_whole_question(family):
    model = tiny.model(family)
    text = "to be [MASK] not" if family == "bert" else "to be or not"
    whole, found = read(model, Question(text)), likeliest_answers(model, text)
    assert (found.asked, found.answers) == (whole.asked, whole.answers)
    assert found.answer_ids == whole.answer_ids
