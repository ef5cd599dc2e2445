"""The code that the page of the forward pass offers runs, and gives the numbers on screen."""

import io
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from components.engine import ModelChoice
from components.inspection.load import load_model
from components.widgets.machine.assembled import assembled
from components.widgets.machine.look import DEFAULT
from pages.inside.forward_pass import code
from tests import tiny

TEXT = "Once upon a time there was a little fox."
SHORT = "to be or not"


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[2])


def run(text: str) -> dict:
    names: dict = {}
    said = io.StringIO()
    with redirect_stdout(said):
        exec(compile(text, "on-screen", "exec"), names)
    assert said.getvalue().strip(), "the code prints"
    return names


def held(model, source: str, text: str, look=DEFAULT, off: float = 1e-4) -> dict:
    """Compare what the code gives with what is drawn; return its names."""
    found = assembled(lambda inspection, *given: inspection(model, *given), text, look)
    names = run(code.path(ModelChoice(source), model.facts, found))
    norms = found.river.norms[:-1, found.place - found.river.first]
    np.testing.assert_allclose(names["norms"], norms, rtol=off)
    answers = found.path.answers
    assert (answers is None) == ("top" not in names)
    if answers is not None:
        assert names["top"].indices.tolist() == list(answers.ids)
        np.testing.assert_allclose(names["top"].values.tolist(), answers.shares, rtol=100 * off)
    return names


@pytest.mark.parametrize("token", [None, 3])
def test_of_the_bundled_model(token):
    model = load_model("storyteller", device="cpu")
    names = held(model, "storyteller", TEXT, replace(DEFAULT, token=token))
    assert len(names["norms"]) == model.facts.layers


@pytest.mark.parametrize("family", ["gpt2", "llama", "bert", "bert_classifier", "t5", "bart"])
def test_of_a_folder(family, tmp_path):
    held(tiny.model(family), saved(family, tmp_path), SHORT)


@pytest.mark.parametrize("family", ["t5", "bart"])
def test_of_the_encoder_of_two_stacks(family, tmp_path):
    names = held(
        tiny.model(family), saved(family, tmp_path), SHORT, replace(DEFAULT, stack="encoder")
    )
    assert "top" not in names


def test_of_a_model_without_a_head(tmp_path):
    tiny.network("bert").bert.save_pretrained(tmp_path)
    tiny.tokenizer().save_pretrained(tmp_path)
    held(load_model(str(tmp_path), device="cpu"), str(tmp_path), SHORT)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_number_format_is_that_on_screen_and_not_the_files(dtype, tmp_path):
    folder = saved("llama", tmp_path, "bfloat16")
    held(load_model(folder, device="cpu", dtype=dtype), folder, SHORT)


def test_what_was_written_is_read_too(tmp_path):
    names = held(
        tiny.model("llama"), saved("llama", tmp_path), SHORT, replace(DEFAULT, written=(9, 10))
    )
    assert names["ids"][0, -2:].tolist() == [9, 10]


def test_with_parts_switched_off_there_is_none():
    look = replace(DEFAULT, off=("mlp 0",))
    model = tiny.model("llama")
    found = assembled(lambda inspection, *given: inspection(model, *given), SHORT, look)
    assert code.path(ModelChoice("storyteller"), model.facts, found) == ""


def saved(family: str, folder: Path, dtype: str = "float32") -> str:
    """Save a tiny model as anybody would, and return its folder."""
    tiny.network(family, dtype).save_pretrained(folder)
    tiny.tokenizer().save_pretrained(folder)
    return str(folder)
