"""The view of the logit lens: what it tells, what it asks, and what its code prints."""

import contextlib
import io
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.inside.layers.logit_lens_asked import first_column
from tests import tiny

ROOT = Path(__file__).parents[2]
FOLD = "layers-logit_lens-followed_tokens"


def opened(**address: str) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=180)
    app.switch_page("pages/inside/layers/layers.py")
    app.query_params["view"] = "Logit lens"
    for name, value in address.items():
        shared = name in ("model", "prompt", FOLD)
        app.query_params[name if shared else f"layers.{name}"] = value
    return app.run()


def printed(code: str) -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "shown", "exec"), {})
    return said.getvalue().strip()


def test_it_tells_the_cell_and_its_code_prints_it(drawn, monkeypatch):
    monkeypatch.chdir(ROOT)
    app = opened(after="1", token="4")
    assert not app.exception and not app.error
    shown = drawn["layers-logit_lens"]
    assert shown.told.startswith("After **block 1**, at `·France`: `bur` ")
    share = shown.table().query("after == 'block 1' and token == '·France'")["probability"].item()
    word, number = printed(shown.code).rsplit(" ", 1)
    assert word == "'bur'" and float(number) == pytest.approx(share, rel=1e-4)
    assert shown.predict.right == "block 2", "France: the answer there leads from block 2"
    assert shown.predict.before is not None


def test_the_embedding_s_code_prints_its_cell(drawn, monkeypatch):
    monkeypatch.chdir(ROOT)
    opened(after="embedding")
    word, number = printed(drawn["layers-logit_lens"].code).rsplit(" ", 1)
    assert word == "' is'" and float(number) == pytest.approx(1.0, abs=1e-5)


def test_tokens_are_followed_and_may_be_typed(drawn):
    app = opened(another="Rome", **{FOLD: "true"})
    assert not app.exception and not app.error
    shown = drawn[FOLD]
    assert "`·Rome` is highest after block 1" in shown.told
    assert [line.name for line in shown.figure.data] == ["·Paris", "·in", "·is", "·Rome"]


def test_a_long_text_is_a_window_around_the_token(drawn):
    app = opened(prompt="red blue green " * 12, between="true")
    assert not app.exception and not app.error
    figure = drawn["layers-logit_lens"].figure
    assert len(figure.data[0].z[0]) == 16 and len(figure.data[0].z) == 9
    assert any("Shown are tokens" in each.value for each in app.caption)


@pytest.mark.parametrize(
    ("family", "says"),
    [
        ("bert", ""),
        ("t5", ""),
        ("gpt_neox", ""),
        ("bert_classifier", "chooses a class for the whole text"),
    ],
)
def test_other_kinds_of_models_are_shown_or_refused_kindly(
    family, says, tmp_path, drawn, monkeypatch
):
    monkeypatch.chdir(ROOT)
    tiny.network(family).save_pretrained(tmp_path)
    tiny.tokenizer().save_pretrained(tmp_path)
    app = opened(model=str(tmp_path), prompt="the keys", between="true", **{FOLD: "true"})
    assert not app.exception
    if says:
        assert says in app.error[0].value
        return
    assert not app.error
    shown = drawn["layers-logit_lens"]
    assert all(check.holds for check in shown.checks) and shown.told
    if family == "gpt_neox":
        assert any("side by side" in each.value for each in app.caption)
    row = shown.table().iloc[-1]
    if shown.code:
        number = float(printed(shown.code).rsplit(" ", 1)[1])
        names = shown.table()["probability"].tolist()
        assert any(number == pytest.approx(one, rel=1e-4) for one in names)
    assert row["its rank"] == 1


@pytest.mark.parametrize(("count", "columns"), [(17, 16), (100, 16), (100, 64), (512, 256)])
def test_the_chosen_token_is_in_the_window(count, columns):
    for place in range(count):
        first = first_column(count, place, columns)
        assert 0 <= first <= place < first + columns <= count
    assert first_column(count, count - 1, columns) == count - columns
