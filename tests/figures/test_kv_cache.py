"""Figures of the key-value cache, read back as data."""

from dataclasses import replace

import numpy as np
import pytest

from components.figures.kv_cache import WITH, WITHOUT
from components.figures.kv_cache.agreement import differences
from components.figures.kv_cache.contents import (
    change_map,
    growth,
    keys_and_values,
    sharing_bars,
    wiring,
)
from components.figures.kv_cache.kinds import ELSEWHERE, memory_and_difference
from components.figures.kv_cache.planner import device_bars, memory_areas
from components.figures.kv_cache.timing import beyond, running_totals, step_times
from components.figures.kv_cache.work import (
    pass_times,
    positions_grid,
    roofline_chart,
    share_areas,
)
from components.inspection.causality import last_token_changed
from components.inspection.kv_cache.agreement import agreement
from components.inspection.kv_cache.arithmetic import positions, shares, solid_check
from components.inspection.kv_cache.contents import contents
from components.inspection.kv_cache.hardware import offered
from components.inspection.kv_cache.kinds import kinds
from components.inspection.kv_cache.planner import fits, pieces
from components.inspection.kv_cache.planner import growth as planned
from components.inspection.kv_cache.published import PUBLISHED
from components.inspection.kv_cache.roofline import rooflines
from components.inspection.kv_cache.summary import summarize
from components.inspection.kv_cache.timing import measure
from tests import tiny
from tests.inspection.kv_cache.test_law import hybrid, latent

TEXT = "hello there"


@pytest.fixture(scope="module")
def timing():
    *_, found = measure(tiny.model("llama"), TEXT, 9, 6, 2)
    return found


@pytest.fixture(scope="module")
def held():
    return contents(tiny.model("llama"), TEXT, None, 5)


@pytest.fixture(scope="module")
def machine():
    return list(rooflines(tiny.model("llama"), TEXT, 9, 6))[-1].found


def named(figure, part):
    return [trace for trace in figure.data if trace.name and part in trace.name]


def test_every_measured_step_is_a_point(timing):
    figure = step_times(timing, summarize(timing))
    points = named(figure, "each measurement")
    assert [len(trace.x) for trace in points] == [2 * 5, 2 * 5]
    np.testing.assert_allclose(points[0].y, timing.seconds[0, :, 1:].ravel() * 1e3)
    for trace, way in zip(named(figure, "median"), summarize(timing).ways, strict=True):
        np.testing.assert_allclose(trace.y, way.median[1:] * 1e3)
        assert list(trace.x) == [10, 11, 12, 13, 14]
    prefill = named(figure, "prefill")
    assert [trace.x[0] for trace in prefill] == [9, 9]
    assert named(figure, "median")[0].line.color == WITH


def test_points_above_the_picture_are_counted(timing):
    summary = summarize(timing)
    top = step_times(timing, summary).layout.yaxis.range[1] / 1e3
    assert beyond(timing, summary) == int((timing.seconds > top).sum())


def test_totals_add_up(timing):
    summary = summarize(timing)
    for trace, way in zip(running_totals(timing, summary).data, summary.ways, strict=True):
        assert trace.y[-1] == pytest.approx(way.total)


def test_half_a_measurement_is_drawn(timing):
    seconds = timing.seconds.copy()
    seconds[1] = np.nan
    half = replace(timing, seconds=seconds)
    figure = step_times(half, summarize(half))
    assert not named(figure, "without, median")
    assert len(named(figure, "with the cache, median")) == 1


def test_a_difference_of_nothing_is_hollow_and_on_the_edge():
    found = agreement(tiny.model("llama"), TEXT, 9, 6)
    marks = named(differences(found), "largest difference")[0]
    for difference, symbol, y in zip(found.difference, marks.marker.symbol, marks.y, strict=True):
        assert (symbol == "circle-open") == (difference == 0)
        assert y > 0
        if difference:
            assert y == difference


def test_where_nothing_differs_no_mark_is_drawn_and_it_is_said():
    found = agreement(tiny.model("llama", "bfloat16"), TEXT, 9, 6)
    alike = replace(found, difference=np.zeros(6))
    figure = differences(alike)
    assert named(figure, "largest difference")[0].visible is False
    assert any(
        "without the cache, to the last bit" in note.text for note in figure.layout.annotations
    )
    assert named(differences(replace(found, difference=np.full(6, 0.1))), "largest")[0].visible


def test_rows_come_in_one_by_one(held):
    for step in (0, 3, 5):
        figure = keys_and_values(held, 1, 0, step)
        there = held.prompt + step
        for trace, arrays in zip(figure.data, (held.keys, held.values), strict=True):
            np.testing.assert_array_equal(trace.z[:there], arrays[1][0, :there])
            assert np.isnan(trace.z[there:].astype(float)).all()
        assert figure.layout.shapes[0].y0 == there - 1.5
        names = figure.layout.yaxis.ticktext
        assert all(names[:there]) and not any(names[there:]), "what is not there has no name yet"


def test_keys_and_values_of_different_sizes_and_layers_without_any():
    figure = keys_and_values(contents(latent(), TEXT, None, 3), 1, 0, 2)
    assert [trace.z.shape[1] for trace in figure.data] == [8, 4]
    with pytest.raises(ValueError, match="layer 0 keeps no keys and values"):
        keys_and_values(contents(hybrid(), TEXT, None, 3), 0, 0, 2)


def test_of_a_long_text_the_newest_row_is_shown():
    long = contents(tiny.model("llama"), "hello there, said the fox to the owl", None, 20)
    for step in (0, 10, 20):
        figure = keys_and_values(long, 0, 0, step)
        newest = long.prompt + step - 1
        assert newest in figure.data[0].y
        low, high = sorted(figure.layout.yaxis.range)
        assert low < newest < high


def test_measured_bytes_lie_on_the_laws_line(held):
    figure = growth(held)
    marks, line = named(figure, "measured")[0], named(figure, "as it is")[0]
    np.testing.assert_array_equal(marks.y, held.grown / 1024)
    np.testing.assert_array_equal(line.y, marks.y)
    assert named(figure, "MHA")[0].y[-1] == 2 * line.y[-1]
    assert named(figure, "MQA")[0].y[-1] == line.y[-1] / 2


def test_of_other_caches_only_their_own_line_is_drawn():
    found = contents(hybrid(), TEXT, None, 3)
    figure = growth(found)
    assert [trace.name for trace in figure.data] == ["as it is", "measured on the cache"]
    np.testing.assert_array_equal(figure.data[0].y, figure.data[1].y)
    lawless = growth(replace(found, law=None))
    assert [trace.name for trace in lawless.data] == ["measured on the cache"]


@pytest.mark.parametrize("kv_heads", [1, 2, 4])
def test_each_query_head_is_wired_to_its_groups_keys(held, kv_heads):
    figure = wiring(held.shape, kv_heads)
    lines = figure.data[0]
    ends = [lines.x[place] for place in range(1, len(lines.x), 3)]
    assert len(set(ends)) == kv_heads
    assert len(ends) == held.shape.heads
    assert [len(trace.x) for trace in figure.data[1:]] == [4, kv_heads, kv_heads]


def test_the_models_own_sharing_is_lit():
    bars = sharing_bars(PUBLISHED["Llama-3-8B"], 2).data[0]
    lit = [size for size, color in zip(bars.x, bars.marker.color, strict=True) if color == WITH]
    assert lit == [131_072]
    assert {524_288, 16_384} <= set(bars.x)


def test_only_the_last_column_changes():
    found = last_token_changed(tiny.model("llama"), TEXT)
    z = np.array(change_map(found).data[0].z)
    assert not z[:, :-1].any() and z[:, -1].all()


def test_where_keys_cannot_be_seen_the_stream_is_drawn():
    found = last_token_changed(tiny.model("llama"), TEXT)
    (row,) = np.array(change_map(replace(found, vectors=np.zeros((0, 0), np.float32))).data[0].z)
    np.testing.assert_array_equal(row, found.stream)
    figure = change_map(replace(found, layers=(1, 3, 8)))
    assert list(figure.layout.yaxis.ticktext) == ["1", "3", "8"]


def test_the_grid_computes_as_many_cells_as_there_are_positions():
    cached, bare = positions_grid(20, 100).data
    assert (np.array(cached.z) == 2).sum() == positions(20, 100, "with") == 119
    assert (np.array(bare.z) == 2).sum() == positions(20, 100, "without") == 6_950


def test_marks_lie_where_they_were_measured(machine):
    figure = roofline_chart(machine)
    for each, trace in zip(machine.passes, figure.data[1:], strict=True):
        assert trace.x[0] == pytest.approx(each.done.operations / each.done.matrix_bytes)
        assert trace.y[0] == pytest.approx(each.done.operations / each.seconds / 1e9)
    roof = figure.data[0]
    assert max(roof.y) == pytest.approx(machine.matrix_rate / 1e9, rel=0.2)
    assert [trace.marker.color for trace in figure.data[1:]] == [WITH, WITH, WITHOUT]


def test_pass_times_start_with_a_single_position(machine):
    passes = pass_times(machine).data[0]
    assert passes.x[0] == 1 and passes.x[-1] == 9 + 5
    np.testing.assert_allclose(passes.y, np.array(machine.seconds) * 1e3)


def test_crossings_out_of_the_picture_are_not_drawn():
    found = shares(PUBLISHED["Phi-3-mini"], 8_192)
    said = " ".join(note.text for note in share_areas(found).layout.annotations)
    assert "6,144" in said and "18,432" not in said


def test_kinds_are_drawn_with_their_numbers():
    *_, found = kinds(tiny.model("llama"), TEXT, 9, 4, 1, 4)
    ran = found.ran
    memory, time, difference = memory_and_difference(ran).data
    assert list(memory.x) == [row.held / 1024 for row in ran]
    assert list(time.x) == [row.median * 1e3 for row in ran]
    assert list(difference.x) == [row.difference for row in ran]
    moved = [replace(ran[0], elsewhere=4_096), *ran[1:]]
    *_, there = memory_and_difference(moved).data
    assert (there.marker.color, there.x[0], there.base[0]) == (ELSEWHERE, 4, ran[0].held / 1024)


def test_areas_stack_to_the_total_below_the_gpus():
    half = "float16 / bfloat16"
    grown = planned(PUBLISHED["Phi-3-mini"], 8_192, 1, half, half)
    figure = memory_areas(grown, 4_096, offered(1), 1)
    total = sum(np.array(trace.y)[-1] for trace in figure.data) * 2**30
    assert total == pytest.approx(grown.weights + grown.cache[-1] + grown.activations[-1])
    lines = [shape.y0 for shape in figure.layout.shapes if shape.y0 == shape.y1]
    named = [note.text.strip() for note in figure.layout.annotations if "tokens" not in note.text]
    # Up to the first that is enough; lines nearer than 6% to the one below are left out.
    assert named == ["Mac, 8 GB", "RTX 4060 laptop", "Mac, 16 GB", "RTX 3060", "T4"]
    assert lines == pytest.approx([0.9 * each for each in (5.33, 7.75, 10.67, 11.75, 14.75)])
    two = memory_areas(grown, 4_096, offered(2), 2)
    assert min(shape.y0 for shape in two.layout.shapes if shape.y0 == shape.y1) == pytest.approx(
        2 * 0.9 * 11.75
    )
    assert " 2 × RTX 3060" in [note.text for note in two.layout.annotations]


def test_a_device_s_bar_is_what_it_has_and_says_what_is_needed():
    load = (4_096, 1, "float16 / bfloat16", "float16 / bfloat16")
    shape = PUBLISHED["Llama-3-70B"]
    found, fullest = fits(shape, *load, gpus=2), pieces(shape, *load).fullest(2)
    figure = device_bars(found, fullest)
    bars = figure.data[0]
    names = list(figure.layout.yaxis.ticktext)
    assert bars.x[names.index("2 × H100")] == pytest.approx(0.9 * 79.11)
    assert (
        bars.text[names.index("2 × H100")] == f"fits, {0.9 * 79.11 - fullest / 2**30:.1f} GiB left"
    )
    assert bars.text[names.index("2 × A100 40 GB")] == "needs 4"
    lit = {name for name, color in zip(names, bars.marker.color, strict=True) if color == WITH}
    assert lit == {"2 × H100", "2 × A100 80 GB", "2 × H200"}
    assert figure.layout.shapes[0].x0 == pytest.approx(fullest / 2**30)
    assert max(figure.layout.xaxis.range) > max(bars.x)
    assert [note.text.strip() for note in figure.layout.annotations] == list(bars.text)
    small = device_bars(fits(shape, *load), pieces(shape, *load).fullest(1)).data[0]
    assert small.text[0] == "too small"


@pytest.mark.sabotage("the formulas count the cells that are drawn solid")
@pytest.mark.parametrize("way", [0, 1])
def test_a_cell_that_is_drawn_pale_turns_the_check_red(way):
    drawn = [trace.z.copy() for trace in positions_grid(7, 5).data]
    assert solid_check(7, 5, sum(int((z == 2).sum()) for z in drawn)).verdict == "holds"
    row, column = np.argwhere(drawn[way] == 2)[-1]
    drawn[way][row, column] = 1
    assert solid_check(7, 5, sum(int((z == 2).sum()) for z in drawn)).verdict == "fails"
