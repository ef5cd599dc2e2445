"""The sampling playground: every view runs, and what cannot be done is said in a sentence."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import entr, softmax
from streamlit.testing.v1 import AppTest
from tokenizers import processors

from components import engine
from components.engine import ModelChoice
from components.figures.numbers import percent
from components.inspection.sampling.next_token import next_token
from components.inspection.sampling.settings import RANGES
from components.widgets import writing
from pages.output.sampling import examples
from pages.output.sampling.perplexity_asked import AT_A_TIME
from pages.output.sampling.perplexity_words import SURPRISING
from tests import tiny

DRINK = "When Mary and John went to the shop, Mary gave a drink to"
ROOT = Path(__file__).parents[2]
VIEWS = ["Logits processing", "Temperature", "Generate", "Compare", "Draws", "Perplexity"]
OWN = {"view", "model", "dtype"}
FOLDS = {
    "Compare": ("sampling-compare-the_finished_beams",),
    "Generate": ("sampling-generate-several_texts",),
    "Perplexity": (
        "sampling-perplexity-by_hand_a_sentence_of_four_tokens",
        "sampling-perplexity-two_texts_side_by_side",
    ),
}
"""Parts below a view, by their names in the address."""
PROMPT = "Once upon a time there was a little fox named Leo."


def opened(prompt: str = PROMPT, **address: str) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=120)
    app.switch_page("pages/output/sampling/sampling.py")
    app.query_params["prompt"] = prompt
    for fold in FOLDS.get(address.get("view", ""), ()):
        app.query_params[fold] = "true"
    for name, value in address.items():
        app.query_params[name if name in OWN or name in RANGES else f"sampling.{name}"] = value
    return app.run()


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Return the folder of a tiny model that does not write, or whose tokenizer adds nothing."""
    root = tmp_path_factory.mktemp("models")

    def folder(kind: str) -> str:
        place = root / kind
        if not place.exists():
            networks = {
                "headless": tiny.model("bert").network.bert,
                "classifier": tiny.model("bert_classifier").network,
                "masked": tiny.model("bert").network,
                "bare": tiny.model("llama").network,
            }
            networks[kind].save_pretrained(place)
            tokenizer = copy.deepcopy(tiny.tokenizer())
            if kind == "bare":
                tokenizer.backend_tokenizer.post_processor = processors.Sequence([])
            tokenizer.save_pretrained(place)
        return str(place)

    return folder


def words(app: AppTest) -> str:
    said = [str(each.value) for kind in (app.markdown, app.caption, app.info) for each in kind]
    return "\n".join([*said, *(each.proto.popover.label for each in app.get("popover"))])


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_runs_on_the_default_model(view):
    app = opened(view=view)
    assert not app.exception
    assert not app.error
    assert app.title[0].value == "Sampling"


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("prompt", "said"),
    [("", "no text"), ("lamp " * 20_000, "tokens")],
)
def test_a_prompt_that_cannot_be_read_is_explained_on_every_view(view, prompt, said):
    app = opened(view=view)
    app.session_state["prompt"] = prompt
    app.run()
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


@pytest.mark.parametrize("view", ["Logits processing", "Generate", "Compare", "Draws"])
def test_settings_in_the_address_are_those_on_the_page(view):
    app = opened(view=view, temperature="0.5", top_k="7")
    assert app.query_params["temperature"] in ("0.5", ["0.5"])
    assert "must be" not in words(app)
    if view == "Logits processing":
        data = playground(app)["settings"]
        assert (data["temperature"], data["top_k"]) == (0.5, 7)
    else:
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
    assert said in words(app)
    assert name not in app.query_params


@pytest.mark.parametrize(
    ("view", "name"), [("Generate", "new"), ("Compare", "beams"), ("Draws", "draws")]
)
@pytest.mark.parametrize("value", ["0", "999999999", "many", ""])
def test_a_count_out_of_range_in_the_address_gets_a_sentence(view, name, value):
    app = opened(view=view, **{name: value})
    assert not app.exception
    assert "The link" in words(app)
    assert (
        app.number_input(key=f"sampling.{name}").value
        == {"new": 30, "beams": 3, "draws": 1000}[name]
    )


def test_writing_twice_with_the_same_seed_says_that_it_is_the_same():
    app = opened(view="Generate", new="6")
    press(app, "Write 6")
    assert "Stopped:" in words(app)
    tree = app.session_state[writing.TREE][1]
    app.session_state[writing.NODE] = -1
    app.run()
    press(app, "Write 6")
    assert "same text: all" in words(app)
    assert len(app.session_state[writing.TREE][1].nodes) == len(tree.nodes)


def test_another_token_begins_a_branch_and_the_first_is_kept():
    app = opened(view="Generate", new="5", temperature="0")
    press(app, "Write 5")
    first = app.session_state[writing.TREE][1]
    app.session_state[writing.NODE] = 1
    app.run()
    press(app, "Take it, and go on")
    tree = app.session_state[writing.TREE][1]
    assert tree.nodes[: len(first.nodes)] == first.nodes
    assert len(tree.leaves()) == 2
    branch = tree.nodes[len(first.nodes)]
    assert (branch.parent, branch.step.taken) == (0, "by hand")


def test_rewinding_and_starting_over_forget():
    app = opened(view="Generate", new="5", temperature="0")
    press(app, "Write 5")
    app.session_state[writing.NODE] = 1
    app.run()
    press(app, "Rewind to here")
    assert len(app.session_state[writing.TREE][1].nodes) == 2
    press(app, "One token")
    assert len(app.session_state[writing.TREE][1].nodes) == 3
    press(app, "Start over")
    assert app.session_state[writing.TREE][1].nodes == ()


def test_a_stop_sequence_stops_the_writing():
    app = opened(view="Generate", new="40", temperature="0", stop=".|never")
    press(app, "Write 40")
    steps = app.session_state[writing.TREE][1].nodes
    assert "." in steps[-1].step.chosen.text
    assert "the text contains “.”" in words(app)


def test_another_prompt_begins_an_empty_tree():
    app = opened(view="Generate", new="3")
    press(app, "Write 3")
    app.session_state["prompt"] = "One day"
    app.run()
    assert "The first token would be" in words(app)
    assert [each.key for each in app.get("bidi_component") if each.key == "written"] == []


def test_the_beams_are_checked_against_transformers_on_demand():
    app = opened(view="Compare", beams="3", each="6")
    assert "Generate(num_beams=3)" not in words(app)
    app.toggle(key="sampling.own").set_value(True).run()
    assert "returns the same 6 tokens" in words(app)
    assert ":green[✓] Generate(num_beams=3) ends with a beam of the same score" in words(app)


def test_every_finished_beam_has_its_text_and_score(drawn):
    opened(view="Compare", beams="3", each="6", length_penalty="2")
    table = drawn[FOLDS["Compare"][0]].table()
    assert list(table.columns) == ["text", "ln p", "tokens", "score"]
    assert len(table) == 3
    assert list(table["score"]) == pytest.approx(list(table["ln p"] / table["tokens"] ** 2))
    assert list(table["score"]) == sorted(table["score"], reverse=True)


GUESS = "guess-sampling-compare"


def test_predictions_are_asked_before_they_are_answered():
    app = opened(view="Compare", each="4")
    assert "**Greedy decoding** `" in words(app), "the texts are there"
    assert "tokens, -" not in words(app), "their probabilities are not"
    app.button_group(key=GUESS).set_value("beam search").run()
    assert "ln p = **" in words(app)
    assert "each, " in words(app)
    assert "% distinct" in words(app)


@pytest.mark.parametrize("guess", ["greedy decoding", "beam search", "sampling", "a tie"])
def test_of_three_equal_texts_none_is_called_the_likeliest(guess):
    """Of this prompt, all three write "John."."""
    app = opened(DRINK, view="Compare")
    app.button_group(key=GUESS).set_value(guess).run()
    assert "All three wrote the same text" in words(app)
    assert ("✓ Right: a tie" in words(app)) == (guess == "a tie")
    assert ("Not quite: a tie" in words(app)) == (guess != "a tie")


def test_where_beam_search_wins_it_is_said():
    app = opened(view="Compare", beams="8", each="40")
    app.button_group(key=GUESS).set_value("greedy decoding").run()
    assert "**Not quite: beam search.** The likeliest of the three is the one by **beam" in words(
        app
    )
    assert "times as likely as greedy decoding's" in words(app)
    app.button_group(key=GUESS).set_value("beam search").run()
    assert "✓ Right: beam search" in words(app)


def test_writing_again_begins_at_the_prompt_once_more():
    app = opened(view="Generate", new="6", temperature="1")
    assert "Press **Write 6**, then **Write again**" in words(app)
    app.button_group(key="guess-sampling-generate").set_value("never").run()
    assert "**Not quite: at 0, and at 1 with one seed.**" in words(app)
    press(app, "Write 6")
    first = app.session_state[writing.TREE][1]
    press(app, "Write again")
    assert "Same seed, same settings, same text: all 6 tokens as before" in words(app)
    assert len(app.session_state[writing.TREE][1].nodes) == len(first.nodes)
    app.query_params["seed"] = "7"
    app.run()
    press(app, "Write again")
    tree = app.session_state[writing.TREE][1]
    assert len(tree.leaves()) == 2
    assert tree.nodes[len(first.nodes)].parent == -1


def firsts(app: AppTest) -> list:
    return [each for each in app.toggle if each.label.startswith("Score the first token")]


def test_where_the_first_token_is_always_scored_there_is_nothing_to_switch():
    """The storyteller's tokenizer puts a token before every text."""
    app = opened(view="Perplexity")
    assert firsts(app) == []
    assert "The first token is scored too, as what follows `<|end|>`" in words(app)


def test_without_a_start_token_the_toggle_really_switches(saved):
    app = opened("to be or not", view="Perplexity", model=saved("bare"))
    (toggle,) = firsts(app)
    assert (toggle.value, toggle.disabled) == (False, False)
    off = [each.value for each in app.latex]
    assert "The first token is not scored" in words(app)
    app = opened("to be or not", view="Perplexity", model=saved("bare"), first="true")
    (toggle,) = firsts(app)
    assert (toggle.value, toggle.disabled) == (True, False)
    assert app.latex[0].value != off[0]
    assert "The first token is scored too, as what follows `<s>`" in words(app)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("headless", "without a language-model head"),
        ("classifier", "one of a few classes"),
        ("masked", "fills in masked tokens"),
    ],
)
def test_a_model_that_does_not_write_is_explained_on_every_view(view, kind, said, saved):
    app = opened(view=view, model=saved(kind))
    assert not app.exception
    if kind == "masked" and view in ("Logits processing", "Temperature", "Draws"):
        assert not app.error  # its mask's distribution can be processed and drawn from
    else:
        assert said in app.error[0].value


@pytest.mark.parametrize(("view", "dtype"), zip(VIEWS, ["bfloat16", "float16"] * 3, strict=False))
def test_no_check_is_red_in_16_bits(view, dtype):
    app = opened(view=view, dtype=dtype, each="6", temperature="1.5", top_p="0.9")
    assert not app.exception
    assert ":red[✗]" not in words(app)
    assert ":green[✓]" in words(app)


def test_perplexity_by_hand_is_the_example_s():
    app = opened(view="Perplexity")
    assert "2.148555694785" in "\n".join(str(each.value) for each in app.latex)
    app.text_input(key="sampling.by_hand").set_value("0.5, none").run()
    assert "is not a list of numbers" in app.error[0].value


def test_the_question_on_perplexity_is_answered_by_this_model():
    """Of two sentences the storyteller expects the story's, whichever is scored."""
    guess = "guess-sampling-perplexity"
    for text, right in ((PROMPT, "higher"), (SURPRISING, "lower")):
        app = opened(view="Perplexity", text=text)
        app.button_group(key=guess).set_value(right).run()
        assert f"✓ Right: {right}" in words(app)


def test_a_long_text_is_shown_in_parts_and_read_in_windows(drawn):
    app = opened(view="Perplexity", text="The fox ran home. " * 200, part="2")
    assert "windows that overlap by half" in words(app)
    shown = drawn["sampling-perplexity"]
    assert shown.figure.data[0].x[0] == AT_A_TIME
    assert len(shown.table()) > AT_A_TIME


def test_branches_are_in_the_file_with_all_their_candidates(drawn):
    app = opened(view="Generate", new="4")
    press(app, "Write 4")
    branches = dict(drawn["sampling-generate"].facts)["branches"]
    assert [each["parent"] for each in branches] == [-1, 0, 1, 2]
    assert len(branches[0]["candidates"]) >= 24


def test_before_anything_is_written_the_first_token_is_explained(drawn):
    """It is the one that Write takes."""
    app = opened(view="Generate", new="1", temperature="1.2", seed="5")
    shown = drawn["sampling-generate"]
    before = shown.table()
    press(app, "Write 1")
    assert drawn["sampling-generate"].table().equals(before)
    assert app.session_state[writing.TREE][1].nodes[0].step.chosen.text in shown.alt


def test_a_probability_too_small_for_two_digits_is_said_to_be_so():
    app = opened(view="Generate", new="3", temperature="5", seed="2")
    press(app, "Write 3")
    assert "0.00%" not in words(app)
    assert "< 0.1%" in words(app)


def test_the_numbers_of_the_settings_change_them_and_the_address():
    app = opened(view="Draws", temperature="0.5")
    app.number_input(key="popover-top_k").set_value(9).run()
    assert "temperature **0.5** · top-k **9**" in words(app)
    assert app.query_params["top_k"] in ("9", ["9"])


def test_what_is_left_and_the_steps_are_in_table_and_file(drawn):
    opened(view="Logits processing", logits="4, 3, 2, 1, 0", top_p="0.8", temperature="2")
    shown = drawn["sampling-logits_processing"]
    table = shown.table()
    assert list(table["token"]) == ["Paris", "a", "the"]
    assert table["after"].sum() == pytest.approx(1)
    stages = {each["name"]: each["tokens"] for each in shown.facts["stages"]}
    assert (stages["model"], stages["top_p"]) == (5, 3)
    assert shown.facts["settings"]["temperature"] == 2


@pytest.mark.parametrize("marked", [0.35, 1.0, 1.65])
def test_what_is_told_of_a_temperature_is_told_of_that_very_one(drawn, marked):
    app = opened(view="Temperature", at=str(marked))
    shown = drawn["sampling-temperature"]
    logits = engine.inspect(next_token, ModelChoice("storyteller"), PROMPT).logits
    shares = softmax(logits.astype(np.float64) / marked)
    assert f"At temperature {marked:g} " in words(app)
    assert f"**{percent(shares.max())}**" in shown.told
    assert f"**{entr(shares).sum() / np.log(2):.2f}**" in shown.told


def test_the_gaps_that_are_offered_have_the_mask_of_the_very_tokenizer(saved):
    app = opened(view="Logits processing", model=saved("masked"))
    app.button(key="example-A fact in the middle").click().run()
    assert not app.exception
    assert app.session_state["prompt"] == "The capital of <mask> is Paris."


def playground(app: AppTest) -> dict:
    """What the live component was handed."""
    found = [json.loads(each.proto.json) for each in app.get("bidi_component") if each.proto.json]
    return next(each for each in found if "logits" in each)


def press(app: AppTest, label: str) -> None:
    next(each for each in app.button if each.label == label).click()
    app.run()
    assert not app.exception


OFFERED = {
    "Logits processing": examples.LOGITS,
    "Generate": examples.WRITTEN,
    "Compare": examples.COMPARED,
    "Draws": examples.DRAWN,
    "Perplexity": {**examples.SCORED, **examples.PAIRS},
}


def number(values: str | list[str]) -> float:
    """Return a number of the address, which Streamlit holds alone or in a list."""
    return float(values if isinstance(values, str) else values[0])


@pytest.mark.parametrize(
    ("view", "name"), [(view, name) for view, of in OFFERED.items() for name in of]
)
def test_an_example_sets_the_prompt_the_settings_and_the_controls(view, name):
    app = opened("x", view=view, temperature="0.7", top_k="3")
    app.button(key=f"example-{name}").click().run()
    assert not app.exception
    assert not app.error
    sets = OFFERED[view][name]
    assert app.session_state["prompt"] == sets["prompt"]
    for control in sets.keys() - {"prompt", "settings"}:
        assert app.session_state[f"sampling.{control}"] == sets[control]
    if "settings" in sets:
        held = {each: number(app.query_params[each]) for each in RANGES if each in app.query_params}
        assert held == sets["settings"].changed()


def test_an_example_of_two_texts_sets_both():
    app = opened("x", view="Perplexity", text="something else")
    app.button(key="example-Two texts: right and wrong").click().run()
    assert not app.exception
    assert "one scale" in words(app).lower()
    assert app.session_state["sampling.text"] == ""
    assert app.session_state["sampling.other"] == "The capital of France is Rome."
