"""Figures of shapes, look-up and walk-throughs, read back as data."""

from itertools import pairwise
from math import log2

import numpy as np
import pytest

from components.figures.architecture import look_up as rows
from components.figures.architecture import shapes as boxes
from components.figures.architecture import walk_through as walks
from components.inspection.architecture import conv1d, einsum_bug
from components.inspection.architecture.look_up import entering
from components.inspection.architecture.shapes import shapes
from components.inspection.architecture.walk_through import walked
from components.inspection.embeddings.lookup import TableSize
from components.inspection.load import load_model
from tests import tiny


@pytest.fixture(scope="module")
def storyteller():
    return load_model("storyteller", "cpu")


def test_a_box_for_each_axis_as_long_as_its_logarithm_and_in_the_axis_s_colour(storyteller):
    made = shapes(storyteller, "The capital of France is").of("decoder", 0)
    drawn = boxes.rows_of(made)
    assert [name for name, _ in drawn][3:6] == ["queries", "keys, values", "scores, weights"]
    figure = boxes.shape_boxes(made)
    *bars, text = figure.data
    found = {}
    for trace in bars:
        assert trace.marker.color == boxes.COLORS[trace.name]
        for wide, row, (_, _, name, length) in zip(trace.x, trace.y, trace.customdata, strict=True):
            assert wide == pytest.approx(boxes.FLOOR + log2(length))
            found.setdefault(int(row), []).append((name, length))
    for number, (_, one) in enumerate(drawn):
        assert sorted(found[number]) == sorted((axis.name, axis.length) for axis in one.axes)
    assert len({trace.name for trace in bars}) == len(bars)
    assert [bar.name for bar in bars if "query token" in str(bar.customdata)] == ["token"]
    assert figure.layout.yaxis.ticktext[-1] == "logits<br>[1, 6, 2560]"
    assert "vocabulary 2,560" in text.text


def test_boxes_of_a_row_do_not_overlap():
    made = shapes(tiny.model("t5"), "the keys", "the dog").of("decoder", 0)
    *bars, _ = boxes.shape_boxes(made).data
    for row in range(len(boxes.rows_of(made))):
        ends = sorted(
            (base, base + wide)
            for bar in bars
            for base, wide, y in zip(bar.base, bar.x, bar.y, strict=True)
            if y == row
        )
        assert all(end <= start for (_, end), (start, _) in pairwise(ends))


def test_the_table_of_shapes(storyteller):
    table = boxes.shape_table(shapes(storyteller, "The capital of France is").of("decoder", 0))
    last = table.iloc[-1]
    assert (last["numbers"], last["bytes"]) == (6 * 2_560, 4 * 6 * 2_560)
    assert last["axes"] == "batch, token, vocabulary"
    assert last["along the last axis"] == "a logit for each token of the vocabulary"


@pytest.mark.parametrize("family", ["gpt2", "gemma2"])
def test_the_strips_add_up(family):
    found = entering(tiny.model(family), "to be")
    strips, *bars = rows.entering_map(found, 2).data
    row, added, total = np.asarray(strips.z)
    np.testing.assert_allclose(row + added, total, atol=1e-6)
    np.testing.assert_array_equal(total, found.entered[2])
    assert [bar.name for bar in bars][1:] == ["added", "sum"]
    np.testing.assert_allclose(bars[2].y, np.linalg.norm(found.entered, axis=1))
    before, bar = rows.entering_map(found, 2, False).data
    np.testing.assert_array_equal(before.z, found.rows[2:3])
    assert bar.name == "row"
    assert list(rows.entering_table(found)["id"]) == list(found.ids)


def test_both_costs_of_a_look_up():
    sizes = {"<b>one</b>": TableSize(2_560, 256), "Phi-3 mini": TableSize(32_064, 3_072)}
    product, copied = rows.cost_bars(sizes).data
    assert list(product.x) == [655_360, 98_500_608]
    assert list(copied.x) == [256, 3_072]
    assert product.y[0].startswith("&lt;b&gt;one")
    assert rows.cost_table(sizes)["numbers copied"].tolist() == [256, 3_072]


def test_the_rows_that_are_written_and_the_weights(storyteller):
    found = walked(storyteller, "The dog saw the cat")
    writes, weights = walks.walk_map(found, 3, 2).data
    np.testing.assert_array_equal(writes.z, found.writes[3][:, : walks.MOST_NUMBERS])
    np.testing.assert_array_equal(weights.z, found.weights[3, 2])
    table = walks.walk_table(found)
    assert table.iloc[0].tolist()[:2] == [True, True]
    assert table.iloc[:, 2].tolist() == list(found.alike)


def test_the_softmaxes_sorted_by_the_right_one():
    found = einsum_bug.drawn("one key head each", 0)
    right, wrong = walks.division_lines(found, 3, (0, 1)).data
    assert list(right.y) == sorted(found.weights[0, 3], reverse=True)
    place = int(right.customdata[0])
    assert wrong.y[0] == found.weights[1, 3, place]
    assert f"{found.entropies[1, 3]:.2f} bits" in wrong.name
    assert walks.division_table(found).shape == (8, 7)


def test_one_weight_in_two_layouts():
    found = conv1d.drawn(0)
    one, other, conv, linear, forgotten = walks.layouts_map(found, True).data
    np.testing.assert_array_equal(np.asarray(one.z).T, other.z)
    np.testing.assert_array_equal(conv.y, found.conv1d[0, : walks.OUTPUTS])
    np.testing.assert_array_equal(linear.y, found.linear[0, : walks.OUTPUTS])
    np.testing.assert_array_equal(forgotten.y, found.forgotten[0, : walks.OUTPUTS])
    assert len(walks.layouts_map(found, False).data) == 4
    assert walks.layouts_table(found).shape == (48, 3)
