"""Figures and tables of search and labels, read back as data."""

import numpy as np
import pytest

from components.figures import theme
from components.figures.embeddings import labels as drawn_labels
from components.figures.embeddings import search as drawn
from components.figures.embeddings import search_tables as tables
from components.inspection.embeddings.classifier import curve, trained
from components.inspection.embeddings.keywords import by_words
from components.inspection.embeddings.labels import graded, nearest_label
from components.inspection.embeddings.passes import passes
from components.inspection.embeddings.search import by_meaning
from components.inspection.embeddings.threshold import spread

SENTENCES = ("The dog barks.", "A <b>cat</b> sleeps", "It is cold", "The dog sleeps")
VECTORS = np.array([[3, 4], [4, 3], [-3, -4], [0, 1]], np.float32)
MEANT = by_meaning(VECTORS, np.array([1, 0], np.float32))
SHARED = by_words(SENTENCES, "Is the dog cold?")


def test_each_row_has_its_place_and_score_in_both_rankings():
    rows = [1, 0, 3]
    figure = drawn.two_rankings(SENTENCES, MEANT, SHARED, rows)
    meaning, words, texts = figure.data
    np.testing.assert_allclose(meaning.x, MEANT.scores[rows])
    np.testing.assert_allclose(words.x, SHARED.scores[rows])
    assert list(meaning.text) == ["1st · 0.80", "2nd · 0.60", "3rd · 0.00"]
    # "is", "cold" and, of two sentences, "the" and "dog".
    assert SHARED.order.tolist() == [2, 0, 3]
    assert words.text[0] == "not found"
    assert [one.split(" · ")[0] for one in words.text[1:]] == ["2nd", "3rd"]
    assert list(texts.text) == [
        "A &lt;b&gt;cat&lt;/b&gt; sleeps",
        "‹The› ‹dog› barks.",
        "‹The› ‹dog› sleeps",
    ]


def test_before_the_answer_the_ranking_by_words_is_not_there():
    figure = drawn.two_rankings(SENTENCES, MEANT, SHARED, [1, 0], both=False)
    assert len(figure.data) == 2
    assert figure.layout.xaxis2.visible is False
    assert list(figure.data[1].text) == ["A &lt;b&gt;cat&lt;/b&gt; sleeps", "The dog barks."]


def test_a_phone_keeps_the_sentences():
    many = tuple(f"Sentence {number}" for number in range(12))
    figure = theme.lit(
        drawn.bars(many, np.linspace(0, 1, 12, dtype=np.float32)), False, narrow=True
    )
    written = [trace for trace in figure.data if trace.type == "scatter"]
    assert all(trace.visible is None for trace in written)
    assert sum(len(trace.text) for trace in written) == 12
    assert [list(figure.layout.xaxis9.range), figure.layout.xaxis9.visible] == [[0, 1], False]


def test_queries_are_drawn_in_the_color_of_their_group():
    found = spread(VECTORS, VECTORS[:3], (None, True, False))
    named = {"own": "yours", "answered": "yes", "unanswered": "no"}
    figure = drawn.spreads(SENTENCES[:3], ("own", "answered", "unanswered"), found.five, named)
    diamonds = [trace for trace in figure.data if trace.type == "scatter" and trace.name]
    assert [trace.name for trace in diamonds] == ["yours", "yes", "no"]
    np.testing.assert_allclose([trace.x[0] for trace in diamonds], found.five[:, 4])
    boxes = [trace for trace in figure.data if trace.type == "box"]
    np.testing.assert_allclose([trace.median[0] for trace in boxes], found.five[:, 2])
    table = tables.spread_table(SENTENCES[:3], (None, True, False), found, SENTENCES)
    assert list(table["answered"]) == ["", "yes", "no"]
    assert list(table["nearest sentence"]) == list(SENTENCES[:3])


def test_passes_are_marked_where_they_are():
    figure = drawn.pass_lines(passes(10_000))
    marked = {trace.text[0]: (trace.x[0], trace.y[0]) for trace in figure.data if trace.text}
    assert marked == {"49,995,000": (10_000, 49_995_000), "10,000": (10_000, 10_000)}
    table = tables.pass_table(passes(10_000), 0.5, 1.0)
    assert (table["passes in pairs"] == table["sentences"] * (table["sentences"] - 1) // 2).all()
    assert (table["seconds one by one"] == table["sentences"] * 0.5).all()


def test_the_table_of_a_search_has_all_sentences_in_their_order():
    table = tables.search_table(SENTENCES, MEANT, SHARED)
    assert list(table["sentence"]) == [SENTENCES[at] for at in (1, 0, 3, 2)]
    assert table["by words"].tolist()[1:] == [2, 3, 1]
    assert table["by words"].isna().tolist() == [True, False, False, False]


def test_a_map_of_kinds_has_counts_as_text_and_shares_as_color():
    grade = graded(["a", "a", "b"], [0, 1, 1], 2)
    heat = drawn_labels.counts_map(grade.kinds, ("a", "<b>"), grade.counts, "label").data[0]
    assert [list(row) for row in heat.text] == [["1", "1"], ["0", "1"]]
    np.testing.assert_allclose(heat.z, [[0.5, 0.5], [0, 1]])


def test_names_that_are_cut_alike_keep_columns_of_their_own():
    long = tuple("the very same beginning of a label " + end for end in "ab")
    found = nearest_label(VECTORS, long, VECTORS[:2])
    figure = drawn_labels.cosines_map(SENTENCES, long, found.scores, tuple(found.chosen.tolist()))
    assert np.shape(figure.data[0].z) == (4, 2)
    assert len(figure.layout.xaxis.ticktext) == 2
    ticks = [[text.endswith("✓") for text in row] for row in figure.data[0].text]
    assert [row.index(True) for row in ticks] == found.chosen.tolist()
    table = tables.label_table(SENTENCES, None, found)
    assert "kind" not in table and list(table["label"]) == [long[at] for at in found.chosen]


@pytest.fixture(scope="module")
def clouds() -> tuple[np.ndarray, tuple[str, ...]]:
    random = np.random.default_rng(0)
    numbers = np.repeat([0, 1], 30)
    return (random.standard_normal((60, 8)) + numbers[:, None]).astype(np.float32), tuple(
        "ab"[each] for each in numbers
    )


def test_the_table_of_a_classifier_has_each_sentence_held_out(clouds):
    found = trained(*clouds, 0.5, 1)
    names = [f"sentence {at}" for at in range(60)]
    table = tables.trained_table(names, clouds[1], found)
    assert list(table["sentence"]) == [names[at] for at in found.held]
    assert (table["kind"] == table["predicted"]).sum() == found.grade.right
    np.testing.assert_allclose(
        table[["probability: a", "probability: b"]].sum(axis=1), 1, atol=1e-6
    )


def test_the_curve_is_the_mean_between_the_worst_and_the_best(clouds):
    found = curve(*clouds, 0)
    band, mean, usual = drawn_labels.learning_curve(
        found.sizes, found.scores, 0.5, "a", found.held
    ).data
    np.testing.assert_allclose(mean.y, found.scores.mean(1), rtol=1e-6)
    many = len(found.sizes)
    assert (np.asarray(band.y[:many]) >= np.asarray(mean.y) - 1e-6).all()
    assert (np.asarray(band.y[many:])[::-1] <= np.asarray(mean.y) + 1e-6).all()
    assert list(usual.y) == [0.5, 0.5]
    assert list(tables.curve_table(found)["learned from"]) == found.sizes.tolist()
