"""Views Shapes, Look-up and Walk-throughs: what is asked, told and printed; other families."""

import contextlib
import io
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components.engine import ModelChoice
from components.inspection.architecture.look_up import entering
from components.inspection.architecture.shapes import shapes
from components.inspection.architecture.walk_through import walked
from components.inspection.load import load_model
from pages.inside.architecture import (
    into_the_first_block,
    look_up_code,
    norm_and_mask,
    shapes_code,
)
from pages.inside.architecture import shapes as shapes_view
from tests import tiny

ROOT = Path(__file__).parents[2]
CAPITAL = "The capital of France is"
STORY = ModelChoice("storyteller")


def printed(code: str) -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "shown", "exec"), {})
    return said.getvalue()


@pytest.mark.parametrize("family", ["llama", "bert_classifier", "t5"])
def test_the_right_shape_is_among_three(family):
    model = tiny.model(family)
    found = shapes(model, "to be", "or" if family == "t5" else None)
    offers = shapes_view.candidates(found)
    assert len(offers) == 3
    assert found.last.written in offers


def test_where_the_sixth_token_comes_from_is_told_and_printed():
    found = shapes(load_model("storyteller", "cpu"), CAPITAL)
    said = shapes_view.told(found, found.of("decoder", 0))
    assert "[1, 6] → [1, 6, 256] → [1, 6, 2560]" in said
    assert "**6** tokens: 5 of the text" in said
    lines = printed(shapes_code.shapes(STORY, CAPITAL, "", "causal"))
    assert "token ids [1, 6]\nwithout special tokens 5\nvectors [1, 6, 256]" in lines
    assert "logits [1, 6, 2560]" in lines
    total = float(lines.split("sums to ")[1].split()[0])
    assert total == pytest.approx(found.row_sum, abs=0.01)


def test_the_code_of_look_up_prints_its_numbers():
    found = entering(load_model("storyteller", "cpu"), CAPITAL)
    lines = printed(look_up_code.entering(STORY, found.ids, 1))
    assert "as it is: True factor: 1.0" in lines
    lines = printed(look_up_code.cost(STORY, found.ids[1]))
    assert "multiplications 655360 copied 256" in lines
    assert "the same row: True" in lines


def test_what_becomes_of_a_row_is_told():
    story = entering(load_model("storyteller", "cpu"), "The cat saw the cat")
    said = into_the_first_block.told(story, 2)
    assert "**Nothing** is added" in said
    assert "stands at place 5 too: what enters is the same, bit for bit" in said
    gemma = into_the_first_block.told(entering(tiny.model("gemma2"), "to be"), 1)
    assert "**4.899** = √24" in gemma
    bert = into_the_first_block.told(entering(tiny.model("bert"), "to be to"), 1)
    assert "**Another vector**" in bert
    assert "A norm follows" in bert
    assert "what enters differs by" in bert


def test_rows_are_told_to_be_more_alike_or_less():
    found = walked(load_model("storyteller", "cpu"), CAPITAL)
    assert norm_and_mask.answer(found) == "more alike"
    assert "weights nearer to equal" in norm_and_mask.because(found)
    other = walked(tiny.model("llama"), "the keys near")
    assert norm_and_mask.answer(other) == (
        "more alike" if other.alike[3] > other.alike[0] else "less alike"
    )


def opened(**address: str) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=180)
    app.switch_page("pages/inside/architecture/architecture.py")
    for name, value in address.items():
        shared = name in ("view", "model", "prompt")
        app.query_params[name if shared else f"architecture.{name}"] = value
    return app.run()


def test_other_families_are_shown_or_refused_in_a_sentence(tmp_path, drawn, monkeypatch):
    monkeypatch.chdir(ROOT)
    for family in ("t5", "gpt2"):
        tiny.network(family).save_pretrained(tmp_path / family)
        tiny.tokenizer().save_pretrained(tmp_path / family)
    t5 = {"model": str(tmp_path / "t5"), "prompt": "to be"}
    app = opened(**t5, view="Shapes", stack="decoder", target="or")
    assert not app.exception
    assert not app.error
    assert drawn["architecture-shapes"].table()["shape"].iloc[-1] == "[1, 3, 261]"
    app = opened(**t5, view="Walk-throughs")
    assert not app.exception
    assert "no decoder alone" in app.error[0].value
    app = opened(
        model=str(tmp_path / "gpt2"),
        view="Walk-throughs",
        walk_through="Conv1D",
        map="attn.c_attn",
    )
    assert not app.exception
    assert not app.error
    assert "does not fit" in drawn["architecture-walk_throughs"].told
