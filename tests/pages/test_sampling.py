"""The sampling playground: every view runs, and what cannot be done is said in a sentence."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components.widgets.sampling import generate_view

ROOT = Path(__file__).parents[2]
VIEWS = ["Reshape", "Generate", "Compare", "Draws", "Perplexity"]
PROMPT = "Once upon a time there was a little fox named Leo."


def opened(prompt: str = PROMPT, **address: str) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=120)
    app.switch_page("pages/output/sampling.py")
    app.query_params["prompt"] = prompt
    for name, value in address.items():
        app.query_params[name] = value
    return app.run()


def words(app: AppTest) -> str:
    return "\n".join(
        str(each.value) for kind in (app.markdown, app.caption, app.info) for each in kind
    )


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_runs_on_the_default_model(view):
    app = opened(view=view)
    assert not app.exception
    assert not app.error
    assert app.title[0].value == "Sampling playground"


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("prompt", "said"),
    [("", "no text"), ("lamp " * 20_000, "tokens")],
)
def test_a_prompt_that_cannot_be_read_is_explained_on_every_view(view, prompt, said):
    app = opened(view=view)
    app.session_state["prompt"] = prompt
    app.run()
    if view == "Generate":
        next(each for each in app.button if each.label.startswith("Write")).click().run()
    assert not app.exception
    if view == "Perplexity" and said == "tokens":
        assert "at most 20,000" in app.error[0].value or app.get("plotly_chart")
    else:
        assert said in app.error[0].value


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("prompt", ["x", "🦙🦙", "שלום עולם", "a\0b"])
def test_unusual_prompts_are_read_on_every_view(view, prompt):
    app = opened(prompt, view=view)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("view", ["Reshape", "Generate", "Draws"])
def test_settings_in_the_address_are_those_on_the_page(view):
    app = opened(view=view, temperature="0.5", top_k="7")
    assert app.query_params["temperature"] in ("0.5", ["0.5"])
    assert not app.warning
    if view != "Reshape":
        assert "temperature **0.5** · top-k **7**" in words(app)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("temperature", "9", "Temperature is '9', but must be a number from 0 to 5"),
        ("temperature", "hot", "Temperature is 'hot'"),
        ("top_k", "2.5", "Top-k is '2.5', but must be a whole number from 0 to 1000"),
        ("top_p", "nan", "Top-p is 'nan'"),
        ("seed", "-1", "Seed is '-1'"),
    ],
)
def test_a_setting_out_of_range_in_the_address_gets_a_sentence_and_its_default(name, value, said):
    app = opened(view="Draws", **{name: value})
    assert not app.exception
    assert said in app.warning[0].value
    assert name not in app.query_params


@pytest.mark.parametrize(
    ("view", "name"), [("Generate", "new"), ("Compare", "beams"), ("Draws", "draws")]
)
@pytest.mark.parametrize("value", ["0", "999999999", "many", ""])
def test_a_count_out_of_range_in_the_address_gets_a_sentence(view, name, value):
    app = opened(view=view, **{name: value})
    assert not app.exception
    assert "must be a whole number from" in app.warning[0].value


def test_writing_twice_with_the_same_seed_says_that_it_is_the_same():
    app = opened(view="Generate", new="6")
    press(app, "Write 6")
    assert "Stopped:" in words(app)
    tree = app.session_state[generate_view._TREE][1]
    app.session_state[generate_view._NODE] = -1
    app.run()
    press(app, "Write 6")
    assert "same text: all" in words(app)
    assert len(app.session_state[generate_view._TREE][1].nodes) == len(tree.nodes)


def test_another_token_begins_a_branch_and_the_first_is_kept():
    app = opened(view="Generate", new="5", temperature="0")
    press(app, "Write 5")
    first = app.session_state[generate_view._TREE][1]
    app.session_state[generate_view._NODE] = 1
    app.run()
    press(app, "Take it, and go on")
    tree = app.session_state[generate_view._TREE][1]
    assert tree.nodes[: len(first.nodes)] == first.nodes
    assert len(tree.leaves()) == 2
    branch = tree.nodes[len(first.nodes)]
    assert (branch.parent, branch.step.taken) == (0, "by hand")


def test_rewinding_and_starting_over_forget():
    app = opened(view="Generate", new="5", temperature="0")
    press(app, "Write 5")
    app.session_state[generate_view._NODE] = 1
    app.run()
    press(app, "Rewind to here")
    assert len(app.session_state[generate_view._TREE][1].nodes) == 2
    press(app, "One token")
    assert len(app.session_state[generate_view._TREE][1].nodes) == 3
    press(app, "Start over")
    assert app.session_state[generate_view._TREE][1].nodes == ()


def test_a_stop_sequence_stops_the_writing():
    app = opened(view="Generate", new="40", temperature="0", stop=".|never")
    press(app, "Write 40")
    steps = app.session_state[generate_view._TREE][1].nodes
    assert "." in steps[-1].step.chosen.text
    assert "the text contains “.”" in words(app)


def test_another_prompt_begins_an_empty_tree():
    app = opened(view="Generate", new="3")
    press(app, "Write 3")
    app.session_state["prompt"] = "One day"
    app.run()
    assert "Before you write" in words(app)


def test_the_beams_are_checked_against_transformers_on_demand():
    app = opened(view="Compare", beams="3", each="6")
    press(app, "Check against transformers' own beam search")
    assert "returns the same 6 tokens" in app.success[0].value


def test_predictions_are_asked_before_they_are_answered():
    app = opened(view="Compare", each="4")
    assert "ln p = " not in words(app)
    app.segmented_control(key="guess-strategy").set_value("beam search").run()
    assert "ln p = " in words(app)


def test_perplexity_by_hand_is_the_example_s():
    app = opened(view="Perplexity")
    assert "2.148555694785" in "\n".join(str(each.value) for each in app.latex)
    app.text_input(key="by_hand").set_value("0.5, none").run()
    assert "is not a list of numbers" in app.error[0].value


def press(app: AppTest, label: str) -> None:
    next(each for each in app.button if each.label == label).click()
    app.run()
    assert not app.exception
