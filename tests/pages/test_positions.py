"""The positions page: every view runs, its code runs, and what cannot be is said."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests import tiny
from tests.inspection.positions import networks

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
    made = {family: tiny.network(family) for family in ("gpt2", "t5", "bloom", "bert", "qwen3")}
    made["hybrid"] = networks.qwen3_next()
    made["smollm3"] = networks.smollm3()
    for name, network in made.items():
        network.save_pretrained(folder / name)
        tiny.tokenizer().save_pretrained(folder / name)
    return {name: str(folder / name) for name in made}


def said(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.info, app.success, app.error)
    return "\n".join(str(each.value) for kind in kinds for each in kind)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_runs_and_its_checks_hold(view):
    app = opened(show=view)
    if view == "Packing":
        app.session_state["guess-packing"] = "yes"
        app.run()
    assert not app.exception
    assert not app.error
    assert not app.warning
    assert app.title[0].value == "Positions"
    assert ":green[✓]" in said(app)
    assert ":red[✗]" not in said(app)


@pytest.mark.parametrize("scheme", SCHEMES[1:])
def test_every_other_way_is_shown_for_a_model_that_has_none_of_them(scheme):
    app = opened(show="Other ways", scheme=scheme)
    assert not app.exception
    if scheme == "Learned table":
        assert "No table of positions can be seen here" in app.error[0].value
        assert "turns its queries and keys by position (RoPE)" in app.error[0].value
    else:
        assert not app.error


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("family", "does"),
    [
        ("gpt2", "adds a vector for its position to each token's embedding"),
        ("t5", "adds to each score a number for the distance, as T5's buckets do"),
        ("bloom", "takes off each score in proportion to the distance (ALiBi)"),
    ],
)
def test_no_view_fails_on_a_model_that_does_not_rotate(view, family, does, families):
    app = opened(show=view, model=families[family])
    assert not app.exception
    assert ":red[✗]" not in said(app)
    if view == "Rotation":
        assert does in app.error[0].value


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("family", ["hybrid", "smollm3"])
def test_layers_that_do_not_rotate_or_attend_are_left_out_and_told(view, family, families):
    """A hybrid whose first block has no attention, and a family whose second does not turn."""
    app = opened(show=view, model=families[family])
    assert not app.exception
    assert ":red[✗]" not in said(app)
    offered = {"hybrid": [1], "smollm3": [0, 2]}[family]
    if view in ("Rotation", "Relative", "Frequencies"):
        assert [int(each) for each in app.selectbox(key="layer").options] == offered
    if view == "Rotation":
        assert f"in layer{'s 0 and 2' if family == 'smollm3' else ' 1'}" in said(app)


@pytest.mark.parametrize(
    ("family", "scheme", "check"),
    [
        ("gpt2", "Learned table", "`wpe` has 64 rows"),
        ("bert", "Learned table", "The rows drawn are what the network takes for positions 0, 1"),
        ("bloom", "ALiBi", "Each head's scores fall by the formula's slope"),
        ("t5", "T5 buckets", "Distances of one bucket of the formula add one number"),
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
    assert "asks for layer “99”; there is: 0, 1, 2, 3" in warned
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


def printed_by(app: AppTest, capsys: pytest.CaptureFixture[str], place: int = 0) -> str:
    exec(compile(app.code[place].value, "shown", "exec"), {})
    return capsys.readouterr().out


def test_the_code_is_shown_only_where_it_gives_what_is_shown(families):
    """Qwen3 has Llama's modules, and norms queries and keys before it turns them."""
    app = opened(show="Rotation", model=families["qwen3"])
    assert not app.exception
    assert not any("apply_rotary_pos_emb" in each.value for each in app.code)
    assert "No code is shown" in said(app)


@pytest.mark.parametrize("family", ["gpt2", "bert", "smollm3", None])
def test_the_code_of_a_text_moved_prints_the_change_on_screen(
    family, families, capsys, monkeypatch
):
    monkeypatch.chdir(ROOT)
    app = opened(
        show="Relative", prompt="to be or", **({"model": families[family]} if family else {})
    )
    shown = float(app.dataframe[0].value["largest change of a logit"][0])
    printed = float(re.search(r"\(([0-9.e-]+)\)", printed_by(app, capsys))[1])
    # Of rounding, another order of adding up leaves another number: then both are rounding.
    allowed = float(app.dataframe[0].value["rounding allows"][0])
    assert printed == pytest.approx(shown, rel=0.06, abs=allowed)


def test_the_code_of_the_frequencies_prints_the_table_on_screen(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    for spectrum in ("of the model", "the formula, with your numbers"):
        app = opened(show="Frequencies", spectrum=spectrum)
        shown = app.dataframe[0].value["positions a turn"].to_numpy()
        numbers = re.findall(r"[0-9.]+(?:e[+-][0-9]+)?", printed_by(app, capsys).split("(")[1])
        assert [float(each) for each in numbers] == pytest.approx(shown.tolist(), rel=1e-4)


@pytest.mark.parametrize(
    "way", ["Linear (position interpolation)", "Dynamic NTK", "YaRN", "LongRoPE"]
)
def test_the_code_of_a_stretched_rotation_prints_the_table_on_screen(way, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    app = opened(show="Stretching", way=way, factor="3.0")
    shown = app.dataframe[0].value["theta_i after"].to_numpy()
    printed = printed_by(app, capsys)
    numbers = re.findall(r"[0-9.]+(?:e[+-][0-9]+)?", printed.split("[")[1].split("]")[0])
    assert [float(each) for each in numbers] == pytest.approx(shown.tolist(), rel=1e-3)


def test_the_code_of_the_waves_prints_the_table_on_screen(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    app = opened(show="Other ways", sin_length="5", sin_size="4")
    printed = printed_by(app, capsys)
    assert "0.8415" in printed
    assert "0.5403" in printed


def test_dynamic_ntk_says_what_its_formula_does():
    app = opened(show="Stretching", way="Dynamic NTK", factor="16.0")
    assert "the slowest **241.00** times" in said(app)
    assert "16² - 16 + 1 times, not 16" in said(app)


def test_the_verdict_of_the_growth_question_is_that_of_the_measurement():
    app = opened(show="Stretching")
    app.session_state["long"] = "Once upon a time there was a fox. " * 90
    app.session_state["compared"] = ["trained"]
    app.session_state["guess-growth"] = "it rises"
    app.run()
    assert "Here it" not in said(app), "nothing is measured yet"
    next(each for each in app.button if each.label == "Measure").click().run()
    # Perplexity of this text, which is none of its stories, is as high at 512 tokens as beyond.
    assert "**Not quite.** Here it **stays**" in said(app)


def test_a_measurement_draws_and_names_the_best_way():
    app = opened(show="Stretching")
    app.session_state["long"] = "Once upon a time there was a fox. " * 90
    app.session_state["compared"] = ["trained"]
    app.run()
    next(each for each in app.button if each.label == "Measure").click().run()
    assert not app.exception
    assert "does best" in said(app)
