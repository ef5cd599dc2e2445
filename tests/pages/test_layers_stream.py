"""Residual stream and Facts: the code prints the numbers, answers are computed."""

import contextlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from components.engine import ModelChoice
from components.inspection.layers.fact import ablated
from components.inspection.layers.residual_stream import residual_stream
from components.inspection.layers.residual_stream_similarity import stream_similarity
from components.inspection.layers.without_residual import without_residual
from components.inspection.load import load_model
from components.inspection.model import Model
from pages.inside.layers import fact_code, residual_stream_code
from pages.inside.layers.fact_words import choices, question, told
from pages.inside.layers.residual_stream_words import few_dimensions, growth, loud
from pages.inside.layers.stream_similarity import turned
from tests import tiny

ROOT = Path(__file__).parents[2]
TEXT = "The capital of France is"


@pytest.fixture(scope="module")
def storyteller() -> Model:
    return load_model("storyteller", dtype="float32")


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, str]:
    """Tiny models that a code panel can open."""
    folder = tmp_path_factory.mktemp("models")
    for family in ("t5", "bert", "gpt2"):
        tiny.network(family).save_pretrained(folder / family)
        tiny.tokenizer().save_pretrained(folder / family)
    return {family: str(folder / family) for family in ("t5", "bert", "gpt2")}


def printed(code: str) -> str:
    """What a code panel prints."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "shown", "exec"), {})
    return said.getvalue()


@pytest.mark.parametrize("family", ["t5", "bert", "gpt2"])
def test_code_prints_the_probability_and_the_norms(family, folders):
    model, choice = load_model(folders[family], dtype="float32"), ModelChoice(folders[family])
    off = ablated(model, "the keys")
    assert float(printed(fact_code.switched_off(choice, model.facts, off))) == pytest.approx(
        off.off.min(), rel=1e-4
    )
    stack = "encoder" if family == "bert" else "decoder"
    found = residual_stream(model, "the keys", "dog" if family == "t5" else None, stack)
    first = printed(residual_stream_code.norms(choice, model.facts, found, 0)).splitlines()[0]
    np.testing.assert_allclose(eval(first), found.norms[:-1, 0], rtol=1e-4)


def test_of_two_stacks_the_fold_is_of_the_decoder_whatever_stands_above(folders):
    app = AppTest.from_file(ROOT / "app.py", default_timeout=180)
    app.switch_page("pages/inside/layers/layers.py")
    asked = {"view": "Residual stream", "model": folders["t5"], "prompt": "the keys near"}
    asked |= {"layers.stream": "norm of the writes"}
    asked |= {"layers-residual_stream-residual_connections_switched_off": "true"}
    app.query_params.update(asked)
    app.run()
    assert not app.exception and not app.error
    tokens = [len(each.options) for each in app.selectbox if each.label == "Token"]
    assert tokens == [14, 1]  # the encoder's, and the decoder's start token


def test_code_of_means_and_of_no_connections_prints_what_is_drawn(storyteller):
    choice = ModelChoice("storyteller")
    off = ablated(storyteller, TEXT, what="mean")
    said = float(printed(fact_code.switched_off(choice, storyteller.facts, off)))
    assert said == pytest.approx(off.off.min(), rel=1e-3)
    found = without_residual(storyteller, TEXT)
    norms = eval(printed(fact_code.unconnected(choice, storyteller.facts, found)))
    np.testing.assert_allclose(norms, found.norms_without[1:, -1], rtol=1e-3)
    again = replace(found, blocks=("one",) * 4)
    assert fact_code.unconnected(choice, storyteller.facts, again) == ""


def test_answers_are_computed(storyteller):
    off = ablated(storyteller, TEXT)
    assert question(off).right == "the first MLP"
    assert "2 of 4 attentions and 1 of 4 MLPs" in told(off)
    assert "not the MLPs alone" in told(off)
    other = replace(off, off=np.ones_like(off.off))
    other.off[0, 3] = 0.1
    assert question(other).right == "the last attention"
    assert choices(2, 3)[:2] == ("the first attention", "the last attention")
    found = residual_stream(storyteller, TEXT, None, "decoder")
    assert growth(found).right == "10 to 100 times"
    assert "No token is a giant" in loud(found) and "No dimension" in few_dimensions(found)
    norms = found.norms.copy()
    norms[2, 0] *= 1_000
    giant = replace(found, norms=norms, shares=np.eye(256, dtype=np.float32)[7])
    assert "(the first token)" in loud(giant) and "attention sink" in loud(giant)
    assert "**7** holds 100%" in few_dimensions(giant)
    assert turned(stream_similarity(storyteller, TEXT, None, "decoder")).right == (
        "in the first layer"
    )
