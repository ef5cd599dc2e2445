"""Figures of clusters, read back as data."""

import numpy as np
import pytest

from components.figures import theme
from components.figures.embeddings import clusters as module
from components.figures.embeddings import clusters_tables as tables
from components.figures.embeddings.clusters import (
    NAMED,
    NOISE,
    cluster_map,
    kinds_map,
    seed_map,
    size_lines,
    word_bars,
)
from components.inspection.embeddings.characteristic_words import characteristic_words
from components.inspection.embeddings.grade import against_kinds
from components.inspection.embeddings.other_settings import BySeed, BySize

LABELS = np.array([0, 0, 1, 1, -1, 6], np.int32)
PLACES = np.array([[0, 0], [1, 0], [5, 5], [5, 6], [9, 0], [0, 9]], np.float32)
SENTENCES = ("a b", "<b>c</b>", "d", "e" * 400, "noise", "f")
NAMES = tuple(f"{label}: word" for label in range(7))
SIZES = BySize(
    (2, 5),
    np.array([[4, 2], [3, 0]], np.int32),
    np.array([[0.1, 0.2], [0.3, 1.0]], np.float32),
    np.full((2, 2), np.nan, np.float32),
    (),
)


def drawn(told: bool = True):
    return cluster_map(PLACES, LABELS, SENTENCES, NAMES, told)


def test_noise_is_small_and_grey_and_clusters_have_colours_and_shapes():
    noise, inside, names = drawn().data
    assert list(noise.text) == ["noise"] and noise.marker.color == NOISE
    assert noise.marker.size < inside.marker.size
    assert noise.marker.opacity < inside.marker.opacity
    np.testing.assert_array_equal(np.c_[inside.x, inside.y], PLACES[LABELS >= 0])
    looks = list(zip(inside.marker.color, inside.marker.symbol, strict=True))
    assert looks[0] == looks[1] and looks[2] == looks[3]
    # The seventh has the second's colour, and another shape.
    assert looks[4][0] == looks[2][0] and len(set(looks)) == 3
    assert list(inside.customdata) == [0, 0, 1, 1, 6]
    assert set(names.text) >= {"0: word", "1: word", "6: word"}


def test_thirty_five_clusters_differ_by_hue_or_shape():
    labels = np.arange(35, dtype=np.int32)
    places = np.c_[labels, labels].astype(np.float32)
    figure = cluster_map(places, labels, ("s",) * 35, tuple(map(str, labels)))
    _, inside, names = figure.data
    assert len(set(zip(inside.marker.color, inside.marker.symbol, strict=True))) == 35
    assert len(names.text) == NAMED
    assert theme.RESIDUAL not in inside.marker.color


def test_before_it_is_told_all_points_are_alike():
    figure = drawn(told=False)
    alike, nothing = figure.data
    assert len(alike.x) == 6 and len(nothing.x) == 0
    assert alike.marker.color == NOISE and alike.marker.symbol == "circle"
    assert "noise" not in alike.hovertemplate and alike.customdata is None


def test_a_sentence_is_read_off_as_it_is_written_and_not_at_length():
    texts = [text for trace in drawn().data[:2] for text in trace.text]
    assert "a b" in texts and "&lt;b&gt;c&lt;/b&gt;" in texts
    assert max(map(len, texts)) <= module.READ


def test_names_stand_clear_of_each_other_and_within_the_map():
    places = np.repeat(np.array([[0, 0], [0, 0.01], [1, 1]], np.float32), 4, axis=0)
    labels = np.repeat(np.arange(3, dtype=np.int32), 4)
    names = ("0: one two three", "1: four five six", "2: seven eight nine")
    written = cluster_map(places, labels, ("s",) * 12, names).data[2]
    told = (written.text, written.y, written.textposition)
    at = {name: (y, side) for name, y, side in zip(*told, strict=True)}
    assert len(at) == 3
    assert abs(at[names[0]][0] - at[names[1]][0]) > module.LINE
    assert at[names[0]][1] == "middle right" and at[names[2]][1] == "middle left"


def test_words_and_kinds():
    words = characteristic_words(("cat cat", "dog", "bird"), np.array([0, 0, -1], np.int32))
    best = words.of(0)
    bars = word_bars(
        tuple(word.text for word in best), np.array([one.weight for one in best], np.float32), 0
    )
    assert list(bars.layout.yaxis.ticktext) == ["cat", "dog"]
    assert bars.data[0].x[0] > bars.data[0].x[1]
    assert tables.word_table(words)["cluster"].tolist() == [-1, 0, 0]
    grade = against_kinds(np.array([0, 1, -1], np.int32), ("a", "a", "b"))
    figure = kinds_map(grade.table, grade.kinds, ("0", "1", "noise"))
    np.testing.assert_array_equal(figure.data[0].z, [[1, 1, 0], [0, 0, 1]])
    assert [list(row) for row in figure.data[0].text] == [["1", "1", ""], ["", "", "1"]]
    assert list(figure.data[0].x) == ["0", "1", "noise"] and list(figure.data[0].y) == ["a", "b"]
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("cluster", "kind")
    assert figure.data[0].colorbar.title.text == "sentences" and figure.data[0].zmax is None
    assert list(tables.kind_table(grade)) == ["kind", "cluster 0", "cluster 1", "noise"]


def test_a_line_ends_where_there_is_no_cluster():
    figure = size_lines(SIZES, 3)
    whole = figure.data[2]
    assert whole.y[0] == 3 and np.isnan(whole.y[1])
    assert [trace.name for trace in size_lines(SIZES, 0, whole=False).data] == ["after UMAP"] * 2
    assert figure.layout.shapes[0].y0 == 3 and not size_lines(SIZES, 0).layout.shapes
    assert "adjusted Rand index, after UMAP" not in tables.size_table(SIZES)


def test_seeds_are_compared_each_with_each():
    table = np.array([[1, 0.5], [0.5, 1]], np.float32)
    seeds = BySeed((42, 43), np.array([3, 4], np.int32), table[0], table, 1.0, 0.9, ())
    figure = seed_map(seeds)
    np.testing.assert_array_equal(figure.data[0].z, table)
    assert figure.data[0].text[0][1] == "0.50"
    assert list(figure.data[0].x) == list(figure.data[0].y) == ["seed 42", "seed 43"]
    assert figure.data[0].zmin == 0 and figure.data[0].zmax == 1
    assert figure.data[0].colorbar.title.text == "adjusted Rand index"
    assert tables.seed_table(seeds)["agreement with 43"].tolist() == pytest.approx([0.5, 1])
