"""Norms and activations on their page: what is asked, what is told, and that the code agrees."""

import contextlib
import io
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components.engine import ModelChoice
from components.inspection.layers.activations import activations
from components.inspection.layers.norms import norms_by_hand
from components.inspection.layers.norms_of_model import layer_norms
from components.inspection.layers.placement import norm_placement
from components.inspection.load import load_model
from pages.inside.layers import activations_code, activations_words, norms_code, norms_of_the_model
from pages.inside.layers import norm_placement as placing
from pages.inside.layers import norms_by_hand as hand
from tests import tiny

ROOT = Path(__file__).parents[2]
TEXT = "the keys near"


def printed(code: str) -> list[float]:
    """The numbers that a panel's code prints."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "shown", "exec"), {})
    return [float(each) for each in re.findall(r"-?\d+\.\d*(?:e[-+]\d+)?", said.getvalue())]


def test_by_hand_the_code_prints_the_bars():
    found = norms_by_hand((1.0, 2.0, 3.0, 4.0), add=10)
    numbers = [*found.changed.layer, *found.changed.rms]
    assert printed(norms_code.by_hand(found)) == pytest.approx(numbers, abs=1e-4)
    assert "**same**" in hand.told(found) and "**other**" in hand.told(found)
    assert "**2.5**" in hand.told(norms_by_hand((1.0, 2.0, 3.0, 4.0)))


@pytest.mark.parametrize("family", ["gemma2", "bert", "t5"])
def test_the_code_of_a_models_norm_prints_what_comes_out(family, tmp_path):
    tiny.network(family).save_pretrained(tmp_path)
    tiny.tokenizer().save_pretrained(tmp_path)
    choice = ModelChoice(str(tmp_path))
    model = load_model(str(tmp_path))
    found = layer_norms(model, TEXT, list(model.anatomy.stacks)[-1], 1, 0)
    for norm in found.norms[:2]:
        numbers = printed(norms_code.of_the_model(choice, TEXT, found, norm))
        assert numbers[:4] == pytest.approx(norm.gives[:4], rel=1e-3, abs=1e-3)
        assert numbers[4:] == pytest.approx(norm.gives[:4], rel=1e-3, abs=1e-3)


def test_the_code_of_activations_prints_the_functions_at_one():
    numbers = printed(activations_code.CODE)
    assert numbers[4:8] == pytest.approx([-0.1587, 0, 0.8413, 1.9545], abs=1e-4)
    assert numbers[12:16] == pytest.approx([-0.2689, 0, 0.7311, 1.7616], abs=1e-4)


def test_right_answers_follow_the_results():
    llama, opt = tiny.model("llama"), tiny.model("opt")
    found = activations(opt, TEXT, "decoder", 1)
    assert activations_words.question(found, 0).right == "10% to 50%"
    assert activations_words.others(found) == ""
    assert "ReLU gives what it gave" in activations_words.tried(found)
    coarse = activations(tiny.model("gpt2", "bfloat16"), TEXT, "decoder", 1)
    assert "GELU (exact)" in activations_words.others(coarse)
    assert "*up*" in activations_words.product(activations(llama, TEXT, "decoder", 1))
    placed = norm_placement(llama, TEXT, "decoder", 1)
    assert placing.question(placed, None).right == placing.GROWS
    assert "pre-norm" in placing.told(placed)
    for norm in layer_norms(llama, TEXT, "decoder", 1, 2).norms:
        same = abs(norm.given).argmax() == abs(norm.gives).argmax()
        right = norms_of_the_model.question(norm).right
        assert right == (norms_of_the_model.SAME if same else norms_of_the_model.OTHER)


def opened(**address: str) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=180)
    app.switch_page("pages/inside/layers/layers.py")
    for name, value in address.items():
        shared = name in ("view", "model", "layer", "prompt")
        app.query_params[name if shared else f"layers.{name}"] = value
    return app.run()


def test_what_cannot_be_normed_is_said(monkeypatch):
    monkeypatch.chdir(ROOT)
    app = opened(view="Norms", norm_numbers="1 two")
    assert not app.exception
    assert "is no number" in app.error[0].value


def test_a_mixture_of_experts_has_no_one_set_of_neurons(monkeypatch, tmp_path):
    tiny.network("mixtral").save_pretrained(tmp_path)
    tiny.tokenizer().save_pretrained(tmp_path)
    monkeypatch.chdir(ROOT)
    app = opened(view="Activations", model=str(tmp_path), prompt=TEXT)
    assert not app.exception
    assert "mixture of experts" in app.error[0].value
