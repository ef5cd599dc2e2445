"""The positions page: every view runs, its code runs, and what cannot be is said."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests import tiny

ROOT = Path(__file__).parents[2]
VIEWS = ["Rotation", "Relative", "Frequencies", "Stretching", "Other ways", "Word order", "Packing"]
SCHEMES = ["Sinusoids", "Learned table", "ALiBi", "T5 buckets", "None", "Compare"]


def opened(**address: str) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=180)
    app.switch_page("pages/inside/positions.py")
    for name, value in address.items():
        app.query_params[name] = value
    return app.run()


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Folders of tiny models that the app can load."""
    folder = tmp_path_factory.mktemp("models")
    for family in ("gpt2", "t5", "bloom", "bert"):
        tiny.network(family).save_pretrained(folder / family)
        tiny.tokenizer().save_pretrained(folder / family)
    return {family: str(folder / family) for family in ("gpt2", "t5", "bloom", "bert")}


def said(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.info, app.success, app.error)
    return "\n".join(str(each.value) for kind in kinds for each in kind)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_runs_and_shows_its_check(view):
    app = opened(show=view)
    assert not app.exception
    assert not app.error
    assert not app.warning
    assert app.title[0].value == "Positions"
    assert "Checked" in said(app)


@pytest.mark.parametrize("scheme", SCHEMES[1:])
def test_every_other_way_is_shown_for_a_model_that_has_none_of_them(scheme):
    app = opened(show="Other ways", scheme=scheme)
    assert not app.exception
    if scheme == "Learned table":
        assert "has no table of positions" in app.error[0].value
    else:
        assert not app.error


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("family", ["gpt2", "t5"])
def test_no_view_fails_on_a_model_that_does_not_rotate(view, family, families):
    app = opened(show=view, model=families[family])
    assert not app.exception
    if view == "Rotation":
        assert "rotates nothing" in app.error[0].value


@pytest.mark.parametrize(
    ("family", "scheme", "check"),
    [
        ("gpt2", "Learned table", "`wpe` has 64 rows"),
        ("bert", "Learned table", "positions"),
        ("bloom", "ALiBi", "are the formula's"),
        ("t5", "T5 buckets", "own code adds"),
    ],
)
def test_a_model_s_own_way_is_drawn_and_checked(family, scheme, check, families):
    app = opened(show="Other ways", scheme=scheme, model=families[family])
    assert not app.exception
    assert not app.error
    assert check in said(app)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("prompt", "why"), [("", "no text"), ("lamp " * 3_000, "tokens")])
def test_a_prompt_that_cannot_be_read_is_explained(view, prompt, why):
    app = opened(show=view)
    app.session_state["prompt"] = prompt
    app.run()
    assert not app.exception
    if view in ("Rotation", "Relative", "Word order"):
        assert why in app.error[0].value


def test_what_a_link_asks_for_in_vain_is_said():
    app = opened(show="Rotation", layer="99", head="-1", m="5000", n="x", query="9 · zebra")
    assert not app.exception
    warned = "\n".join(each.value for each in app.warning)
    for name in ("layer", "head", "m", "n"):
        assert f"asks for {name} " in warned
    assert "asks for the query of “9 · zebra”" in warned


def test_a_link_with_a_way_and_a_factor_is_followed():
    app = opened(show="Stretching", way="Linear (position interpolation)", factor="2.0")
    assert not app.warning
    assert "The fastest pair turns **2.00** times slower, the slowest **2.00**" in said(app)


def test_a_wrong_length_is_explained():
    app = opened(show="Packing", lengths="12, many")
    assert "“many” is no length" in app.error[0].value


def test_the_score_s_code_runs_and_prints_the_score_on_screen(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    app = opened(show="Rotation", layer="2", head="3")
    app.selectbox(key="query").set_value(9)
    app.selectbox(key="key").set_value(4).run()
    exec(compile(app.code[0].value, "shown", "exec"), {})
    printed = float(capsys.readouterr().out)
    from components.inspection.load import load_model
    from components.inspection.positions.vectors import rotated_vectors

    vectors = rotated_vectors(load_model("storyteller"), app.text_area(key="prompt").value, 2)
    own = vectors.turned_queries[3, 9] @ vectors.turned_keys[1, 4] * vectors.scale
    assert printed == pytest.approx(float(own), abs=1e-4)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ({"show": "Relative"}, r"[0-9.e-]+"),
        ({"show": "Frequencies", "spectrum": "the formula, with your numbers"}, "2916.39"),
        ({"show": "Stretching", "way": "Linear (position interpolation)"}, r"2\.5000e-01"),
        ({"show": "Other ways"}, r"8\.415e-01|0\.8415"),
    ],
)
def test_the_other_code_runs_too(address, expected, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    app = opened(**address)
    exec(compile(app.code[0].value, "shown", "exec"), {})
    printed = capsys.readouterr().out
    assert re.search(expected, printed)


def test_a_measurement_draws_and_names_the_best_way():
    app = opened(show="Stretching")
    app.session_state["long"] = "Once upon a time there was a fox. " * 90
    app.session_state["compared"] = ["trained"]
    app.run()
    next(each for each in app.button if each.label == "Measure").click().run()
    assert not app.exception
    assert "does best" in said(app)
