"""The code that the attention page offers runs, and gives the numbers on screen."""

import io
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest

from components.engine import ModelChoice
from components.inspection.attention.heads import head_scores
from components.inspection.attention.maps import attention_maps
from components.inspection.attention.steps import attention_steps
from components.inspection.attention.toy import EXAMPLE, matrix, toy_attention
from components.inspection.load import load_model
from components.widgets.attention import code
from components.widgets.attention.choices import Reading
from tests import tiny

TEXT = "Once upon a time there was a little fox."


@pytest.fixture(scope="module")
def storyteller():
    return load_model("storyteller", device="cpu")


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[2])


def run(text: str) -> dict:
    names: dict = {}
    with redirect_stdout(io.StringIO()):
        exec(compile(text, "on-screen", "exec"), names)
    return names


def reading(source: str, group="decoder", target=None, two_towers=False) -> Reading:
    return Reading(ModelChoice(source), TEXT, target, group, two_towers)


def test_the_weights(storyteller):
    theirs = run(code.weights_code(reading("storyteller"), 2, 1))["weights"]
    ours = attention_maps(storyteller, TEXT, None, "decoder").weights[2, 1]
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-6)


def test_the_share_on_the_token_before(storyteller):
    theirs = run(code.previous_token_code(reading("storyteller")))["share"]
    ours = head_scores(attention_maps(storyteller, TEXT, None, "decoder")).shares["previous"]
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-6)


def test_the_steps(storyteller):
    names = run(code.steps_code(reading("storyteller"), 1, 3, 6))
    ours = attention_steps(storyteller, TEXT, None, "decoder", 1, 3, 6)
    np.testing.assert_allclose(ours.weights, names["weights"].numpy(), atol=1e-5)
    np.testing.assert_allclose(ours.output, names["output"].numpy(), atol=1e-5)
    np.testing.assert_allclose(ours.write, names["write"].numpy(), atol=1e-5)


@pytest.mark.parametrize("group", ["encoder", "decoder", "cross"])
def test_the_weights_of_two_towers(tmp_path, group):
    folder = saved("t5", tmp_path)
    theirs = run(code.weights_code(reading(folder, group, "dog", True), 1, 2))["weights"]
    ours = attention_maps(tiny.model("t5"), TEXT, "dog", group).weights[1, 2]
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-6)


def test_the_weights_of_an_encoder(tmp_path):
    folder = saved("bert", tmp_path)
    theirs = run(code.weights_code(reading(folder, "encoder"), 1, 2))["weights"]
    ours = attention_maps(tiny.model("bert"), TEXT, None, "encoder").weights[1, 2]
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-6)


def saved(family: str, folder: Path) -> str:
    """Save a tiny model as anybody would, and return its folder."""
    tiny.network(family, "eager").save_pretrained(folder)
    tiny.tokenizer().save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("causal", [True, False])
def test_the_toy(scale, causal):
    names = run(code.toy_code(EXAMPLE, "1, 0\n0, 2\n1 1", EXAMPLE, scale, causal, 0.5))
    small = matrix(EXAMPLE, "Q")
    ours = toy_attention(small, matrix("1 0\n0 2\n1 1", "K"), small, scale, causal, 0.5)
    np.testing.assert_allclose(ours.weights, names["weights"], atol=1e-12)
    np.testing.assert_allclose(ours.outputs, names["outputs"], atol=1e-12)
