"""Look-up and In context: what they tell, with other models, and with bad input."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests import tiny

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("models")
    for family in ("bert", "t5", "gemma3", "gpt2"):
        tiny.network(family).save_pretrained(folder / family)
        tiny.tokenizer().save_pretrained(folder / family)
    return {path.name: str(path) for path in folder.iterdir()}


def opened(view: str, **address: str) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=180)
    app.switch_page("pages/text/embeddings/embeddings.py")
    app.query_params["view"] = view
    for name, value in address.items():
        shared = name in ("model", "prompt")
        app.query_params[name if shared else f"embeddings.{name}"] = value
    return app.run()


def told(app: AppTest) -> str:
    assert not app.exception
    assert not app.error
    return " ".join(each.value for each in app.markdown)


def test_the_books_sizes_and_the_model_s_own_are_told():
    said = told(opened("Look-up"))
    assert "**655,360** numbers, 20.4% of storyteller" in said
    assert "30,522 × 768 = 23,440,896" in said
    assert "32,064 × 3,072 = 98,500,608" in said
    assert "this row as it is" in said


@pytest.mark.parametrize(
    ("family", "words"),
    [
        ("gemma3", "the row times 4.899 (√24)"),
        ("bert", "at each place the token is another vector"),
        ("gpt2", "at each place the token is another vector"),
    ],
)
def test_what_becomes_of_the_row_is_told_as_measured(families, family, words):
    assert words in told(opened("Look-up", model=families[family], prompt="to be"))


@pytest.mark.parametrize("kind", ["Norms", "Angles", "Neighbours", "Dimensions", "Arithmetic"])
@pytest.mark.parametrize("family", ["bert"])
def test_every_kind_is_drawn_for_other_models(families, family, kind, drawn):
    words = {"near_word": "a", "plus_1": "a", "minus": "b", "plus_2": "c"}
    told(opened("Look-up", look_at=kind, model=families[family], **words))
    assert [each for each in drawn["embeddings-look_up"].checks if not each.holds] == []


def test_arithmetic_says_the_honest_result(drawn):
    app = opened("Look-up", look_at="Arithmetic")
    shown = drawn["embeddings-look_up"]
    assert shown.predict.right == "Germany"
    assert "With the words left out: **` Berlin`**" in shown.told
    assert not app.exception
    opened("Look-up", look_at="Arithmetic", plus_1="him", minus="he", plus_2="she")
    assert drawn["embeddings-look_up"].predict.right == "another token"
    opened("Look-up", look_at="Arithmetic", plus_2="woman")
    assert "no token here" in drawn["embeddings-look_up"].told


@pytest.mark.parametrize(("name", "value"), [("plus_1", " "), ("minus", "x" * 80 + " y")])
def test_a_word_that_is_missing_loses_nothing(name, value):
    app = opened("Look-up", look_at="Arithmetic", **{name: value})
    assert not app.exception
    assert app.text_input(key="embeddings.plus_2").value == "Germany"


def test_the_word_that_the_model_has_whole_comes_first():
    app = opened("In context")
    assert app.text_input(key="embeddings.in_context").value == "play"
    assert "most alike are 1 and 3" in told(app)


def test_own_sentences_and_a_layer_change_the_table(drawn):
    app = opened("In context")
    before = drawn["embeddings-in_context"].table()
    app.text_area(key="embeddings.contexts").set_value("The king sat.\nThey saw the king.")
    app.text_input(key="embeddings.in_context").set_value("king").run()
    assert "**after layer 1**" in told(app)
    after = drawn["embeddings-in_context"].table()
    assert (len(before), len(after)) == (4, 2)
    app.slider(key="embeddings.stage").set_value(0).run()
    assert drawn["embeddings-in_context"].table().iloc[0, 2] == pytest.approx(1)
    assert "**the table**" in told(app)


@pytest.mark.parametrize(
    ("family", "shown_as"),
    [
        ("bert", "Layer by layer"),
        ("t5", "Layer by layer"),
        ("gpt2", "Cosine table"),
        ("t5", "Trajectories"),
    ],
)
def test_words_in_context_of_other_models(families, family, shown_as, drawn):
    given = {"contexts": "to be or not\nor it may be", "in_context": "be"}
    told(opened("In context", model=families[family], shown_as=shown_as, **given))
    shown = drawn["embeddings-in_context"]
    assert {check.verdict for check in shown.checks} <= {"holds", "reported"}
    if shown_as == "Layer by layer":
        expected = "layers" if family == "t5" else "entering layer 0"
        assert shown.predict.right == expected


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"in_context": "king"}, "none of your sentences"),
        ({"contexts": "\n \n", "in_context": "king"}, "none of your sentences"),
        ({"contexts": "The king sat.", "in_context": "king"}, "one place"),
        ({"contexts": "a king\n" * 25, "in_context": "king"}, "at most 24"),
    ],
)
def test_sentences_that_cannot_be_compared_are_explained(given, words):
    app = opened("In context", **given)
    assert not app.exception
    assert words in app.error[0].value
    assert app.text_input(key="embeddings.in_context").value == "king"
