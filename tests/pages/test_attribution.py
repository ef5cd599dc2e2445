"""The attribution page: every view runs, and what cannot be done is said in a sentence."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components.inspection.attribution.pace import Pace
from components.inspection.attribution.question import Question, read
from components.widgets.attribution import running
from components.widgets.attribution.controls import neutrality, summary
from components.widgets.markup import literal
from tests import tiny

ROOT = Path(__file__).parents[2]
VIEWS = ["Which words", "Side by side", "Does it hold?", "Attention beside it", "A phrase"]
QUICK = {"steps": "64", "samples": "4"}


def opened(prompt: str = "The keys near the castle", **address: str) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=180)
    app.switch_page("pages/inside/attribution.py")
    for name, value in ({"prompt": prompt} | QUICK | address).items():
        app.query_params[name] = value
    return app.run()


def said(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.info, app.success, app.warning)
    return "\n".join(str(each.value) for kind in kinds for each in kind)


@pytest.fixture(autouse=True)
def without_haste(monkeypatch):
    """Work starts by itself however busy the machine is that runs the tests."""
    monkeypatch.setattr(running, "AT_ONCE", 1e6)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_runs_on_the_default_model(view):
    app = opened(view=view)
    assert not app.exception
    assert not app.error
    assert app.title[0].value == "Attribution"
    assert app.get("plotly_chart")
    told = said(app)
    assert ":green[✓]" in told
    assert ":red[✗]" not in told
    # Nothing runs any more, so nothing can be stopped.
    assert not [button for button in app.button if button.label == "Stop"]
    assert not re.search(r"\*\*(Yes|No)\*\*", told)


def test_the_question_that_is_asked_by_default_has_a_contrast_words_and_a_neutral_baseline():
    app = opened("When Mary and John went to the shop, Mary gave a drink to")
    told = said(app)
    assert "`·John` has" in told
    assert "their logits differ by" in told
    assert app.selectbox(key="other").value == "the runner-up"
    assert app.selectbox(key="unit").value == "word"
    # Storyteller pads with the token that ends its texts.
    assert "Baseline **pad** `<|end|>`" in told
    assert app.selectbox(key="baseline").options[0] == "neutral: pad"
    app.selectbox(key="other").set_value("nothing").run()
    assert "has probability" in said(app)


def test_the_mean_says_how_far_from_neutral_it_is():
    told = said(opened(baseline="mean"))
    assert re.search(r"Baseline \*\*mean\*\*: .* logits stays?", told)
    assert re.search(r"Its vector is 0\.\d+ times as long", told)
    assert "no token's: the model has never read such a text" in told


@pytest.mark.parametrize(
    ("at_input", "at_baseline", "told", "little"),
    [
        (5.0, 1.0, "1 of 5 logits stay;", False),
        (5.0, 4.0, "4 of 5 logits stay, more than the words change: **little is left", True),
        (-5.0, -4.0, "4 of 5 logits stay, more than the words change: **little is left", True),
        (2.5, -13.5, "nothing of +2.5 logits stays: it is -13.5;", False),
    ],
)
def test_what_stays_at_the_baseline_is_said(at_input, at_baseline, told, little):
    reading = read(tiny.model("llama"), Question("to be"))
    changed = replace(reading, at_input=at_input, at_baseline=at_baseline)
    assert told in neutrality(changed)
    assert ("little is left to attribute" in neutrality(changed)) == little


def test_an_answer_without_a_probability_is_told_as_the_number_it_is():
    reading = read(tiny.model("llama"), Question("to be", rather_than=None))
    told = summary(replace(reading, asked="number", probability=None, answer="LABEL_0"))
    assert told.startswith("The number `LABEL_0` is **")
    assert "%" not in told


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
    assert "Each order adds up exactly" in said(app)
    assert "The scores sum to the change from baseline to text: off by" in said(app)


def test_orders_can_be_added_and_the_standard_error_shrinks():
    prompt = "When Mary and John went to the shop, Mary gave a drink to"
    app = opened(prompt, method="Shapley values", samples="20")

    def told():
        found = re.search(r"From \*\*(\d+)\*\* random orders.*at most \*\*([\d.]+)\*\*", said(app))
        return int(found[1]), float(found[2])

    before = told()
    assert before[0] == 20
    app.button(key="more-orders").click().run()
    assert not app.exception
    after = told()
    assert after[0] == 40
    assert after[1] < before[1]
    assert app.number_input(key="samples").value == 40
    # As many again are read, and not all of them.
    read = re.search(r"up to \*\*([\d,]+)\*\* times", said(app))
    assert int(read[1].replace(",", "")) < 20 * 14


def test_up_to_eight_pieces_nothing_is_drawn():
    app = opened("The keys near the castle", method="Shapley values")
    assert "random orders, half" not in said(app)
    assert "standard error" not in said(app)
    assert "more-orders" not in [button.key for button in app.button]


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
    "address",
    [
        {"baseline": "noise"},
        {"unit": "page"},
        {"method": "magic"},
        {"view": "Nowhere"},
        {"samples": "1"},
        {"view": "Attention beside it", "attention_layer": "4"},
        {"view": "A phrase", "phrase_orders": "1"},
    ],
)
def test_a_link_that_asks_for_what_is_not_there_is_answered_with_what_is(address):
    app = opened(**address)
    assert not app.exception
    assert any("The link asks for" in each.value for each in app.warning)


def test_work_that_takes_long_waits_until_it_is_started_and_says_its_cost(monkeypatch):
    monkeypatch.setattr(running, "AT_ONCE", 0.0)
    app = opened("one two", method="Shapley values")
    assert "Not started yet" in said(app)
    assert re.search(r"up to \*\*10\*\* times: about [\d.]+ s here", said(app))
    assert not app.get("plotly_chart")
    # What is said of the question itself is checked all the same.
    assert "what a plain pass over its tokens gives" in said(app)
    start = next(button for button in app.button if button.label == "Start")
    start.click().run()
    assert not app.exception
    assert app.get("plotly_chart")
    app.selectbox(key="baseline").set_value("mean").run()
    assert "Not started yet" in said(app)


def test_a_pace_that_was_measured_on_a_busy_machine_is_measured_again(monkeypatch):
    """The first measurement would let work wait for ever that takes a moment."""
    told = []

    def inspect(_pace, _choice, _length, *again):
        told.append(again)
        return Pace(0.01, 0.02) if again else Pace(10.0, 20.0)

    monkeypatch.setattr(running.engine, "inspect", inspect)
    monkeypatch.setattr(running, "AT_ONCE", 3.0)
    assert running._seconds(None, running.Cost(10, 4, 7)) == pytest.approx(0.14)
    assert len(told) == 2
    monkeypatch.setattr(running, "AT_ONCE", 1e6)
    assert running._seconds(None, running.Cost(10, 4, 7)) == pytest.approx(140)


def test_steps_are_raised_until_the_reader_s_bound():
    app = opened("The keys near the castle", baseline="pad", bound="5%")
    assert not app.exception
    assert "steps the gap is" in said(app)
    assert "for two doublings running" in said(app)
    assert not [button for button in app.button if button.label == "Stop"]


def test_the_right_answer_is_among_those_on_offer_and_is_the_largest_score():
    app = opened("Once upon a time")
    offered = app.segmented_control(key="guess-words").options
    assert offered == ["The", "keys", "near", "the", "castle"]
    app.segmented_control(key="guess-words").set_value("castle").run()
    assert not app.exception
    told = re.search(
        r"For this model it is \*\*(\w+)\*\*\. Shapley values[^:]*: (.*?)\. \*Try", said(app)
    )
    scores = dict(re.findall(r"`(\w+)` ([+-][\d.]+)", told[2]))
    assert list(scores) == offered
    best = max(scores, key=lambda word: float(scores[word]))
    assert told[1] == best
    assert ("**Right.**" in said(app)) == (best == "castle")
    app.segmented_control(key="guess-words").set_value(best).run()
    assert "**Right.**" in said(app)


@pytest.mark.parametrize(
    ("view", "key", "guess", "words"),
    [
        ("Side by side", "guess-methods", "Saliency", "Most alone is"),
        ("Does it hold?", "guess-holds", "Saliency", "Fastest falls"),
        ("A phrase", "guess-phrase", "1: ·keys", "It is"),
    ],
)
def test_a_guess_is_answered_with_the_model_s_own_numbers(view, key, guess, words):
    app = opened(view=view)
    app.selectbox(key=key).set_value(guess).run()
    assert not app.exception
    answer = next(text for text in said(app).splitlines() if words in text)
    assert answer.startswith(("**Right.**", "**Not quite.**"))


def test_attention_is_held_against_the_scores():
    app = opened(view="Attention beside it")
    assert "The row is that of the last token" in said(app)
    app.segmented_control(key="guess-attention").set_value("nearly").run()
    assert "rank correlation of attention and" in said(app)
    app.selectbox(key="attention_layer").set_value(0).run()
    assert not app.exception


def test_a_phrase_that_is_typed_is_shown_as_it_is_read():
    app = opened(view="A phrase", phrase="are old", phrase_method="Shapley values")
    assert not app.error
    assert "What was typed, `are·old`, is read as `·are·old`" in said(app)


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
    assert "their logits differ by" in said(app)
    offered = app.selectbox(key="answer").options
    assert sorted(offered) == ["LABEL_0", "LABEL_1", "LABEL_2", "the likeliest"]
    if view == "Attention beside it":
        first = f"the first token, {literal('<s>')}, from which the class is read (measured"
        assert first in said(app)


def test_a_model_that_judges_writes_no_phrase_and_the_page_says_so(judge):
    app = opened("This restaurant is awesome.", model=judge, view="A phrase")
    assert not app.exception
    assert "does not write on from a text" in app.error[0].value


def test_an_example_brings_its_prompt_and_its_two_answers():
    app = opened("Once upon a time")
    app.button(key="example-The keys ... are, not is").click().run()
    assert not app.error
    assert app.session_state["prompt"] == "The keys near the castle"
    assert "`·are` has" in said(app)
    assert "`·is`" in said(app)
