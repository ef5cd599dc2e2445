"""The code that Look-up and In context offer runs, and gives the numbers on screen."""

import io
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest
import torch

from components.engine import ModelChoice
from components.inspection.embeddings.arithmetic import arithmetic
from components.inspection.embeddings.concentration import concentration
from components.inspection.embeddings.geometry import angles, near
from components.inspection.embeddings.in_context import word_in_context
from components.inspection.embeddings.lengths import norms
from components.inspection.embeddings.lookup import look_up
from components.inspection.load import load_model
from pages.text.embeddings import code_words
from pages.text.embeddings.contexts import OFFERS
from tests import tiny

CHOICE = ModelChoice("storyteller")


@pytest.fixture(scope="module")
def storyteller():
    return load_model("storyteller", device="cpu")


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[2])


def run(text: str) -> tuple[dict, str]:
    names: dict = {}
    with redirect_stdout(io.StringIO()) as said:
        exec(compile(text, "on-screen", "exec"), names)
    return names, said.getvalue()


def test_a_row(storyteller):
    found = look_up(storyteller, "The dog saw the cat", 2)
    names, said = run(code_words.look_up(CHOICE, found.id))
    np.testing.assert_array_equal(names["product"].numpy(), found.product)
    assert "(2560, 256) 655360 True" in said


def test_norms(storyteller):
    names, _ = run(code_words.norms(CHOICE))
    np.testing.assert_allclose(names["lengths"].numpy(), norms(storyteller).input, rtol=1e-6)


def test_angles(storyteller):
    _, said = run(code_words.angles(CHOICE))
    np.testing.assert_allclose(list(map(float, said.split())), angles(storyteller).means, atol=1e-7)


def test_neighbours(storyteller):
    found = near(storyteller, "king")
    names, said = run(code_words.near(CHOICE, found.word.ids))
    last = [each for each in names["near"][0].tolist() if each not in found.word.ids][:10]
    assert storyteller.token_texts(last) == tuple(name for name, _ in found.by_distance)
    assert said.count("[") == 2


def test_dimensions(storyteller):
    found = concentration(storyteller)
    _, said = run(code_words.concentrating(int(found.dimensions[-1])))
    d, spread, formula = map(float, said.splitlines()[-1].split())
    assert d == 256
    assert formula == found.by_formula[-1]
    assert spread == pytest.approx(found.gaussian_cosine[-1], rel=0.06)


def test_arithmetic(storyteller):
    found = arithmetic(storyteller, "king", "man", "woman")
    names, _ = run(code_words.arithmetic(CHOICE, tuple(each.ids for each in found.words)))
    assert names["best"].indices.tolist() == found.ids[:10].tolist()
    np.testing.assert_allclose(names["best"].values.numpy(), found.cosines[:10], atol=1e-6)


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
def test_a_word_in_context(storyteller, offer):
    found = word_in_context(storyteller, *offer)
    names, _ = run(code_words.context(CHOICE, found, False))
    theirs = torch.nn.functional.cosine_similarity(names["one"], names["other"], dim=1)
    np.testing.assert_allclose(theirs.numpy(), found.cosines[1:-1, 0, 1], atol=1e-5)


@pytest.mark.parametrize("family", ["t5", "bert", "bart"])
def test_a_word_in_context_of_other_families(family, tmp_path):
    model = tiny.model(family)
    model.network.save_pretrained(tmp_path)
    tiny.tokenizer().save_pretrained(tmp_path)
    found = word_in_context(model, ("to be or not", "or be it now"), "be")
    names, _ = run(code_words.context(ModelChoice(str(tmp_path)), found, family != "bert"))
    theirs = torch.nn.functional.cosine_similarity(names["one"], names["other"], dim=1)
    np.testing.assert_allclose(theirs.numpy(), found.cosines[1:-1, 0, 1], atol=1e-5)
