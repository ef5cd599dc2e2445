"""The sampling playground: every view runs, and what cannot be done is said in a sentence."""

import copy
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from tokenizers import processors

from components.widgets.sampling import generate_view
from tests import tiny

DRINK = "When Mary and John went to the shop, Mary gave a drink to"
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
    assert "returns the same 6 tokens" in words(app)
    assert ":green[✓] Generate(num_beams=3) ends with a beam of the same score" in words(app)


def test_predictions_are_asked_before_they_are_answered():
    app = opened(view="Compare", each="4")
    assert "ln p = " not in words(app)
    app.segmented_control(key="guess-strategy").set_value("beam search").run()
    assert "ln p = " in words(app)


@pytest.mark.parametrize("guess", ["greedy", "beam search", "sampling"])
def test_of_three_equal_texts_none_is_called_the_likeliest(guess):
    """Of this prompt, all three write "John."."""
    app = opened(DRINK, view="Compare")
    app.segmented_control(key="guess-strategy").set_value(guess).run()
    assert "All three wrote the same text" in words(app)
    assert "**Right**" not in words(app)
    assert "**Not quite**" not in words(app)


def test_where_beam_search_wins_it_is_said():
    app = opened(view="Compare", beams="8", each="40")
    app.segmented_control(key="guess-strategy").set_value("greedy").run()
    assert "**Not quite**: the likeliest of the three is the one by **beam search**" in words(app)
    app.segmented_control(key="guess-strategy").set_value("beam search").run()
    assert "**Right**" in words(app)


def test_writing_again_begins_at_the_prompt_once_more():
    app = opened(view="Generate", new="6", temperature="1")
    assert "Press **Write 6**, then **Write again**" in words(app)
    press(app, "Write 6")
    first = app.session_state[generate_view._TREE][1]
    press(app, "Write again")
    assert "Same seed, same settings, same text: all 6 tokens as before" in words(app)
    assert len(app.session_state[generate_view._TREE][1].nodes) == len(first.nodes)
    app.query_params["seed"] = "7"
    app.run()
    press(app, "Write again")
    tree = app.session_state[generate_view._TREE][1]
    assert len(tree.leaves()) == 2
    assert tree.nodes[len(first.nodes)].parent == -1


def test_the_first_tokens_toggle_shows_what_is_so():
    """The storyteller's tokenizer puts a token before every text: there is nothing to switch."""
    app = opened(view="Perplexity")
    (toggle,) = app.toggle
    assert (toggle.value, toggle.disabled) == (True, True)
    assert "The first token is scored too, as what follows `<|end|>`" in words(app)


def test_without_a_start_token_the_toggle_really_switches(saved):
    app = opened("to be or not", view="Perplexity", model=saved("bare"))
    assert (app.toggle[0].value, app.toggle[0].disabled) == (False, False)
    off = [each.value for each in app.latex]
    assert "The first token is not scored" in words(app)
    app = opened("to be or not", view="Perplexity", model=saved("bare"), first="true")
    assert (app.toggle[0].value, app.toggle[0].disabled) == (True, False)
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
    if kind == "masked" and view in ("Reshape", "Draws"):
        assert not app.error  # its mask's distribution can be reshaped and drawn from
    else:
        assert said in app.error[0].value


@pytest.mark.parametrize(("view", "dtype"), zip(VIEWS, ["bfloat16", "float16"] * 3, strict=False))
def test_no_check_is_red_in_16_bits(view, dtype):
    app = opened(view=view, dtype=dtype, each="6", temperature="1.5", top_p="0.9")
    assert not app.exception
    assert ":red[✗]" not in words(app)
    if view in ("Compare", "Draws", "Perplexity"):
        assert ":green[✓]" in words(app)


def test_perplexity_by_hand_is_the_example_s():
    app = opened(view="Perplexity")
    assert "2.148555694785" in "\n".join(str(each.value) for each in app.latex)
    app.text_input(key="by_hand").set_value("0.5, none").run()
    assert "is not a list of numbers" in app.error[0].value


def press(app: AppTest, label: str) -> None:
    next(each for each in app.button if each.label == label).click()
    app.run()
    assert not app.exception
