"""The attention page: every view runs, and what cannot be done is said in a sentence."""

import json
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components.widgets import frame
from components.widgets.markup import literal
from tests import tiny

ROOT = Path(__file__).parents[2]
VIEWS = ["All heads", "One head", "BertViz", "Step by step", "While writing", "Masks and sharing"]
PROMPT = "When Mary and John went to the shop, Mary gave a drink to"


def opened(prompt: str = PROMPT, before: dict[str, int] | None = None, **address: str) -> AppTest:
    """Open the page at `address`, in a session that holds `before`."""
    app = AppTest.from_file(ROOT / "app.py", default_timeout=120)
    app.switch_page("pages/inside/attention.py")
    app.query_params["prompt"] = prompt
    for name, number in (before or {}).items():
        app.session_state[name] = number
    for name, value in address.items():
        app.query_params[name] = value
    return app.run()


def said(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.info, app.success, app.warning, app.error)
    return "\n".join(str(each.value) for kind in kinds for each in kind)


def verdicts(app: AppTest) -> list[str]:
    """Lines of checks: green, red, grey."""
    lines = "\n".join(str(part.value) for part in app.markdown).splitlines()
    return [line.strip() for line in lines if line.startswith((":green[✓]", ":red[✗]", ":gray[·]"))]


GREEN = re.compile(r":green\[✓\] [A-Z“].+: off by \*\*[\d.e+-]+\*\*, allowed [\d.e+-]+\.")
"""A check that holds, with how far off it is, and how far it may be."""


def holds(app: AppTest) -> bool:
    """Say whether checks are shown, and all of them green, with numbers within their bounds."""
    lines = verdicts(app)
    assert lines and [line for line in lines if not GREEN.fullmatch(line)] == []
    for line in lines:
        error, bound = re.findall(r"off by \*\*(.+)\*\*, allowed (.+)\.$", line)[0]
        assert float(error) <= float(bound), line
    return True


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, str]:
    """Tiny models of three kinds as folders, which is what a reader may type."""
    made = {}
    for family in ("t5", "bert", "bloom"):
        folder = tmp_path_factory.mktemp(family)
        tiny.network(family).save_pretrained(folder)
        tiny.tokenizer().save_pretrained(folder)
        made[family] = str(folder)
    return made


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_runs_on_the_default_model(view):
    app = opened(view=view)
    assert not app.exception and not app.error
    assert app.title[0].value == "Attention"
    if view == "While writing":
        next(each for each in app.button if each.label == "Write on").click().run()
    assert not app.exception and not app.error
    assert holds(app)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("family", ["t5", "bert", "bloom"])
def test_every_view_runs_on_other_kinds_of_models(folders, view, family, monkeypatch):
    # On offer: AppTest presses no button beside a choice that was typed in.
    monkeypatch.setattr(frame, "_offers", lambda: list(folders.values()))
    app = opened("the cat the cat", view=view, model=folders[family], target="dog")
    assert not app.exception
    if (view, family) == ("While writing", "bert"):
        assert "writes nothing" in app.error[0].value
        return
    if view == "While writing":
        next(each for each in app.button if each.label == "Write on").click().run()
    assert not app.exception and not app.error
    assert holds(app)


@pytest.mark.parametrize("view", ["All heads", "One head", "Step by step", "BertViz"])
@pytest.mark.parametrize("group", ["the encoder's own", "decoder to encoder"])
def test_the_attention_of_two_towers_can_be_chosen(folders, view, group):
    app = opened("the cat", view=view, model=folders["t5"], target="dog", group=group)
    assert not app.exception and not app.error
    assert holds(app)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("prompt", "words"), [("", "no text"), ("lamp " * 2_000, "shorten it by")])
def test_a_prompt_that_cannot_be_read_is_explained(view, prompt, words):
    app = opened(view=view)
    app.session_state["prompt"] = prompt
    app.run()
    assert not app.exception
    assert words in app.error[0].value


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("prompt", ["x", "🦙🦙", "שלום עולם", "</script><b>", "$x_1$ [a](b)"])
def test_unusual_prompts_are_read_on_every_view(view, prompt):
    app = opened(prompt, view=view)
    assert not app.exception and not app.error


@pytest.mark.parametrize(
    ("name", "value"),
    [("layer", "99"), ("head", "-1"), ("layer", "x"), ("scale", "loud"), ("view", "none")],
)
def test_a_link_that_asks_for_what_is_not_there_is_explained(name, value):
    app = opened(**({"view": "One head"} | {name: value}))
    assert not app.exception
    assert any(value in each.value for each in app.warning)


@pytest.mark.parametrize("show", ["mean of the heads", "largest of the heads", "rollout"])
@pytest.mark.parametrize("weigh", ["attention", "attention × value"])
def test_heads_are_shown_together(show, weigh):
    app = opened(view="One head", show=show, weigh=weigh, words="true", layer="2")
    assert not app.exception and not app.error


def test_hiding_the_first_token_says_what_it_got():
    app = opened(view="One head", **{"hide-first": "true"})
    assert "Hidden: the first token" in said(app)


def test_a_long_text_is_cropped_and_says_so():
    app = opened(" ".join(["the fox sat by the mill"] * 40), view="One head")
    assert not app.exception and not app.error
    assert "tokens; 96 of them are drawn" in said(app)


def test_the_toy_shows_the_numbers_of_the_source_text():
    app = opened(view="Step by step", numbers="of a small example", **{"toy-scale": "false"})
    assert not app.exception and not app.error
    app.text_area(key="toy-q").set_value("1 x").run()
    assert "no number" in app.error[0].value


def test_writing_adds_a_row_for_each_token():
    app = opened(view="While writing", new="3")
    next(each for each in app.button if each.label == "Write on").click().run()
    assert not app.exception and not app.error
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert len(figure["data"][0]["y"]) == 3
    assert holds(app)


@pytest.mark.parametrize("view", ["All heads", "One head", "Step by step", "Masks and sharing"])
def test_a_prediction_is_asked_before_its_answer_is_shown(view):
    app = opened(view=view)
    before = said(app)
    question = next(each for each in app.get("button_group") if str(each.key).startswith("guess-"))
    question.set_value(question.options[0]).run()
    assert not app.exception
    assert any(word in said(app) for word in ("**Right.**", "**Not quite.**"))
    assert "**Right.**" not in before and "**Not quite.**" not in before


def test_a_model_in_a_long_folder_goes_by_its_short_name(folders):
    app = opened(view="Masks and sharing", model=folders["bloom"])
    name = literal(Path(folders["bloom"]).name)
    assert app.subheader[0].value == f"The mask of {name}"
    assert folders["bloom"] not in said(app)
    app = opened(view="One head", model=folders["bloom"])
    assert folders["bloom"] in app.code[0].value, "code opens the whole path"


def test_a_text_of_markup_is_written_on_as_it_stands():
    app = opened("**x** $y$ :red[z]", view="While writing", new="2")
    next(each for each in app.button if each.label == "Write on").click().run()
    assert not app.exception and not app.error
    assert f"… {literal('**x** $y$ :red[z]')} → `" in said(app)


def test_a_layer_chosen_for_a_larger_model_is_forgotten(folders):
    chosen = {"layer": 11, "head": 2}  # as if before, for a model of 12 layers
    app = opened(view="One head", model=folders["bloom"], before=chosen)
    assert not app.exception and not app.error
    assert (app.selectbox(key="layer").value, app.selectbox(key="head").value) == (0, 2)
