"""Sentences: written, uploaded and pooled; what is told of them, and bad input in words."""

import re
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from components import engine
from components.inspection.catalogue import ENCODER
from components.widgets import measuring
from pages.text.embeddings import corpus, encoder
from tests.pages.test_lessons import ROOT
from tests.pages.test_lessons import opened as opened_at
from tests.pages.test_text_is_text import HOSTILE, read_as_markup
from tests.pages.test_uploads import REFUSED

PAGE = ROOT / "pages" / "text" / "embeddings" / "embeddings.py"
VIEW = "embeddings-sentences"
MARKUP = " ".join(HOSTILE)


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.chdir(ROOT)
    # What takes no button on a quiet machine takes none on a busy one.
    monkeypatch.setattr(measuring, "UNASKED", 60.0)


def opened(**address: str) -> AppTest:
    named = {
        name if "-" in name or name == "model" else f"embeddings.{name}": value
        for name, value in address.items()
    }
    app = opened_at(PAGE, {"view": "Sentences"} | named)
    assert not app.exception
    return app


def own(written: str, **address: str) -> AppTest:
    return opened(corpus="your own", sentences=written, **address)


def uploaded(raw: bytes, name: str = "mine.txt") -> AppTest:
    app = opened(corpus="a file")
    app.file_uploader[0].upload(name, raw, "text/plain")
    app.run()
    assert not app.exception
    return app


def notes(app: AppTest) -> str:
    return " ".join(each.value for each in app.caption)


def test_a_few_of_each_kind_stand_together_and_every_pooling_is_told(drawn):
    opened()
    shown = drawn[VIEW]
    table = shown.table()
    assert table["kind"].tolist() == sorted(table["kind"], key=table["kind"].tolist().index)
    assert table["kind"].value_counts().to_dict() == dict.fromkeys(corpus.bundled().kinds, 3)
    assert "360 sentences" in shown.told
    for way in ("mean", "CLS", "last token"):
        assert re.search(rf"{way} \*\*-?\d\.\d\d\*\* against -?\d\.\d\d", shown.told)
    # Each of the storyteller's texts begins with the same token, which has seen nothing else.
    assert "CLS **1.00** against 1.00" in shown.told
    assert shown.predict.right == "above 0.6"


def test_a_cat_a_feline_and_a_car(drawn):
    own(corpus.EXAMPLE)
    shown = drawn[VIEW]
    assert shown.table()["sentence"].tolist() == corpus.EXAMPLE.splitlines()
    assert shown.predict.right == "number 2"
    assert "Nearest are 1 and 2" in shown.told


@pytest.mark.parametrize("way", ["CLS", "last token"])
def test_another_pooling_makes_other_cosines(drawn, way):
    own(corpus.EXAMPLE)
    mean = drawn[VIEW].table()["2"].tolist()
    own(corpus.EXAMPLE, pooling=way)
    assert drawn[VIEW].table()["2"].tolist() != mean


def test_a_sentence_encoder_is_offered_by_name_and_whether_it_is_here(drawn, monkeypatch):
    def told(here: bool, hub: bool = True) -> tuple[str, str, dict[str, str]]:
        monkeypatch.setattr(engine, "on_this_machine", lambda _source: here)
        monkeypatch.setattr(encoder, "access", lambda: SimpleNamespace(hub=hub))
        app = own(corpus.EXAMPLE)
        shown = drawn[VIEW]
        return shown.told, shown.read, {button.label: button.help for button in app.main.button}

    said, why, buttons = told(here=False)
    assert said.endswith("MiniLM, a sentence encoder, can be fetched (91 MB).")
    assert f"`{ENCODER.source}` was trained to embed sentences; it is not on this machine" in why
    assert buttons["Take MiniLM"] == ENCODER.source
    said, why, buttons = told(here=True, hub=False)
    assert "MiniLM, a sentence encoder, is on this machine." in said and "Take MiniLM" in buttons
    assert "it is on this machine." in why
    said, why, buttons = told(here=False, hub=False)
    assert "is not on this machine." in said and "fetch" not in said + why
    assert "Take MiniLM" not in buttons


def test_taking_the_encoder_chooses_it(monkeypatch):
    app = own(corpus.EXAMPLE)
    (button,) = [one for one in app.main.button if one.label.startswith("Take ")]
    button.click().run()
    assert app.session_state["model"] == ENCODER.source


def test_a_file_of_thousands_is_taken_up_to_the_limit(monkeypatch, drawn):
    monkeypatch.setattr(corpus, "USUAL", 40)
    raw = "\n".join(f"Sentence number {number}" for number in range(100_000)).encode()
    app = uploaded(raw)
    assert "The first 40 of 100,000 lines are taken." in notes(app)
    assert not app.error
    assert len(drawn[VIEW].table()) == 40


def test_empty_lines_and_repeated_ones_are_left_out_and_told(drawn):
    app = uploaded(b"one dog\n\n  \none dog\nanother cat\n")
    assert "1 line repeats one before and is left out." in notes(app)
    assert drawn[VIEW].table()["sentence"].tolist() == ["one dog", "another cat"]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"only one\n", "mine.txt has one sentence;"),
        (b"alike\n" * 9, "mine.txt has one sentence, 9 times;"),
        (b" \n\n\t\n", "mine.txt has no sentence;"),
        *((raw, said) for raw, said in REFUSED.values() if len(raw) < 10_000),
    ],
)
def test_a_file_that_cannot_be_compared_is_refused_in_words_and_another_taken(raw, said, drawn):
    app = uploaded(raw)
    (error,) = app.error
    assert said in error.value
    app.file_uploader[0].upload("b.txt", b"a dog\na cat\n", "text/plain")
    app.run()
    assert not app.exception
    assert not app.error
    assert drawn[VIEW].table()["sentence"].tolist() == ["a dog", "a cat"]


@pytest.mark.parametrize("written", ["one alone", "alike\nalike", ""])
def test_what_is_written_stays_where_it_cannot_be_compared(written):
    app = own("a dog\na cat")
    app.text_area(key="embeddings.sentences").set_value(written).run()
    assert not app.exception
    (error,) = app.error
    assert "at least 2" in error.value
    assert app.text_area(key="embeddings.sentences").value == written


def test_sentences_are_no_markup():
    app = own(f"{MARKUP}\nanother <b>{MARKUP}</b>\nthird")
    assert read_as_markup(app) == []


def test_long_sentences_are_cut_and_told(drawn):
    own("a short one\n" + "to be or not to be " * 100)
    assert "longer than what is read of one: 512 tokens" in drawn[VIEW].told


def test_what_takes_long_waits_for_a_button(monkeypatch):
    monkeypatch.setattr(measuring, "UNASKED", 0.0)
    app = own("a dog\na cat\na bird that nobody has embedded before")
    assert "Start" in [button.label for button in app.main.button]
    assert "**3** sentences" in notes(app) + " ".join(each.value for each in app.markdown)
    next(button for button in app.main.button if button.label == "Start").click().run()
    assert not app.exception
    assert "Start" not in [button.label for button in app.main.button]


@pytest.mark.parametrize(
    ("fold", "said"),
    [
        ("poolings_compared", "nearest other is of their own kind"),
        ("from_tokens_to_one_vector", "The longest vector is that of"),
        ("padding_side", "Farthest from the sentence alone: *right, masked; last place*"),
    ],
)
def test_folds(fold, said, drawn):
    opened(**{f"{VIEW}-{fold}": "true"})
    shown = drawn[f"{VIEW}-{fold}"]
    assert said in shown.told
    assert [check.verdict for check in shown.checks if check.verdict != "holds"] == []
