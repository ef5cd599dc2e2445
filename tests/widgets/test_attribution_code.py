"""The code that the page offers runs, and prints the numbers that the page shows."""

import contextlib
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from components.inspection.attribution.catalogue import METHODS, MethodSettings
from components.inspection.attribution.faithfulness import curves, ranking
from components.inspection.attribution.methods import attribute
from components.inspection.attribution.phrase import PHRASE_METHODS, attribute_phrase
from components.inspection.attribution.question import Question, read
from components.widgets.scored_text import ground
from pages.inside.attribution.code import Setting, curve_code, scores_code
from pages.inside.attribution.sequence_code import sequence_code
from tests import tiny

EFFORT = MethodSettings(steps=12, samples=4, window=2)


@pytest.fixture(scope="module", params=["llama", "bert", "bert_classifier", "t5"])
def saved(request, tmp_path_factory):
    """A tiny model that also lies in a folder, as the code will load it."""
    model = tiny.model(request.param)
    folder = tmp_path_factory.mktemp(request.param)
    model.network.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    return replace(model, source=str(folder))


def lines(code: str) -> list[str]:
    """Run `code` and return what it prints."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(code, "offered", "exec"), {})
    return output.getvalue().splitlines()


def printed(code: str) -> list[float]:
    """Run `code` and return the first number of each line it prints."""
    return [float(line.split()[0]) for line in lines(code)]


def setting(model, dtype="float32"):
    return Setting(model.source, model.kind, dtype)


FEW, MANY = "to be!", "to be or not to be, that is it"
"""Of three words and of nine: Shapley values are exact of the first, drawn of the second."""


@pytest.mark.parametrize("text", [FEW, MANY])
@pytest.mark.parametrize("method", METHODS)
def test_the_offered_code_prints_the_scores_on_screen(saved, method, text):
    question = Question(text)
    shown = attribute(saved, question, method, EFFORT)
    code = scores_code(setting(saved), read(saved, question), method, EFFORT)
    expected = shown.scores[shown.features.free]
    np.testing.assert_allclose(printed(code), expected, rtol=2e-3, atol=2e-5)


def test_it_prints_the_standard_errors_too(saved):
    shown = attribute(saved, Question(MANY), "shapley", EFFORT)
    told = lines(scores_code(setting(saved), read(saved, Question(MANY)), "shapley", EFFORT))
    errors = [float(line.split("±")[1].split()[0]) for line in told]
    np.testing.assert_allclose(errors, shown.errors[shown.features.free], rtol=2e-3, atol=2e-5)
    few = lines(scores_code(setting(saved), read(saved, Question(FEW)), "shapley", EFFORT))
    assert not any("±" in line for line in few)


@pytest.mark.parametrize(
    "changed",
    [
        {"baseline": "pad", "unit": "token"},
        {"baseline": "mask", "unit": "sentence"},
        {"baseline": "end", "rather_than": None},
        {"baseline": "zero", "answer": 7, "rather_than": 9},
        {"baseline": "mean"},
    ],
)
def test_it_follows_each_choice(saved, changed):
    if saved.kind == "classifier" and "answer" in changed:
        changed = changed | {"answer": 0, "rather_than": 2}
    question = Question("Keys. to be!", **changed)
    shown = attribute(saved, question, "ablation", EFFORT)
    code = scores_code(setting(saved), read(saved, question), "ablation", EFFORT)
    expected = shown.scores[shown.features.free]
    np.testing.assert_allclose(printed(code), expected, rtol=2e-3, atol=2e-5)


def test_the_offered_code_prints_the_deletion_curve(saved):
    question = Question(MANY)
    shown = attribute(saved, question, "ablation", EFFORT)
    order = ranking(shown.scores)
    found = curves(saved, question, ["Feature ablation"], [order])
    code = curve_code(setting(saved), read(saved, question), "Feature ablation", order)
    assert list(found.removed) == list(range(len(order) + 1))
    np.testing.assert_allclose(printed(code), found.deletion[0], rtol=2e-3, atol=2e-5)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_it_computes_in_the_number_format_that_is_on_screen(tmp_path, dtype):
    model = tiny.model("llama", dtype)
    model.network.save_pretrained(tmp_path)
    model.tokenizer.save_pretrained(tmp_path)
    model = replace(model, source=str(tmp_path))
    for method in ("shapley", "integrated_gradients"):
        shown = attribute(model, Question(FEW), method, EFFORT)
        code = scores_code(setting(model, dtype), read(model, Question(FEW)), method, EFFORT)
        expected = shown.scores[shown.features.free]
        close = 0.05 * float(np.abs(expected).max())
        np.testing.assert_allclose(printed(code), expected, atol=close)


@pytest.mark.parametrize("text", ["to be", "to be or not"])
@pytest.mark.parametrize("method", PHRASE_METHODS)
def test_the_offered_code_prints_the_phrase_s_scores(saved, method, text):
    if saved.kind not in ("causal", "seq2seq"):
        pytest.skip("offered for models that write")
    found = attribute_phrase(saved, text, "or", 3, method, "<mask>", 6)
    told = lines(sequence_code(setting(saved), text, found, 6))
    np.testing.assert_allclose(
        [float(line.split()[0]) for line in told], found.whole, rtol=2e-3, atol=2e-5
    )
    rows = [json.loads(line[line.rindex("[") :]) for line in told]
    np.testing.assert_allclose(np.transpose(rows), found.scores, rtol=2e-3, atol=2e-5)


def test_a_gguf_file_is_opened_as_transformers_does():
    code = scores_code(
        Setting("models/small.gguf", "causal"),
        read(tiny.model("llama"), Question(FEW)),
        "ablation",
        EFFORT,
    )
    assert "AutoModelForCausalLM.from_pretrained('models', gguf_file='small.gguf', dtype" in code


def test_colours_run_from_neutral_to_blue_or_orange():
    assert ground(0.0, dark=False) == "#F1EFE9"
    assert ground(0.0, dark=True) == "#34322F"
    assert ground(1.0, dark=True) == ground(1.0, dark=False) == "#0072B2"
    assert ground(-1.0, dark=False) == "#D55E00"
    assert ground(0.5, dark=False) not in (ground(0.4, dark=False), ground(-0.5, dark=False))
    assert ground(1.0, signed=False, dark=False) == "#8A8A86"
