"""Figures of norms and activations, read back as data."""

import numpy as np
import pytest

from components.figures import theme
from components.figures.layers import activations as active
from components.figures.layers import block_drawing as drawing
from components.figures.layers import norms as drawn
from components.figures.layers import placement as blocks
from components.inspection.layers.activations import activations
from components.inspection.layers.norms import norms_by_hand
from components.inspection.layers.norms_of_model import layer_norms
from components.inspection.layers.placement import SEEN_IN, WORDS, norm_placement
from tests import tiny

TEXT = "the keys near"


def test_bars_by_hand_are_the_numbers_and_unchanged_ones_are_drawn_once():
    same, moved = (norms_by_hand((1.0, 2.0, 3.0, 4.0), add=add) for add in (0.0, 10.0))
    assert len(drawn.hand_bars(same).data) == 3
    bars = drawn.hand_bars(moved).data
    assert [bar.name for bar in bars] == ["as typed"] * 3 + ["changed"] * 3
    np.testing.assert_array_equal(bars[4].y, moved.changed.layer)
    np.testing.assert_array_equal(bars[5].y, moved.changed.rms)
    assert list(bars[2].text) == ["0.3651", "0.7303", "1.0954", "1.4606"]
    assert list(bars[5].text) == ["0.8765", "0.9562", "1.0359", "1.1155"]
    table = drawn.hand_table(moved)
    assert table["changed: RMSNorm"].tolist() == pytest.approx(moved.changed.rms, abs=1e-6)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_bars_of_a_model_are_its_largest_numbers(family):
    norm = layer_norms(tiny.model(family), TEXT, "decoder", 1, 2).norms[0]
    given, divided, gives = drawn.norm_bars(norm).data
    order = np.argsort(-np.abs(norm.given))[: drawn.DRAWN]
    assert [int(place) for place in given.x] == order.tolist()
    np.testing.assert_array_equal(given.y, norm.given[order])
    np.testing.assert_array_equal(divided.y, norm.divided[order])
    np.testing.assert_array_equal(gives.y, norm.gives[order])
    np.testing.assert_array_equal(gives.customdata, norm.one.gain[order])
    hidden = drawn.norm_bars(norm, known=False)
    assert len(hidden.data) == 2 and "comes out" not in str(hidden.layout.annotations)
    titles = " ".join(note.text for note in drawn.norm_bars(norm).layout.annotations)
    assert ("mean, ÷" in titles) == (family == "gpt2")
    assert ("shift" in drawn.norm_table(norm)) == (family == "gpt2")


def frames(figure) -> list[str]:
    return [line.name for line in figure.data if line.line.color == theme.QUERY]


@pytest.mark.parametrize("own", [*blocks.DRAWN, "none", "unknown"])
def test_one_drawing_is_framed_and_named_this_models(own):
    figure = blocks.placement_drawing(own)
    titles = [note.text for note in figure.layout.annotations if note.xanchor == "left"]
    assert len(titles) == len(blocks.DRAWN)
    mine = [title for title in titles if "this model" in title]
    if own not in blocks.DRAWN:
        assert mine == frames(figure) == []
        return
    assert frames(figure) == mine and len(mine) == 1
    assert WORDS[own] in mine[0] and SEEN_IN[own][0] in mine[0]


def test_the_drawings_place_norms_as_their_names_say():
    drawings = drawing.BLOCKS
    parts = {name: [each[3] for each in one.branches] for name, one in drawings.items()}
    assert parts["pre"] == [("norm", "attention"), ("norm", "MLP")]
    assert parts["post"] == [("attention",), ("MLP",)]
    assert parts["sandwich"] == [("norm", "attention", "norm"), ("norm", "MLP", "norm")]
    assert parts["after the part"] == [("attention", "norm"), ("MLP", "norm")]
    assert [name for name, one in drawings.items() if one.on_stream] == ["post"]
    (first, second) = drawings["parallel"].branches
    assert first[:2] == second[:2] and first[2] > 0 > second[2]
    begin, end, *_ = drawings["post"].branches[0]
    assert begin < end < drawings["post"].on_stream[0] < drawings["post"].branches[1][0]


def test_no_box_of_a_drawing_overlaps_another_and_no_line_runs_under_one():
    figure = blocks.placement_drawing("pre")
    boxes = [(box.x0, box.x1, box.y0, box.y1) for box in figure.layout.shapes]
    assert len(boxes) == 4 + 4 + 4 + 6 + 4
    for place, one in enumerate(boxes):
        assert 0 <= one[0] < one[1] <= drawing.RIGHT
        for other in boxes[place + 1 :]:
            apart = (
                one[1] <= other[0] or other[1] <= one[0] or one[3] <= other[2] or other[3] <= one[2]
            )
            assert apart, (one, other)
    for line in figure.data[:2]:
        for x0, x1, y0, y1 in zip(line.x, line.x[1:], line.y, line.y[1:], strict=False):
            if None not in (x0, x1) and y0 == y1:
                inside = [b for b in boxes if b[2] < y0 < b[3] and x0 < b[1] and x1 > b[0]]
                assert not inside


def test_lengths_are_drawn_as_they_are():
    found = norm_placement(tiny.model("llama"), TEXT, "decoder", 1)
    longest, middle, shortest = blocks.length_lines(found).data
    np.testing.assert_array_equal(middle.y, found.medians)
    np.testing.assert_array_equal(longest.y, found.lengths.max(1))
    np.testing.assert_array_equal(shortest.y, found.lengths.min(1))
    assert blocks.placement_table(found).shape == (14, 5)


@pytest.mark.parametrize(("family", "name"), [("llama", "SiLU"), ("gpt2", "GELU (tanh)")])
def test_the_models_own_curve_is_thick_and_its_numbers_stand_below(family, name):
    found = activations(tiny.model(family), TEXT, "decoder", 1)
    figure = active.activation_curves(found, 2)
    thick = [line.name for line in figure.data if line.type == "scatter" and line.line.width == 5]
    assert thick == [f"{name}: this model"]
    lines = [line.name.split(":")[0] for line in figure.data if line.type == "scatter"]
    assert sorted(lines) == sorted(active.COLORS)
    active_ones, silent = (bar.y for bar in figure.data if bar.type == "bar")
    total = found.neurons * len(found.tokens)
    assert (active_ones + silent).sum() * total == pytest.approx(total - found.beyond)
    np.testing.assert_allclose(silent * total, found.silent_counts[2])
    before = active.activation_curves(found, 2, known=False)
    assert not any("this model" in line.name or line.type == "bar" for line in before.data)


def test_bars_of_silence_stand_for_their_layers():
    found = activations(tiny.model("opt"), TEXT, "decoder", 1)
    bars, never = active.silent_bars(found, 0).data
    np.testing.assert_array_equal(bars.y, found.silent(0))
    np.testing.assert_array_equal(never.y, found.never(0))
    assert bars.marker.color[1] == theme.QUERY and bars.marker.color.count(theme.QUERY) == 1
    assert active.silence_table(found, 0)["silent outputs"].tolist() == found.silent(0).tolist()
    table = active.histogram_table(found, 0)
    assert table["of them silent"].sum() == found.silent_counts[0].sum()
