"""Figures of the residual stream and of parts switched off, read back as data."""

from dataclasses import replace

import numpy as np
import pytest

from components.figures.layers.fact import fact_bars, fact_table
from components.figures.layers.residual_stream import (
    cosines_of,
    likeness,
    likeness_table,
    norm_map,
    norm_table,
    without_lines,
    without_table,
    write_lines,
    write_table,
)
from components.inspection.layers.fact import Ablation, ablated
from components.inspection.layers.residual_stream import ResidualStream, residual_stream
from components.inspection.layers.residual_stream_similarity import (
    StreamSimilarity,
    stream_similarity,
)
from components.inspection.layers.without_residual import WithoutResidual, without_residual
from tests import tiny

TEXT = "near<b>"


@pytest.fixture(scope="module")
def stream() -> ResidualStream:
    return residual_stream(tiny.model("llama"), TEXT, None, "decoder")


@pytest.fixture(scope="module")
def alike() -> StreamSimilarity:
    return stream_similarity(tiny.model("llama"), TEXT, None, "decoder")


@pytest.fixture(scope="module")
def unconnected() -> WithoutResidual:
    return without_residual(tiny.model("llama"), TEXT)


@pytest.fixture(scope="module")
def off() -> Ablation:
    return ablated(tiny.model("llama"), TEXT)


def test_the_map_holds_the_norms_and_a_giant_makes_it_logarithmic(stream):
    plain = replace(stream, norms=np.minimum(stream.norms + 10, 20))
    np.testing.assert_allclose(norm_map(plain).data[0].z, plain.norms)
    norms = plain.norms.copy()
    norms[1, 0] = 10_000
    wide = norm_map(replace(stream, norms=norms)).data[0]
    np.testing.assert_allclose(10**wide.z, norms, rtol=1e-5)
    assert wide.text[1][0] == "10,000"
    assert "10,000" in wide.colorbar.ticktext and "100" in wide.colorbar.ticktext
    assert 10 ** wide.colorbar.tickvals[wide.colorbar.ticktext.index("100")] == pytest.approx(100)


def test_before_the_answer_only_the_embedding_is_drawn(stream):
    z = norm_map(stream, False).data[0].z
    assert np.isfinite(z[0]).all() and np.isnan(z[1:]).all()


def test_no_token_is_read_as_markup(stream):
    figure = norm_map(stream)
    assert "&lt;" in figure.layout.xaxis.ticktext and "<" not in figure.layout.xaxis.ticktext


@pytest.mark.parametrize("cosines", [False, True])
def test_lines_are_of_the_chosen_token_and_dots_of_its_heads(stream, cosines):
    lines = {trace.name: trace for trace in write_lines(stream, 2, cosines).data}
    rows = stream.cosines if cosines else stream.writes
    np.testing.assert_array_equal(lines["attention"].y, rows["attention"][:, 2])
    np.testing.assert_array_equal(lines["MLP"].y, rows["mlp"][:, 2])
    heads = stream.heads.cosines if cosines else stream.heads.norms
    place = list(zip(lines["one head"].x, lines["one head"].customdata, strict=True)).index((1, 3))
    assert lines["one head"].y[place] == heads[1, 3, 2]
    assert ("stream" in lines) != cosines
    if not cosines:
        np.testing.assert_array_equal(lines["stream"].y, stream.norms[:-1, 2])


def test_without_heads_there_are_no_dots(stream):
    names = [trace.name for trace in write_lines(replace(stream, heads=None), 0, False).data]
    assert names == ["stream", "attention", "MLP"]


def test_cosines_are_drawn_of_one_token_or_the_mean(alike):
    np.testing.assert_array_equal(likeness(alike, 1, False).data[0].z, alike.cosines[1])
    np.testing.assert_allclose(likeness(alike, None, True).data[0].z, alike.without.mean(0))
    hidden = np.asarray(likeness(alike, None, False, False).data[0].z)
    assert np.isfinite(hidden).sum() == len(hidden)
    table = likeness_table(alike, 1, False)
    assert table["boundary 3"][0] == alike.cosines[1, 0, 3]
    assert cosines_of(alike, None, False)[0, 0] == pytest.approx(1)


def test_both_lines_are_of_the_chosen_token(unconnected):
    lines = without_lines(unconnected, 1).data
    np.testing.assert_array_equal(lines[0].y, unconnected.norms[:, 1])
    np.testing.assert_array_equal(lines[1].y, unconnected.norms_without[:, 1])
    assert len(without_lines(unconnected, 1, False).data) == 1
    table = without_table(unconnected)
    row = table[(table["boundary"] == 2)].iloc[1]
    assert row["norm without residual connections"] == unconnected.norms_without[2, 1]


def test_a_bar_is_the_probability_without_its_part(off):
    bars = fact_bars(off).data
    assert [trace.name for trace in bars[:2]] == ["without attention", "without MLP"]
    for row in (0, 1):
        np.testing.assert_array_equal(bars[row].y, off.off[row])
    assert list(bars[2].y) == [off.probability] * 2
    assert [text != "" for text in bars[1].text] == [one != off.likeliest for one in off.says[1]]
    assert np.isnan(fact_bars(off, False).data[0].y).all()


def test_tables_hold_what_is_drawn(stream, off):
    assert norm_table(stream)["boundary 1"][2] == stream.norms[1, 2]
    table = write_table(stream, 2)
    assert table["cosine of MLP"][1] == stream.cosines["mlp"][1, 2]
    assert table["norm of head 3"][0] == stream.heads.norms[0, 3, 2]
    rows = fact_table(off)
    assert len(rows) == 6
    assert rows["probability of the answer"][4] == off.off[1, 1]
    assert rows["likeliest instead"][4] == off.says[1][1]
