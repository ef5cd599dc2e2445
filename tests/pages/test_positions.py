"""The positions page: every view runs, its code runs, and what cannot be is said."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components.lesson import Shown
from pages.inside.positions import (
    extension,
    frequencies,
    packing,
    real_vectors,
    sinusoids,
    word_order,
)
from tests import tiny
from tests.inspection.positions import networks

ROOT = Path(__file__).parents[2]
VIEWS = ["Rotation", "Relative", "Frequencies", "Extension", "Schemes", "Word order", "Packing"]
SCHEMES = ["Sinusoids", "Learned table", "ALiBi", "T5 buckets", "Compare"]
FOLDS = {
    "Relative": ("the_score_at_every_distance", "the_whole_text_read_at_later_positions"),
    "Frequencies": ("which_numbers_are_turned", "two_ways_to_form_pairs"),
    "Extension": ("where_linear_interpolation_takes_a_position", "the_model_s_attention_extended"),
    "Packing": ("how_many_rows_do_the_documents_need",),
}
"""Parts below a view, by their names in the address."""
WHOLE = "positions-relative-the_whole_text_read_at_later_positions"


def opened(**address: str | list[str]) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=180)
    app.switch_page("pages/inside/positions/positions.py")
    view = address.get("view", "Rotation")
    if view == "Rotation":
        address = {"vectors": "of the model"} | address
    for fold in FOLDS.get(view, ()):
        app.query_params[f"positions-{view.lower()}-{fold}"] = "true"
    for name, value in address.items():
        shared = name in ("view", "model", "layer", "head", "query", "key", "prompt")
        app.query_params[name if shared else f"positions.{name}"] = value
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
    app = opened(view=view)
    assert not app.exception
    assert not app.error
    assert "The link" not in said(app)
    assert app.title[0].value == "Positions"
    assert ":green[✓]" in said(app)
    assert ":red[✗]" not in said(app)


@pytest.mark.parametrize("scheme", SCHEMES[1:])
def test_every_other_way_is_shown_for_a_model_that_has_none_of_them(scheme):
    app = opened(view="Schemes", scheme=scheme)
    assert not app.exception
    if scheme == "Learned table":
        assert "No table of positions can be seen here" in app.error[0].value
        assert "rotates its queries and keys by position (RoPE)" in app.error[0].value
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
    app = opened(view=view, model=families[family])
    assert not app.exception
    assert ":red[✗]" not in said(app)
    if view == "Rotation":
        assert does in app.error[0].value


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("family", ["hybrid", "smollm3"])
def test_layers_that_do_not_rotate_or_attend_are_left_out_and_told(view, family, families):
    """A hybrid whose first block has no attention, and a family whose second does not turn."""
    app = opened(view=view, model=families[family])
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
    app = opened(view="Schemes", scheme=scheme, model=families[family])
    assert not app.exception
    assert not app.error
    assert check in said(app)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("prompt", "why"), [("", "no text"), ("lamp " * 3_000, "tokens")])
def test_a_prompt_that_cannot_be_read_is_explained(view, prompt, why):
    app = opened(view=view)
    app.session_state["prompt"] = prompt
    app.run()
    assert not app.exception
    if view in ("Rotation", "Relative", "Word order"):
        assert why in app.error[0].value.replace("\\", "")


def test_what_a_link_asks_for_in_vain_is_said():
    app = opened(view="Rotation", layer="99", head="-1", m="5000", n="x", query="99 zebra")
    assert not app.exception
    told = said(app)
    for name in ("Layer", "Head", "m", "n", "Query token"):
        assert f"The link asks for {name} “" in told
    assert "asks for Layer “99”; there is: 0, 1, 2, 3. Using 0." in told
    assert "asks for n “x”; it goes from 0 to 511. Using 12." in told
    app.selectbox(key="layer").set_value("2").run()
    assert "asks for Layer" not in said(app), "the reader has chosen anew"
    assert "asks for Head" in said(app)


@pytest.mark.parametrize(
    "given", ["nan", "inf", "-inf", "0x10", "1e400", "9" * 400, "", "12; drop", "-3", "1_0"]
)
def test_no_number_of_a_link_can_break_a_view(given):
    app = opened(view="Packing", row=given)
    assert not app.exception
    assert app.number_input(key="positions.row").value == 512
    assert "Tokens in a row" in "\n".join(each.value for each in app.caption)
    assert len("\n".join(each.value for each in app.caption)) < 1_500


def test_of_a_number_that_a_link_gives_twice_the_last_counts():
    app = opened(view="Packing", row=["256", "1024"])
    assert not app.exception
    assert app.number_input(key="positions.row").value == 1024


def test_a_shorter_prompt_moves_the_tokens_and_says_so():
    app = opened(view="Relative", prompt="one two three four five six")
    app.selectbox(key="query").set_value(app.selectbox(key="query").options[3]).run()
    gone = app.selectbox(key="key").options[5]
    app.selectbox(key="key").set_value(gone).run()
    app.text_area(key="prompt").set_value("a fox and a").run()
    assert not app.exception
    options = app.selectbox(key="query").options
    assert app.selectbox(key="query").value == options[3], "place 3 stays place 3"
    assert app.selectbox(key="key").value == options[-1], "a place that is gone is the last"
    assert len(options) == 5
    assert f"{gone} is not there now; shown is {options[-1]}." in said(app)


def test_a_token_that_was_not_chosen_follows_the_text():
    app = opened(view="Relative", prompt="one two three four five six")
    app.text_area(key="prompt").set_value("lamp river").run()
    assert app.selectbox(key="query").value == app.selectbox(key="query").options[-1]
    assert "is not there now" not in said(app)


def test_a_link_may_name_a_token_by_its_place():
    app = opened(view="Relative", query="2")
    assert app.selectbox(key="query").value.startswith("2 ")
    assert "The link" not in said(app)


def test_a_link_with_a_method_and_a_factor_is_followed():
    app = opened(view="Extension", method="Linear (position interpolation)", factor="2.0")
    assert "The link" not in said(app)
    assert "The fastest pair turns **2.00** times slower, the slowest **2.00**" in said(app)


def test_a_wrong_length_is_explained():
    app = opened(view="Packing", lengths="12, many")
    assert "“many” is no length" in app.error[0].value


def test_the_score_s_code_runs_and_prints_the_score_on_screen(drawn, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    app = opened(view="Rotation", layer="2", head="3", query="9", key="4")
    exec(compile(drawn["positions-rotation"].code, "shown", "exec"), {})
    printed = float(capsys.readouterr().out)
    from components.inspection.load import load_model
    from components.inspection.positions.vectors import rotated_vectors

    vectors = rotated_vectors(load_model("storyteller"), app.text_area(key="prompt").value, 2)
    own = vectors.rotated_queries[3, 9] @ vectors.rotated_keys[1, 4] * vectors.scale
    assert printed == pytest.approx(float(own), abs=1e-4)


def printed_by(shown: Shown, capsys: pytest.CaptureFixture[str]) -> str:
    exec(compile(shown.code, "shown", "exec"), {})
    return capsys.readouterr().out


def test_the_code_is_shown_only_where_it_gives_what_is_shown(families, drawn):
    """Qwen3 has Llama's modules, and norms queries and keys before it turns them."""
    app = opened(view="Rotation", model=families["qwen3"])
    assert not app.exception
    assert drawn["positions-rotation"].code == ""
    assert "No code is shown" in drawn["positions-rotation"].uncoded


@pytest.mark.parametrize("family", ["gpt2", "bert", "smollm3", None])
def test_the_code_of_a_text_moved_prints_the_change_on_screen(
    family, families, drawn, capsys, monkeypatch
):
    monkeypatch.chdir(ROOT)
    opened(view="Relative", prompt="to be or", **({"model": families[family]} if family else {}))
    table = drawn[WHOLE].table()
    shown = float(table["largest change of a logit"][0])
    printed = float(re.search(r"\(([0-9.e-]+)\)", printed_by(drawn[WHOLE], capsys))[1])
    # Of rounding, another order of adding up leaves another number: then both are rounding.
    allowed = float(table["rounding allows"][0])
    assert printed == pytest.approx(shown, rel=0.06, abs=allowed)


def test_the_code_of_the_frequencies_prints_the_table_on_screen(drawn, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    for rotation in ("of the model", "the formula"):
        opened(view="Frequencies", rotation=rotation)
        found = drawn["positions-frequencies"]
        shown = found.table()["positions a turn"].to_numpy()
        numbers = re.findall(r"[0-9.]+(?:e[+-][0-9]+)?", printed_by(found, capsys).split("(")[1])
        assert [float(each) for each in numbers] == pytest.approx(shown.tolist(), rel=1e-4)


@pytest.mark.parametrize(
    "method", ["Linear (position interpolation)", "Dynamic NTK", "YaRN", "LongRoPE"]
)
def test_the_code_of_an_extension_prints_the_table_on_screen(method, drawn, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    opened(view="Extension", method=method, factor="3.0")
    found = drawn["positions-extension"]
    shown = found.table()["theta_i after"].to_numpy()
    printed = printed_by(found, capsys)
    numbers = re.findall(r"[0-9.]+(?:e[+-][0-9]+)?", printed.split("[")[1].split("]")[0])
    assert [float(each) for each in numbers] == pytest.approx(shown.tolist(), rel=1e-3)


def test_the_code_of_the_waves_prints_the_table_on_screen(drawn, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    opened(view="Schemes", length="5", width="4")
    printed = printed_by(drawn["positions-schemes"], capsys)
    assert "0.8415" in printed
    assert "0.5403" in printed


@pytest.mark.parametrize(
    ("view", "module"),
    [
        ("Rotation", real_vectors),
        ("Frequencies", frequencies),
        ("Extension", extension),
        ("Schemes", sinusoids),
        ("Word order", word_order),
        ("Packing", packing),
    ],
)
def test_each_example_sets_its_controls_and_is_shown(view, module, drawn):
    app = opened(view=view)
    for name, sets in module.EXAMPLES.items():
        drawn.clear()
        app = app.button(key=f"example-{name}").click().run()
        assert not app.exception and not app.error, name
        assert "The link" not in said(app) and "is not there now" not in said(app)
        for control, value in sets.items():
            shared = control in ("prompt", "layer", "head")
            assert app.session_state[control if shared else f"positions.{control}"] == value
        assert drawn[f"positions-{view.lower().replace(' ', '_')}"].told, name


def test_the_key_is_at_first_the_token_attended_to_most(drawn):
    opened(view="Rotation", prompt="The dog chased the squirrel because it")
    told = drawn["positions-rotation"].told
    assert "` it`" in told and "` because`" in told, "layer 0, head 0 looks one token back"
    share = float(re.search(r"\*\*([0-9.]+)%\*\*", told)[1]) / 100
    from components.inspection.forward_pass import record
    from components.inspection.load import load_model

    model = load_model("storyteller")
    ids = model.encode("The dog chased the squirrel because it")
    weights = record(model, ids, keep=["attention"]).attentions[0].weights[0, -1]
    assert share == pytest.approx(float(weights[-2]), abs=6e-4)
    assert weights[-2] == max(weights[:-1])


def test_by_hand_the_score_is_asked_for_at_the_places_of_the_source(drawn):
    app = opened(view="Rotation", vectors="six numbers by hand")
    assert not app.exception
    predict = drawn["positions-rotation"].predict
    assert predict.right == "the same"
    # cos(2) + cos(2 x 0.0464) + cos(2 x 0.0022)
    assert predict.because.startswith("1.5795, 1.5795, 1.5795, 1.5795:")


def test_dynamic_ntk_says_what_its_formula_does():
    app = opened(view="Extension", method="Dynamic NTK", factor="16.0")
    assert "the slowest **241.00** times" in said(app)
    assert "16² - 16 + 1 times, not 16" in said(app)


LONG = "Once upon a time there was a fox. " * 90


def past(**state: object) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=180)
    app.switch_page("pages/inside/positions/positions.py")
    app.query_params["view"] = "Extension"
    app.query_params["positions-extension-past_the_trained_length"] = "true"
    app.session_state["positions.text"] = LONG
    app.session_state["positions.compare"] = ["As trained"]
    for name, value in state.items():
        app.session_state[name] = value
    return app.run()


def test_the_verdict_of_the_growth_question_is_that_of_the_measurement():
    guess = "guess-positions-extension-past_the_trained_length"
    app = past(**{guess: "it rises"})
    assert "Here it" not in said(app), "nothing is measured yet"
    assert "What happens to perplexity" in said(app), "the question stands before the answer"
    next(each for each in app.button if each.label == "Measure perplexity").click().run()
    assert not app.exception
    # Perplexity of this text, which is none of its stories, is as high at 512 tokens as beyond.
    assert "**Not quite: it stays.** Here it **stays**" in said(app)


def test_a_measurement_draws_and_names_the_best_way(drawn):
    app = past()
    assert "positions-extension-past_the_trained_length" not in drawn
    next(each for each in app.button if each.label == "Measure perplexity").click().run()
    assert not app.exception
    assert "does best" in said(app)
    found = drawn["positions-extension-past_the_trained_length"]
    assert list(found.table().columns) == ["tokens read", "As trained"]
