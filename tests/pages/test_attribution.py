"""The attribution page: every view runs, and what cannot be done is said in a sentence."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests import tiny

ROOT = Path(__file__).parents[2]
VIEWS = ["Which words", "Side by side", "Does it hold?", "Attention beside it", "A phrase"]
QUICK = {"steps": "8", "samples": "2"}


def opened(prompt: str = "The keys near the castle", **address: str) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=180)
    app.switch_page("pages/inside/attribution.py")
    for name, value in ({"prompt": prompt} | QUICK | address).items():
        app.query_params[name] = value
    return app.run()


def said(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.info, app.success, app.warning)
    return "\n".join(str(each.value) for kind in kinds for each in kind)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_runs_on_the_default_model(view):
    app = opened(view=view)
    assert not app.exception
    assert not app.error
    assert app.title[0].value == "Attribution"
    assert app.get("plotly_chart")


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("prompt", "why"), [("", "no text"), ("lamp " * 600, "tokens long")])
def test_a_prompt_that_cannot_be_read_is_explained_on_every_view(view, prompt, why):
    app = opened(view=view)
    app.session_state["prompt"] = prompt
    app.run()
    assert not app.exception
    assert why in app.error[0].value


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("prompt", ["x", "🦙 שלום", "a\n\nb"])
def test_unusual_prompts_are_explained_like_any_other(view, prompt):
    app = opened(prompt, view=view)
    assert not app.exception
    assert not app.error
    assert app.get("plotly_chart")


def test_a_rather_than_b_from_the_address():
    app = opened(answer="·are", other="·is", method="Shapley values")
    assert not app.error
    assert "their logits differ by" in said(app)
    assert "each order adds up exactly" in said(app)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ({"answer": "unquestionably so"}, "not one token for this model"),
        ({"answer": "·are", "other": "are"}, "Answer and alternative are the same"),
    ],
)
def test_an_answer_that_is_no_token_is_explained(address, why):
    app = opened(**address)
    assert not app.exception
    assert why in app.error[0].value


@pytest.mark.parametrize(
    "address", [{"baseline": "noise"}, {"unit": "page"}, {"method": "magic"}, {"view": "Nowhere"}]
)
def test_a_link_that_asks_for_what_is_not_there_is_answered_with_what_is(address):
    app = opened(**address)
    assert not app.exception
    assert any("The link asks for" in each.value for each in app.warning)


def test_dear_work_waits_until_it_is_started_and_says_its_cost(monkeypatch):
    from components.widgets.attribution import running

    monkeypatch.setattr(running, "WORK_AT_ONCE", 0.0)
    app = opened("one two", method="Shapley values")
    assert "Not started yet" in said(app)
    assert not app.get("plotly_chart")
    start = next(button for button in app.button if button.label == "Start")
    start.click().run()
    assert not app.exception
    assert app.get("plotly_chart")
    app.selectbox(key="baseline").set_value("pad").run()
    assert "Not started yet" in said(app)


def test_steps_are_raised_until_the_reader_s_bound():
    app = opened("The keys near the castle", baseline="pad", bound="5%")
    assert not app.exception
    assert "steps the gap is" in said(app)


def test_a_guess_is_answered_with_the_model_s_own_numbers():
    app = opened()
    app.segmented_control(key="guess-words").set_value("castle").run()
    assert not app.exception
    assert "Shapley values of the difference" in said(app)
    app = opened(view="Side by side")
    app.selectbox(key="guess-methods").set_value("Saliency").run()
    assert "most alone is" in said(app)
    app = opened(view="Attention beside it")
    app.segmented_control(key="guess-attention").set_value("nearly").run()
    assert "rank correlation of attention and" in said(app)


@pytest.fixture(scope="module")
def judge(tmp_path_factory) -> str:
    """The folder of a tiny model with three classes."""
    folder = tmp_path_factory.mktemp("judge")
    model = tiny.model("bert_classifier")
    model.network.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize("view", VIEWS[:4])
def test_a_model_that_judges_is_asked_for_its_class(judge, view):
    app = opened("This restaurant is awesome.", model=judge, view=view, unit="word")
    assert not app.exception
    assert not app.error
    assert "The class" in said(app)
    offered = app.selectbox(key="answer").options
    assert sorted(offered) == ["LABEL_0", "LABEL_1", "LABEL_2", "the likeliest"]


def test_a_model_that_judges_writes_no_phrase_and_the_page_says_so(judge):
    app = opened("This restaurant is awesome.", model=judge, view="A phrase")
    assert not app.exception
    assert "does not write text" in app.error[0].value


def test_an_example_brings_its_prompt_and_its_two_answers():
    app = opened("Once upon a time")
    app.button(key="example-The keys ... are, not is").click().run()
    assert not app.error
    assert app.session_state["prompt"] == "The keys near the castle"
    assert "`·are` has" in said(app)
    assert "`·is`" in said(app)
