"""The attribution page: every view runs, and what cannot be done is said in a sentence."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from components.figures.visible import visible
from components.inspection.attribution.pace import Pace
from components.inspection.attribution.question import Question, read
from components.lesson import Shown, slug
from components.widgets import measuring, running
from components.widgets.markup import literal
from pages.inside.attribution.examples import CONTINUED, JUDGED, LIKELIEST, RUNNER_UP
from pages.inside.attribution.says import neutrality, summary
from tests import tiny

ROOT = Path(__file__).parents[2]
VIEWS = ["Scores", "Methods", "Faithfulness", "Attention", "Sequence"]
FOLDS = {
    "Scores": ("The text, coloured by score", "More steps until it adds up"),
    "Methods": ("Do the scores add up?", "Do they agree?"),
    "Faithfulness": ("Area under each curve (AUC)",),
    "Attention": ("How alike do they rank?",),
    "Sequence": (),
}
KEYS = "The keys near the castle"
FIRST = "When Mary and John went to the shop, Mary gave a drink to"
QUICK = {"steps": "64", "orders": "4"}
COLOURED = "attribution-scores-the_text_coloured_by_score"
SHARED = {"prompt", "view", "model", "layer"}


def opened(prompt: str = KEYS, folds: bool = False, **address: str) -> AppTest:
    """Open a view; `folds`: with all that stands below it."""
    app = AppTest.from_file(ROOT / "app.py", default_timeout=180)
    app.switch_page("pages/inside/attribution/attribution.py")
    for name, value in ({"prompt": prompt} | QUICK | address).items():
        app.query_params[name if name in SHARED else f"attribution.{name}"] = value
    view = address.get("view", "Scores")
    for fold in FOLDS.get(view, ()) if folds else ():
        app.query_params[f"attribution-{slug(view)}-{slug(fold)}"] = "true"
    return app.run()


def guess(app: AppTest, key: str, answer: str | int) -> AppTest:
    """Answer the question beside the figure `key`, by words or by place."""
    pills = app.pills(key=f"guess-attribution-{key}")
    return pills.set_value(pills.options[answer] if isinstance(answer, int) else answer).run()


def said(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.info, app.success, app.warning)
    return "\n".join(str(each.value) for kind in kinds for each in kind)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_runs_on_the_default_model_with_all_that_stands_below_it(view, drawn):
    app = opened(view=view, folds=True)
    assert not app.exception
    assert not app.error
    assert app.title[0].value == "Attribution"
    told = said(app)
    assert ":green[✓]" in told
    assert ":red[✗]" not in told
    # Nothing runs any more, so nothing can be stopped.
    assert not [button for button in app.button if button.label == "Stop"]
    keys = [f"attribution-{slug(view)}"]
    keys += [f"{keys[0]}-{slug(fold)}" for fold in FOLDS[view]]
    assert list(drawn) == keys
    figures = [key for key, shown in drawn.items() if shown.figure is not None]
    # The coloured text is a live component, which draws itself.
    assert set(keys) - set(figures) == ({COLOURED} if view == "Scores" else set())
    assert len(app.get("plotly_chart")) == len(figures)


def test_the_page_opens_on_a_contrast_words_and_a_neutral_baseline(drawn):
    app = opened(FIRST, steps="128")
    told = said(app)
    assert "`·John` **" in told
    assert "`·Mary` < 0.1%: their logits differ by" in told
    assert app.selectbox(key="attribution.answer").value == "the likeliest"
    assert app.selectbox(key="attribution.contrast").value == "·Mary"
    assert app.segmented_control(key="attribution.unit").value == "word"
    # Storyteller pads with the token that ends its texts.
    assert "Baseline **pad** `<|end|>`" in told
    assert app.segmented_control(key="attribution.baseline").options[0] == "pad"
    # What it opens on teaches: the two names are what speaks most for the one and for the other.
    table = drawn["attribution-scores"].table()
    ranked = table.sort_values("Integrated gradients")
    assert ranked["word"].iloc[0] == "Mary"
    assert ranked["word"].iloc[-1] == "John"
    app.selectbox(key="attribution.contrast").set_value("none").run()
    assert "The next token `·John` has **" in said(app)


def test_the_contrast_of_the_first_prompt_gives_way_with_it_but_a_chosen_one_stays():
    app = opened(FIRST)
    app.text_area(key="prompt").set_value(KEYS).run()
    assert app.selectbox(key="attribution.contrast").value == "the runner-up"
    app.text_area(key="prompt").set_value(FIRST).run()
    assert app.selectbox(key="attribution.contrast").value == "·Mary"
    app.selectbox(key="attribution.contrast").set_value("none").run()
    app.text_area(key="prompt").set_value(KEYS).run()
    assert app.selectbox(key="attribution.contrast").value == "none"


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
    # Where that is so it stands below the figure too, not only where it is looked for.
    assert ("little is left" in summary(changed)) == little


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


@pytest.mark.parametrize(
    ("view", "fold", "why"),
    [
        ("Methods", "Do they agree?", "at least two methods and 3 words; there are 5 and 1"),
        ("Attention", "How alike do they rank?", "at least 3 words, not all alike; there are 1"),
    ],
)
def test_too_few_pieces_to_be_ranked_are_explained(view, fold, why):
    app = opened("x", view=view, folds=True)
    assert not app.exception
    assert why in said(app) + "".join(error.value for error in app.error)


def test_a_rather_than_b_from_the_address():
    app = opened(answer="·are", contrast="·is", method="Shapley values")
    assert not app.error
    assert "`·are` **" in said(app)
    assert "their logits differ by" in said(app)
    assert "0 is promised, but for rounding" in said(app)
    assert "The scores sum to the change from baseline to text: off by" in said(app)


def test_orders_can_be_added_and_the_standard_error_shrinks():
    app = opened(FIRST, method="Shapley values", orders="20")

    def told():
        found = re.search(r"From \*\*(\d+)\*\* random orders.*at most \*\*([\d.]+)\*\*", said(app))
        return int(found[1]), float(found[2])

    before = told()
    assert before[0] == 20
    more = next(button for button in app.button if button.label == "Add 20 orders")
    more.click().run()
    assert not app.exception
    after = told()
    assert after[0] == 40
    assert after[1] < before[1]
    assert app.number_input(key="attribution.orders").value == 40
    # As many again are read, and not all of them.
    read = re.search(r"up to \*\*([\d,]+)\*\* forward passes", said(app))
    assert int(read[1].replace(",", "")) < 20 * 14


def test_orders_that_take_long_to_add_are_started_by_the_same_button(monkeypatch):
    app = opened(FIRST, method="Shapley values", orders="20")
    monkeypatch.setattr(measuring, "UNASKED", 0.0)
    next(button for button in app.button if button.label == "Add 20 orders").click().run()
    assert not app.exception
    assert "Not started yet" not in said(app)
    assert "From **40** random orders" in said(app)


def test_up_to_eight_pieces_nothing_is_drawn():
    app = opened(KEYS, method="Shapley values")
    assert "random orders, half" not in said(app)
    assert "standard error at most" not in said(app)
    assert not [button for button in app.button if button.label.startswith("Add ")]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ({"answer": "unquestionably so"}, "not one token for this model"),
        ({"answer": "·are", "contrast": "are"}, "Answer and alternative are the same"),
    ],
)
def test_an_answer_that_is_no_token_is_explained(address, why):
    app = opened(**address)
    assert not app.exception
    assert why in app.error[0].value


@pytest.mark.parametrize(
    ("address", "there"),
    [
        ({"baseline": "noise"}, "there is: pad, zero, mean"),
        ({"unit": "page"}, "there is: word, token, sentence"),
        ({"method": "magic"}, "there is: Integrated gradients"),
        ({"view": "Nowhere"}, "there is: Scores, Methods"),
        ({"orders": "1"}, "it goes from 4 to 3,200"),
        ({"view": "Attention", "layer": "4"}, "there is: 0, 1, 2, 3"),
        ({"view": "Sequence", "tokens": "99"}, "it goes from 1 to 16"),
        (
            {
                "view": "Sequence",
                "sequence_method": "Shapley values",
                "sequence_orders": "1",
                "prompt": FIRST,
            },
            "it goes from 4 to 3,200",
        ),
        ({"view": "Sequence", "replacement": "x"}, "there is: <|end|>"),
    ],
)
def test_a_link_that_asks_for_what_is_not_there_is_answered_with_what_is(address, there):
    app = opened(**address)
    assert not app.exception
    assert not app.error
    told = [str(each.value) for each in app.caption]
    assert [each for each in told if "The link asks for" in each and literal(there) in each]


def test_work_that_takes_long_waits_until_it_is_started_and_says_its_cost(monkeypatch):
    monkeypatch.setattr(measuring, "UNASKED", 0.0)
    app = opened("one two", method="Shapley values")
    assert "Not started yet" in said(app)
    assert re.search(
        r"up to \*\*9\*\* forward passes of \d+ tokens, about [\d.]+ s here", said(app)
    )
    assert not app.get("plotly_chart")
    # What is said of the question itself is told, and checked, all the same.
    assert "Total to attribute" in said(app)
    assert "what a plain pass over its tokens gives" in said(app)
    start = next(button for button in app.button if button.label == "Start")
    start.click().run()
    assert not app.exception
    assert app.get("plotly_chart")
    # Once started it stays so.
    app.run()
    assert app.get("plotly_chart")
    app.segmented_control(key="attribution.baseline").set_value("mean").run()
    assert "Not started yet" in said(app)


@pytest.mark.parametrize("view", VIEWS[1:])
def test_on_every_view_work_that_takes_long_waits(view, monkeypatch):
    monkeypatch.setattr(measuring, "UNASKED", 0.0)
    app = opened("one two", view=view)
    for _ in range(3):
        start = [button for button in app.button if button.label == "Start"]
        if not start:
            break
        assert not app.get("plotly_chart")
        assert "Not started yet" in said(app)
        if view == "Faithfulness" and "deletion" not in said(app):
            assert not app.error
        start[0].click().run()
        assert not app.exception
    assert app.get("plotly_chart")


def test_the_question_is_asked_while_the_curves_wait(monkeypatch):
    """A guess before anything is seen."""
    app = opened(view="Methods")
    monkeypatch.setattr(measuring, "UNASKED", 0.0)
    app = opened(view="Faithfulness")
    next(button for button in app.button if button.label == "Start").click().run()
    assert "Whose order makes the target **fall fastest**" in said(app)
    guess(app, "faithfulness", "Saliency")
    next(button for button in app.button if button.label == "Start").click().run()
    assert re.search(r":green\[\*\*✓ Right|\*\*Not quite: ", said(app))


def test_a_pace_that_was_measured_on_a_busy_machine_is_measured_again(monkeypatch):
    """The first measurement would let work wait for ever that takes a moment."""
    told = []
    busy = [Pace(1.0, 2.0)]

    def inspect(_pace, _choice, _length, _gradients, *again):
        told.append(again)
        return Pace(0.01, 0.02) if again else busy[0]

    monkeypatch.setattr(running.engine, "inspect", inspect)
    monkeypatch.setattr(measuring, "UNASKED", 3.0)
    assert running.seconds(None, running.Cost(10, 4, 7)) == pytest.approx(0.14)
    assert len(told) == 2
    # What takes minutes by the first is long for certain: measuring it again would be, too.
    busy[0] = Pace(10.0, 20.0)
    assert running.seconds(None, running.Cost(10, 4, 7)) == pytest.approx(140)
    assert len(told) == 3
    monkeypatch.setattr(measuring, "UNASKED", 1e6)
    assert running.seconds(None, running.Cost(10, 4, 7)) == pytest.approx(140)


def test_steps_are_raised_until_the_reader_s_bound(drawn):
    app = opened(KEYS, folds=True, baseline="pad", bound="5%")
    assert not app.exception
    assert "steps the delta is" in said(app)
    assert "for two doublings running" in said(app)
    assert not [button for button in app.button if button.label == "Stop"]
    table = drawn["attribution-scores-more_steps_until_it_adds_up"].table()
    assert list(table["steps"][:2]) == [4, 8]
    assert (table["share of the change"].iloc[-2:] <= 0.05).all()


def test_the_right_answer_is_among_those_on_offer_and_is_the_largest_score():
    app = opened("Once upon a time")
    key = "guess-attribution-scores"
    offered = app.pills(key=key).options
    assert offered == ["The", "keys", "near", "the", "castle"]
    guess(app, "scores", "castle")
    assert not app.exception
    told = next(text for text in said(app).splitlines() if "Shapley values of the diff" in text)
    scores = dict(re.findall(r"`(\w+)` ([+-]\d+\.\d+)", told))
    assert list(scores) == offered
    best = max(scores, key=lambda word: float(scores[word]))
    right = f"✓ Right: {best}." in told
    assert right == (best == "castle")
    assert right or f"Not quite: {best}." in told
    guess(app, "scores", best)
    assert f":green[**✓ Right: {best}.**]" in said(app)


def test_a_model_that_is_slow_is_not_asked_a_second_question_unasked(monkeypatch):
    app = opened()
    assert app.pills(key="guess-attribution-scores")
    monkeypatch.setattr(measuring, "UNASKED", 0.0)
    next(button for button in opened(KEYS).button if button.label == "Start")
    app.run()
    assert "Not started yet" in said(app)
    assert "guess-attribution-scores" not in [pills.key for pills in app.pills]


@pytest.mark.parametrize(
    ("view", "key", "answer", "words"),
    [
        ("Methods", "methods", "Input × gradient", "They sum to"),
        ("Methods", "methods-do_they_agree", "Saliency", "Its mean rank correlation"),
        ("Faithfulness", "faithfulness", "Saliency", "Its area is"),
        ("Attention", "attention", "nearly", "rank correlation of attention and"),
        ("Sequence", "sequence", 0, "It counts"),
    ],
)
def test_a_guess_is_answered_with_the_model_s_own_numbers(view, key, answer, words, drawn):
    app = opened(view=view, folds=True)
    predict = drawn[f"attribution-{key}"].predict
    assert predict.right in predict.answers
    guess(app, key, answer)
    assert not app.exception
    told = next(text for text in said(app).splitlines() if words in text)
    assert told.startswith((":green[**✓ Right:", "**Not quite:"))
    assert predict.right in told


def test_what_gives_the_answer_away_waits_for_the_guess(drawn):
    app = opened(view="Faithfulness")
    assert "falls fastest: deletion AUC" not in said(app)
    shown = drawn["attribution-faithfulness"]
    assert {trace.name for trace in shown.predict.before.data} == {"random orders", "their mean"}
    assert "Saliency" in {trace.name for trace in shown.figure.data}
    guess(app, "faithfulness", "Saliency")
    assert "falls fastest: deletion AUC" in said(app)


def test_until_the_guess_each_method_stands_only_beside_itself(drawn):
    opened(view="Methods", folds=True)
    shown = drawn["attribution-methods-do_they_agree"]
    covered, whole = (each.data[0].z for each in (shown.predict.before, shown.figure))
    np.testing.assert_array_equal(np.isnan(covered), ~np.eye(5, dtype=bool))
    assert not np.isnan(whole).any()


def test_rankings_are_told_apart_by_their_areas(drawn):
    app = opened(view="Faithfulness", folds=True, with_attention="true")
    assert not app.error
    table = drawn["attribution-faithfulness-area_under_each_curve_auc"].table()
    names = set(table["ranking"])
    assert {"Attention, last layer", "Attention rollout", "random orders, mean"} < names
    assert table["deletion AUC"].is_monotonic_increasing
    right = drawn["attribution-faithfulness"].predict.right
    methods = table[table["ranking"] != "random orders, mean"]
    assert methods["ranking"].iloc[0] == right
    points = drawn["attribution-faithfulness"].table()
    assert set(points["ranking"]) == names - {"random orders, mean"}
    assert set(points["curve"]) == {"deletion", "insertion"}


def test_sums_that_a_method_promises_are_told_from_those_that_it_does_not(drawn):
    opened(view="Methods", folds=True)
    table = drawn["attribution-methods-do_the_scores_add_up"].table().set_index("method")
    assert table.loc["Saliency", "sum of scores"] == "no sign"
    assert table.loc["Shapley values", "completeness"] == "exactly"
    shapley = table.loc["Shapley values"]
    assert float(shapley["sum of scores"]) == pytest.approx(float(shapley["change"]), abs=2e-4)
    assert table.loc["Feature ablation", "with backward"] == 0
    bars = drawn["attribution-methods-do_the_scores_add_up"].figure.data[0]
    assert "Saliency" not in bars.x
    assert bars.y[list(bars.x).index("Shapley values")] == pytest.approx(
        float(shapley["sum of scores"]), abs=1e-4
    )


def test_without_a_method_the_reader_is_told_to_choose_one(drawn):
    app = opened(view="Methods")
    app.pills(key="attribution.methods").set_value([]).run()
    assert not app.exception
    assert "Choose one method or more" in app.error[0].value
    app.pills(key="attribution.methods").set_value(["Saliency"]).run()
    assert not app.exception
    assert not app.error
    assert drawn["attribution-methods"].predict is None


def test_attention_is_held_against_the_scores(drawn):
    app = opened(view="Attention", folds=True)
    assert "The row is that of the last token" in said(app)
    assert "Attention is not explanation, nor is a gradient" in said(app)
    assert app.segmented_control(key="layer").value == "3"
    guess(app, "attention", "nearly")
    assert "rank correlation of attention and" in said(app)
    grid = drawn["attribution-attention-how_alike_do_they_rank"].table()
    value = grid["attribution"].iloc[0]
    assert f"**{value:.2f}**" in drawn["attribution-attention"].predict.because
    app.segmented_control(key="layer").set_value("0").run()
    assert not app.exception
    assert "Attention of layer 0" in drawn["attribution-attention"].table().columns


def test_a_phrase_that_is_typed_is_shown_as_it_is_read():
    app = opened(view="Sequence", sequence="are old", sequence_method="Shapley values")
    assert not app.error
    assert "What was typed, `are·old`, is read as `·are·old`" in said(app)


def test_the_token_that_counts_most_for_the_whole_sequence_is_on_offer(drawn):
    opened(FIRST, view="Sequence")
    shown = drawn["attribution-sequence"]
    whole = shown.table()["whole sequence"].abs()
    assert shown.predict.right.startswith(f"{int(whole.argmax())}: ")
    assert shown.predict.right in shown.predict.answers
    assert len(shown.predict.answers) == 6


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
    if view not in ("Faithfulness", "Attention"):
        assert "their logits differ by" in said(app)
    offered = app.segmented_control(key="attribution.answer").options
    assert sorted(offered) == ["LABEL_0", "LABEL_1", "LABEL_2", "the likeliest"]
    if view == "Attention":
        first = f"the first token, {literal('<s>')}, from which the class is read (measured"
        assert first in said(app)
    if view == "Scores":
        assert "Put a *not* into the prompt" in said(app)
        assert "guess-attribution-scores" not in [pills.key for pills in app.pills]


def test_a_model_that_judges_writes_no_phrase_and_the_page_says_so(judge):
    app = opened("This restaurant is awesome.", model=judge, view="Sequence")
    assert not app.exception
    assert "does not write on from a text" in app.error[0].value


@pytest.mark.parametrize("name", CONTINUED)
def test_each_example_is_a_question_that_the_model_can_be_asked(name, drawn):
    """Its answer and its contrast are tokens of the bundled model."""
    app = opened("Once upon a time")
    app.button(key=f"example-{name}").click().run()
    assert not app.exception and not app.error
    prompt, answer, contrast = CONTINUED[name]
    assert app.session_state["prompt"] == prompt
    facts = drawn["attribution-scores"].facts
    if answer != LIKELIEST:
        assert visible(str(facts["answer"])) == answer
    if contrast != RUNNER_UP:
        assert visible(str(facts["contrast"])) == contrast


def test_the_swapped_names_and_the_one_key_turn_the_answer_round(drawn):
    """Of a minimal pair, the model prefers each text's own answer: else it would show nothing."""
    for name in ("The same, the names swapped", "The key ... is, not are"):
        app = opened("Once upon a time")
        app.button(key=f"example-{name}").click().run()
        assert float(drawn["attribution-scores"].facts["at_input"]) > 0


def offered(app: AppTest) -> set[str]:
    """Names of the examples on offer."""
    return {each.key.removeprefix("example-") for each in app.button if "example-" in str(each.key)}


def test_what_is_offered_fits_what_the_model_answers(judge, drawn, tmp_path):
    assert offered(opened()) == set(CONTINUED)
    app = opened("so so", model=judge)
    assert offered(app) == set(JUDGED)
    app.button(key="example-A review in four words").click().run()
    assert not app.error
    assert app.session_state["prompt"] == "unpretentious , charming , quirky , original"
    tiny.network("bert").save_pretrained(tmp_path)
    tiny.tokenizer().save_pretrained(tmp_path)
    app = opened("so so", model=str(tmp_path))
    app.button(key="example-A gap to fill").click().run()
    assert not app.error
    # With the mask that this very tokenizer has.
    assert app.session_state["prompt"] == "What a horrible <mask>!"


def test_an_example_brings_its_prompt_and_its_two_answers():
    app = opened("Once upon a time")
    app.button(key="example-The keys ... are, not is").click().run()
    assert not app.error
    assert app.session_state["prompt"] == KEYS
    assert "`·are` **" in said(app)
    assert "`·is`" in said(app)


@pytest.mark.parametrize("view", ["Scores", "Sequence"])
def test_what_is_text_stays_text(view, drawn: dict[str, Shown]):
    app = opened("a **b** `c` <i>d</i>", view=view)
    assert not app.exception
    assert not app.error
    assert "<i>" not in drawn[f"attribution-{view.lower()}"].figure.to_json()
