"""Direct attribution and Score by parts as pages: they run, their code prints the very numbers."""

import contextlib
import io
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components.engine import ModelChoice
from components.inspection.layers.direct_attribution import direct_attribution
from components.inspection.layers.score_parts import score_parts
from components.inspection.load import load_model
from pages.inside.layers import direct_attribution_code, score_parts_code
from tests import tiny

ROOT = Path(__file__).parents[2]
DRINK = "When Mary and John went to the shop, Mary gave a drink to"


def opened(view: str, **address: str) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=180)
    app.switch_page("pages/inside/layers/layers.py")
    app.query_params["view"], app.query_params["prompt"] = view, DRINK
    for name, value in address.items():
        app.query_params[name] = value
    return app.run()


def said(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.info, app.error)
    return "\n".join(str(each.value) for kind in kinds for each in kind)


def test_john_rather_than_mary_and_the_neurons_below(drawn):
    fold = {"layers-direct_attribution-mlp_neurons": "true", "layers.mlp_layer": "3"}
    asked = {"layers.answer": "·John", "layers.contrast": "·Mary"}
    app = opened("Direct attribution", **asked, **fold)
    assert not app.exception and not app.error
    shown, below = (
        drawn["layers-direct_attribution"],
        drawn["layers-direct_attribution-mlp_neurons"],
    )
    assert "**+11.39**" in shown.told and "head 1 of layer 2 (+4.35)" in shown.told
    assert shown.predict.right == "the MLPs" and "**128** of its 576 neurons" in below.told
    assert all(check.holds for one in (shown, below) for check in one.checks)


def test_the_score_that_opens_is_that_of_the_head_that_looks_most(drawn):
    app = opened("Score by parts")
    assert not app.exception and not app.error
    shown = drawn["layers-score_by_parts"]
    assert "Layer 2, head 1: the score of “·to” for “·John” is **+29.15**" in shown.told
    assert "what the MLP of layer 1 wrote at “·to” met what the MLP of layer 0" in shown.told
    assert shown.predict.right == "earlier MLPs"
    assert "the biases" not in shown.predict.answers


@pytest.mark.parametrize("view", ["Direct attribution", "Score by parts"])
def test_an_encoder_is_told_kindly(view, tmp_path):
    tiny.network("bert_classifier").save_pretrained(tmp_path)
    tiny.tokenizer().save_pretrained(tmp_path)
    app = opened(view, model=str(tmp_path))
    assert not app.exception
    refused = "gives no token a logit" in said(app)
    assert refused == (view == "Direct attribution")


def printed(code: str) -> dict[str, float]:
    """What code prints: a name and a number in each line."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "panel", "exec"), {})
    return {name: float(number) for name, number in map(str.split, out.getvalue().splitlines())}


@pytest.fixture(scope="module", params=["storyteller", "gpt2", "qwen2"])
def model(request, tmp_path_factory):
    """A model that transformers can open by its name."""
    if request.param == "storyteller":
        return load_model("storyteller", dtype="float32")
    folder = str(tmp_path_factory.mktemp("models") / request.param)
    tiny.network(request.param).save_pretrained(folder)
    tiny.tokenizer().save_pretrained(folder)
    return load_model(folder, dtype="float32")


@pytest.mark.parametrize("contrast", ["", None])
def test_the_code_prints_the_terms(model, contrast):
    found = direct_attribution(model, "the keys near", 2, "", contrast)
    choice = ModelChoice(model.source, dtype="float32")
    code = direct_attribution_code.terms(choice, model.facts, "the keys near", found)
    numbers = printed(code)
    assert numbers["asked"] == pytest.approx(found.total, abs=1e-4)
    assert numbers["embedding"] == pytest.approx(float(found.terms[0]), abs=1e-4)


def test_the_code_prints_the_score_and_what_embeddings_add(model):
    head = model.facts.heads - 1
    found = score_parts(model, "the keys near", "decoder", 1, head, 2, 1)
    choice = ModelChoice(model.source, dtype="float32")
    code = score_parts_code.score(choice, model.facts, "the keys near", found)
    assert bool(code) == (model.facts.family != "gpt2")
    if code:
        numbers = printed(code)
        assert numbers["score"] == pytest.approx(found.score, abs=1e-4)
        assert numbers["embeddings"] == pytest.approx(float(found.matrix[0, 0]), abs=1e-4)
