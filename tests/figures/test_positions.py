"""Figures of positions, read back as data."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from components.figures.positions import context_extension, packing, schemes
from components.figures.positions import rotation as lines
from components.inspection.positions.added import table
from components.inspection.positions.context_extension import under
from components.inspection.positions.distances import buckets
from components.inspection.positions.encodings import alibi_slopes, compared
from components.inspection.positions.extended_attention import attention_under
from components.inspection.positions.extension_methods import ContextExtension
from components.inspection.positions.growth import Growth
from components.inspection.positions.order import shuffled
from components.inspection.positions.packing import packed, packed_reading
from components.inspection.positions.relative import decay, shifts
from components.inspection.positions.rotation import formula
from components.inspection.positions.vectors import rotated_vectors
from tests import tiny

TEXT = "to be, or"


@pytest.fixture(scope="module")
def vectors():
    return rotated_vectors(tiny.model("phi"), TEXT, layer=1)


def test_one_line_is_level_and_one_is_not(vectors):
    alone, together = lines.shift_lines(shifts(vectors, 0, 5, 2), 5, 2).data
    assert np.ptp(together.y) < 1e-4 < np.ptp(alone.y)


def test_the_bands_and_means_are_drawn_as_they_are(vectors):
    found = decay(vectors, 0)
    drawn = [line for line in lines.decay_lines(found).data if line.fill is None]
    np.testing.assert_array_equal(drawn[0].y, found.real[0])
    np.testing.assert_array_equal(drawn[1].y, found.random[0])
    bands = lines.band_lines(found).data
    np.testing.assert_allclose(sum(b.y for b in bands) + found.rest, found.real[0], atol=1e-5)
    bound, alike = lines.alike_line(found).data
    np.testing.assert_array_equal(alike.y, found.alike)
    np.testing.assert_array_equal(bound.y, found.bound)


def test_pairs_slower_than_the_context_are_open():
    rope = formula(6, context=2048)
    (dots,) = lines.wavelength_dots(rope).data
    np.testing.assert_allclose(dots.y, [6.28, 135.37, 2916.4], rtol=1e-3)
    assert dots.marker.symbol == ("circle", "circle", "circle-open")
    changed = under(rope, ContextExtension("linear", 4.0), 8192)
    _, after = lines.wavelength_dots(rope, changed, 8192).data
    np.testing.assert_allclose(after.y, 4 * np.array(dots.y), rtol=1e-5)


def test_numbers_not_rotated_have_no_colour(vectors):
    (strip,) = lines.rotated_strip(vectors.rope).data
    np.testing.assert_array_equal(strip.z[0], [0, 1, 0, 1, np.nan, np.nan, np.nan, np.nan])
    last = lines.rotated_strip(replace(vectors.rope, start=4))
    np.testing.assert_array_equal(last.data[0].z[0], [*[np.nan] * 4, 0, 1, 0, 1])
    assert (last.layout.shapes[0].x0, last.layout.shapes[0].x1) == (-0.5, 3.5)
    frozen = replace(vectors.rope, frequencies=np.array([1, 0], np.float32))
    np.testing.assert_array_equal(
        lines.rotated_strip(frozen).data[0].z[0][:4], [0, np.nan, 0, np.nan]
    )


def test_interpolation_takes_3000_of_4096_to_1500_of_2048():
    figure = context_extension.number_line(2048, 4096, 3000)
    assert tuple(figure.data[-1].x) == (3000, 1500)


def test_the_change_of_attention_is_after_minus_before():
    found = attention_under(tiny.model("llama"), TEXT, 0, 1, ContextExtension("linear", 4.0))
    before, after, change = (each.z for each in context_extension.attention_change(found).data)
    np.testing.assert_allclose(change, np.array(after) - np.array(before))
    assert np.abs(change).max() > 0


def test_each_rotation_has_its_line_of_perplexity():
    ways = (ContextExtension("trained"), ContextExtension("yarn", 4.0))
    known = np.log(np.array([[3, 4], [3, np.nan]], dtype=np.float32))
    losses = np.repeat(known[..., None], 128, axis=2)
    figure = context_extension.growth_lines(Growth(512, (256, 640), ways, losses))
    assert [line.name for line in figure.data] == ["As trained", "YaRN, 4 times"]
    np.testing.assert_allclose(figure.data[0].y, (3, 4), rtol=1e-6)


def test_tables_slopes_and_buckets_are_drawn_whole():
    found = table(tiny.model("gpt2"))
    drawn = schemes.vector_map(found.vectors).data[0].z
    assert drawn.shape == (64, 24)
    assert drawn.dtype == np.float32
    assert [f"{x:.4f}" for x in drawn[9]] == [f"{x:.4f}" for x in found.vectors[9]]
    assert schemes.likeness_map(found.likeness, found.shown).data[0].zmax >= 1 - 1e-6
    np.testing.assert_array_equal(schemes.norm_line(found).data[0].y, found.norms)
    falling = schemes.slope_lines(alibi_slopes(8)).data
    assert [line.y[2] for line in falling][:2] == [-1.0, -0.5]
    learned = buckets(tiny.model("t5"), "decoder", 0)
    np.testing.assert_array_equal(schemes.bias_map(learned).data[0].z, learned.bias)
    assert len(schemes.three_maps(compared(8, 4, 100.0)).data) == 3


def test_conditions_are_named_and_small_changes_not_called_none():
    found = shuffled(tiny.model("llama"), TEXT, 1)
    (grid,) = schemes.order_map(found).data
    figure = schemes.order_map(found)
    assert figure.layout.xaxis.ticktext[0] == "positions,<br>causal mask"
    assert figure.layout.xaxis.ticktext[-1] == "no positions,<br>no mask"
    assert len(figure.layout.yaxis.ticktext) == len(found.tokens) == len(grid.z)
    np.testing.assert_array_equal(grid.z, found.change.T)
    assert {row[-1] for row in grid.text} == {"0"}, "what rounding may do is none"
    assert grid.text[3][0] != "0"
    assert grid.zmax == max(1, found.change.max()), "no cell is beyond the scale"
    assert grid.colorbar.ticktext == ("0%", f"{grid.zmax:.0%}")
    assert 0.99 * grid.zmax < grid.colorbar.tickvals[1] < grid.zmax, "one at the end is left out"
    coarse = replace(found, rounding=10.0)
    assert {text for row in schemes.order_map(coarse).data[0].text for text in row} == {"0"}


def test_documents_stand_behind_one_another():
    bars = packing.packing_rows(packed((6, 5, 4, 3, 2), 10)).data
    placed = [(bar.y[0], bar.base[0], bar.x[0], bar.text) for bar in bars]
    assert placed == [
        (0, 0, 6, "6"),
        (0, 6, 4, "4"),
        (1, 0, 5, "5"),
        (1, 5, 3, "3"),
        (1, 8, 2, "2"),
    ]
    assert "document 2:" in bars[1].hovertemplate
    for one, two in itertools.pairwise(bars):
        assert one.y != two.y or one.marker.color != two.marker.color, "neighbours differ"


def test_the_mask_has_a_colour_for_each_document():
    found = packed_reading(tiny.model("llama"), ("a", "b"))
    z = packing.mask_map(found.mask, found.document, found.tokens).data[0].z
    np.testing.assert_array_equal(z, [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 2, 0], [0, 0, 2, 2]])


def test_two_maps_keep_a_word_that_occurs_twice():
    weights = np.eye(3, dtype=np.float32)
    figure = schemes.two_maps(weights, weights, (" a", " b", " a"))
    assert tuple(figure.layout.xaxis.ticktext) == ("·a", "·b", "·a")
