"""The code that the page offers runs, and prints the numbers that the page shows."""

import contextlib
import io
from dataclasses import replace

import numpy as np
import pytest

from components.inspection.attribution.catalogue import METHODS, Effort
from components.inspection.attribution.methods import attribute
from components.inspection.attribution.phrase import attribute_phrase
from components.inspection.attribution.question import Question, read
from components.widgets.attribution.code import phrase_code, scores_code
from components.widgets.attribution.shown import ground
from tests import tiny

EFFORT = Effort(steps=12, samples=4, window=2)


@pytest.fixture(scope="module", params=["llama", "bert", "bert_classifier", "t5"])
def saved(request, tmp_path_factory):
    """A tiny model that also lies in a folder, as the code will load it."""
    model = tiny.model(request.param)
    folder = tmp_path_factory.mktemp(request.param)
    model.network.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    return replace(model, source=str(folder))


def printed(code: str) -> list[float]:
    """Run `code` and return the first number of each line it prints."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(code, "offered", "exec"), {})
    return [float(line.split()[0]) for line in output.getvalue().splitlines()]


@pytest.mark.parametrize("method", [name for name in METHODS if name != "gradient_shap"])
def test_the_offered_code_prints_the_scores_on_screen(saved, method):
    other = "LABEL_2" if saved.kind == "classifier" else "q"
    question = Question("to be!", rather_than=other, baseline="mask", unit="word")
    shown = attribute(saved, question, method, EFFORT)
    code = scores_code(saved.source, question, read(saved, question), method, EFFORT)
    expected = shown.scores[shown.units.free]
    np.testing.assert_allclose(printed(code), expected, rtol=2e-3, atol=2e-3)


def test_the_code_of_gradient_shap_draws_points_of_its_own_near_the_same_scores(saved):
    effort = Effort(samples=100)
    question = Question("to be!", baseline="mask", unit="word")
    shown = attribute(saved, question, "gradient_shap", effort)
    code = scores_code(saved.source, question, read(saved, question), "gradient_shap", effort)
    expected = shown.scores[shown.units.free]
    off = np.abs(np.array(printed(code)) - expected).sum()
    assert off < 0.5 * np.abs(expected).sum()


def test_the_offered_code_prints_the_phrase_s_scores(saved):
    if saved.kind != "causal":
        pytest.skip("offered for decoders")
    found = attribute_phrase(saved, "to be", "or", 3, "ablation", "<mask>")
    code = phrase_code(saved.source, "to be", found)
    np.testing.assert_allclose(printed(code), found.whole, rtol=1e-3, atol=1e-3)


def test_colours_run_from_neutral_to_blue_or_orange():
    assert ground(0.0, dark=False) == "#F1EFE9"
    assert ground(0.0, dark=True) == "#34322F"
    assert ground(1.0, dark=True) == ground(1.0, dark=False) == "#0072B2"
    assert ground(-1.0, dark=False) == "#D55E00"
    assert ground(0.5, dark=False) not in (ground(0.4, dark=False), ground(-0.5, dark=False))
    assert ground(1.0, signed=False, dark=False) == "#8A8A86"
