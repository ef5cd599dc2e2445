"""Search and Labels: what they tell, with other models, other sentences, and bad input."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components.inspection.catalogue import ENCODER
from components.inspection.embeddings.own_encoder import OwnEncoder
from pages.text.embeddings import encoder, search_words
from pages.text.embeddings.corpus import bundled
from pages.text.embeddings.queries import ANSWERED, FAR, NEAR
from tests import tiny

ROOT = Path(__file__).parents[2]
FOLDS = {
    "unanswered": "embeddings-search-a_question_that_nothing_answers",
    "pairs": "embeddings-search-two_sentences_in_one_pass",
    "hard": "embeddings-search-hard_negatives",
    "learning": "embeddings-labels-how_many_labelled_sentences_does_it_take",
}
TRAINED = "a trained classifier"


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("models")
    for family in ("bert", "t5"):
        tiny.network(family).save_pretrained(folder / family)
        tiny.tokenizer().save_pretrained(folder / family)
    return {path.name: str(path) for path in folder.iterdir()}


def opened(view: str, fold: str = "", model: str = "", **address: str) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=180)
    app.switch_page("pages/text/embeddings/embeddings.py")
    app.query_params["view"] = view
    if fold:
        app.query_params[FOLDS[fold]] = "true"
    if model:
        app.query_params["model"] = model
    for name, value in address.items():
        app.query_params[f"embeddings.{name}"] = value
    return app.run()


def answered(app: AppTest) -> str:
    """Give up every guess, and return what is told."""
    while True:
        waiting = [one for one in app.button if "without a guess" in one.label]
        if not waiting:
            break
        app = waiting[0].click().run()
    assert not app.exception
    assert not app.error
    return " ".join(each.value for each in app.markdown)


def test_the_bundled_set_answers_what_it_is_said_to_answer():
    sentences = bundled().sentences
    assert all(set(right) <= set(sentences) for right in ANSWERED.values())
    assert not set(ANSWERED) & {*NEAR, *FAR}
    for missing in ("Greece", "Peru", "window", "moon", "password", "Hamlet"):
        assert not any(missing in sentence for sentence in sentences)


def test_a_search_tells_both_first_hits_and_where_they_stand(drawn):
    app = opened("Search", search="When does the boat to Poland leave?")
    assert "First by meaning" not in " ".join(each.value for each in app.markdown)
    said = answered(app)
    assert "First by words: **The** **boat** **to** **Poland** leaves on Wednesday." in said
    table = drawn["embeddings-search"].table()
    place = table.index[table["by words"] == 1][0] + 1
    assert f"{search_words.ordinal(place)} by meaning" in said
    assert "for like meaning or for like form" in said
    assert table["cosine"].is_monotonic_decreasing and len(table) == 360


def test_an_encoder_of_sentences_is_not_spoken_ill_of():
    class Asking:
        def consult(self, _inspection):
            return OwnEncoder(pooling="mean")

    assert search_words.expectation(Asking()) == ""
    Asking.consult = lambda self, _inspection: OwnEncoder()
    assert search_words.expectation(Asking()).startswith(" Whether")


@pytest.mark.parametrize("view", ["Search", "Labels", "Clusters"])
def test_the_encoder_takes_a_line_of_what_is_told_and_its_reasons_are_to_be_read(view, drawn):
    answered(opened(view))
    shown = drawn[f"embeddings-{view.lower()}"]
    (line,) = [one for one in shown.told.splitlines() if encoder.SHORT in one]
    assert len(line) < 125, "a line has room for no more"
    assert ENCODER.source not in shown.told and ENCODER.source in shown.read
    assert shown.read.count("storyteller") == 1


def test_a_query_of_unknown_words_finds_by_meaning_all_the_same(drawn):
    said = answered(opened("Search", search="xyzzy"))
    assert "By words nothing is found" in said
    assert drawn["embeddings-search"].predict.right == "none at all"


def test_an_empty_query_is_told_and_nothing_breaks():
    app = opened("Search", search=" ")
    assert "write a query" in app.error[0].value
    assert not app.exception


@pytest.mark.parametrize("family", ["bert", "t5"])
def test_other_families_search_and_label_the_reader_s_own_sentences(family, families):
    own = {"corpus": "your own", "sentences": "to be\nor not\n**be** <b>it</b>"}
    said = answered(opened("Search", model=families[family], search="be", **own))
    assert "First by words" in said and "to **be**" in said
    said = answered(opened("Labels", model=families[family], labels="be\nnot", **own))
    assert re.search(r"Taken: be \d; not \d\. No kinds of these sentences are known", said)


def test_questions_that_nothing_answers_find_something(drawn):
    said = answered(opened("Search", "unanswered"))
    assert "“What is the mass of the moon?” finds, too:" in said
    table = drawn[FOLDS["unanswered"]].table()
    tops = table.groupby("answered")["nearest"]
    right = "yes" if tops.min()["yes"] > tops.max()["no"] else "no"
    assert drawn[FOLDS["unanswered"]].predict.right == right
    assert "the answer comes first for" in said


def test_of_the_reader_s_own_sentences_nobody_knows_what_they_answer(drawn):
    answered(opened("Search", "unanswered", corpus="your own"))
    assert drawn[FOLDS["unanswered"]].predict is None
    assert list(drawn[FOLDS["unanswered"]].table()["answered"]) == ["", "no", "no", "no"]


def test_ten_thousand_sentences_are_many_pairs(drawn):
    said = answered(opened("Search", "pairs"))
    assert "**10,000** passes read each sentence once; **49,995,000** read each pair" in said
    assert drawn[FOLDS["pairs"]].predict.right == "a hundred times as many"
    said = answered(opened("Search", "pairs", number="2"))
    assert "**2** passes read each sentence once; **1** read each pair" in said


def test_a_hard_negative_is_measured_live(drawn):
    answered(opened("Search", "hard"))
    first = drawn[FOLDS["hard"]].table()["cosine"].tolist()
    answered(opened("Search", "hard", hard="Almost a million people live in Amsterdam."))
    second = drawn[FOLDS["hard"]].table()["cosine"].tolist()
    assert second[1] == pytest.approx(second[0], abs=1e-5) != first[1]
    app = opened("Search", "hard", hard=" ")
    assert "is empty" in app.error[0].value


def test_labels_are_graded_where_kinds_are_known(drawn):
    said = answered(opened("Labels"))
    table = drawn["embeddings-labels"].table()
    right = int((table["kind"] == table["label"]).sum())
    assert f"**{right} of 360** sentences took their kind's label, **{right / 360:.1%}**" in said
    assert "F1 0.78, with its model and its data, not these" in said


def test_other_labels_are_taken_and_not_graded(drawn):
    said = answered(opened("Labels", labels="cats\nships", form="the word"))
    assert "There are not as many labels as kinds" in said
    assert set(drawn["embeddings-labels"].table()["label"]) <= {"cats", "ships"}


@pytest.mark.parametrize(("labels", "why"), [("one", "Write two or more"), ("a\na", "there twice")])
def test_labels_that_cannot_be_told_apart_are_told(labels, why):
    app = opened("Labels", labels=labels)
    assert not app.exception
    assert why in app.error[0].value


def test_a_classifier_is_graded_on_what_it_has_not_seen(drawn):
    said = answered(opened("Labels", labels_by=TRAINED, train="20"))
    table = drawn["embeddings-labels"].table()
    right = int((table["kind"] == table["predicted"]).sum())
    assert len(table) == 288
    assert f"**{right} of 288** sentences held out are right, **{right / 288:.1%}**" in said


@pytest.mark.parametrize("fold", ["", "learning"])
def test_without_kinds_nothing_can_be_learned_and_it_is_said(fold):
    app = opened("Labels", fold, labels_by=TRAINED, corpus="your own")
    assert not app.exception
    assert "of these they are not" in app.error[-1].value


def test_lines_that_say_their_kinds_are_graded_and_learned_from():
    kinds = {"pets": "the {} cat sleeps", "rain": "{} drops fall on the roof"}
    counts = ("one", "two", "three", "four", "five", "six", "seven", "eight")
    lines = [f"{kind}\t{says.format(each)}" for each in counts for kind, says in kinds.items()]
    own = {"corpus": "your own", "sentences": "\n".join(lines)}
    app = opened("Labels", **own)
    assert "took their kind's label" in answered(app)
    app = opened("Labels", labels_by=TRAINED, **own)
    assert re.search(r"\*\*\d+ of \d+\*\* sentences held out", answered(app))
