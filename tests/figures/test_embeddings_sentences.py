"""Figures of sentences draw the numbers of their results, and nothing as markup."""

import numpy as np
import pytest

from components.figures.embeddings.sentences import (
    extremes,
    padding_bars,
    pooling_panels,
    sentence_label,
    similarity_map,
    token_map,
)
from components.figures.embeddings.sentences_tables import (
    padding_table,
    pooling_table,
    similarity_table,
    token_table,
)
from components.inspection.embeddings.padding import padding_sides
from components.inspection.embeddings.similarity import similarity, under_each_pooling
from components.inspection.embeddings.token_vectors import token_vectors
from tests import tiny

SENTENCES = ("<b>one</b>", "two dogs", "three <script> cats", "four")
KINDS = ("a", "a", "b", "b")


@pytest.fixture
def found():
    vectors = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
    return similarity(vectors, SENTENCES, KINDS)


def test_the_map_shows_every_cosine_and_its_scale_ends_at_the_extremes(found):
    figure = similarity_map(found)
    (grid,) = figure.data
    np.testing.assert_array_equal(grid.z, found.cosines)
    others = found.cosines[~np.eye(4, dtype=bool)]
    assert (grid.zmin, grid.zmax) == extremes(found) == (others.min(), others.max())
    assert not any("<" in text for text in figure.layout.yaxis.ticktext)
    assert list(figure.layout.xaxis.ticktext) == ["a", "b"]
    assert list(figure.layout.xaxis.tickvals) == [0.5, 2.5]
    assert len(figure.layout.shapes) == 2, "a line between the kinds, each way"


def test_before_the_answer_no_cosine_is_given_away(found):
    (grid,) = similarity_map(found, hidden=True).data
    np.testing.assert_array_equal(np.isnan(grid.z), ~np.eye(4, dtype=bool))
    assert grid.texttemplate is None


def test_vectors_that_all_point_one_way_have_a_scale_too():
    found = similarity(np.ones((3, 2), np.float32), ("a", "b", "c"), None)
    low, high = extremes(found)
    assert low < high


def test_labels_are_short_and_plain():
    assert sentence_label("a" * 50) == "a" * 21 + "…"
    assert sentence_label("&lt;") == "&amp;lt;"


def test_the_panels_count_each_pair_once():
    found = under_each_pooling(tiny.model("llama"), ("a dog", "to be", "or", "that is"), KINDS)
    figure = pooling_panels(found, KINDS)
    assert len(figure.data) == 2 * len(found)
    for bars in figure.data:
        assert sum(bars.y) == pytest.approx(1)
    (bar, *_) = pooling_panels(found, None).data
    assert bar.name == "two sentences"
    table = pooling_table(found)
    assert table["pooling"].tolist() == ["mean", "CLS", "last token"]


def test_bars_and_tokens():
    model = tiny.model("gpt2")
    sides = padding_sides(model, SENTENCES)
    (bars,) = padding_bars(sides).data
    np.testing.assert_allclose(bars.x, [side.apart for side in sides.sides])
    assert len(padding_table(sides)) == len(sides.sides)
    tokens = token_vectors(model, SENTENCES[0])
    figure = token_map(tokens, ("mean", "last"))
    count = len(tokens.tokens)
    np.testing.assert_array_equal(figure.data[0].z[:count], tokens.vectors)
    np.testing.assert_array_equal(figure.data[0].z[count + 1], tokens.pooled["mean"])
    assert not any("<" in text for text in figure.layout.yaxis.ticktext)
    assert len(token_table(tokens)) == count + 4


def test_the_table_has_a_row_and_a_column_for_each_sentence(found):
    table = similarity_table(found)
    assert table["sentence"].tolist() == list(SENTENCES)
    np.testing.assert_array_equal(table[["1", "2", "3", "4"]].to_numpy(), found.cosines)
