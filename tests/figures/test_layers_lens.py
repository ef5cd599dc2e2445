"""The figures of the logit lens, read back as data."""

import numpy as np
import pytest

from components.figures import theme
from components.figures.layers.logit_lens import (
    MEASURES,
    followed_lines,
    followed_table,
    lens_map,
    lens_table,
)
from components.inspection.layers.logit_lens import LogitLens, logit_lens
from components.inspection.layers.logit_lens_followed import followed
from components.inspection.load import load_model
from tests import tiny

TEXT = "The capital of France is"


@pytest.fixture(scope="module")
def found() -> LogitLens:
    return logit_lens(load_model("storyteller", dtype="float32"), TEXT)


def test_a_cell_bears_its_likeliest_token_and_the_embedding_is_below(found):
    figure = lens_map(found, "probability", 3, 5)
    grid = figure.data[0]
    np.testing.assert_array_equal(np.array(grid.z, np.float32), found.cells.probabilities[..., 0])
    assert [row[5] for row in grid.text] == ["·is", "·in", "·in", "·Paris", "·Paris"]
    assert list(figure.layout.yaxis.ticktext) == ["embedding", "0", "1", "2", "3"]
    assert figure.layout.yaxis.range[0] < figure.layout.yaxis.range[1], "the first row is below"
    assert list(figure.layout.xaxis.ticktext)[5] == "·is"
    frame = figure.layout.shapes[0]
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (4.5, 5.5, 2.5, 3.5)
    assert figure.layout.height == 440


def test_hovering_tells_the_five_likeliest_and_what_is_measured(found):
    told = lens_map(found, "probability", 0, 0).data[0].hovertext[3][5].split("<br>")
    assert told[0] == "after block 2, at ·is"
    assert told[1] == "·Paris 93.8%" and len(told) == 8
    assert told[6] == "·Paris, the final answer: rank 1"
    entropy, divergence = found.cells.entropy[3, 5], found.cells.divergence[3, 5]
    assert told[7] == f"entropy {entropy:.3g} bits, KL divergence {divergence:.3g} bits"


@pytest.mark.parametrize("measure", MEASURES)
def test_colour_tells_what_was_chosen(found, measure):
    grid = lens_map(found, measure, 0, 0).data[0]
    cells = found.cells
    expected = {
        "probability": cells.probabilities[..., 0],
        "rank": -np.log10(cells.rank),
        "entropy": cells.entropy,
        "KL divergence": cells.divergence,
    }[measure]
    np.testing.assert_allclose(np.array(grid.z, float), expected, rtol=1e-6)
    assert grid.zmin <= expected.min() and grid.zmax >= expected.max()
    grey = measure in ("entropy", "KL divergence")
    scale = theme.STRENGTH if grey else theme.ATTENTION
    assert [tuple(step) for step in grid.colorscale] == list(scale)
    if measure == "rank":
        assert list(grid.colorbar.ticktext) == [f"{cells.rank.max():,}", "1"]


def test_before_an_answer_only_the_first_and_the_last_row_are_seen(found):
    grid = lens_map(found, "probability", 3, 5, True).data[0]
    seen = np.isfinite(np.array(grid.z, float)).all(1)
    assert seen.tolist() == [True, False, False, False, True]
    assert all(not any(row) for row in grid.text[1:4]) and grid.text[4][5] == "·Paris"
    assert all(not any(row) for row in grid.hovertext[1:4])
    assert lens_map(found, "probability", 3, 5).data[0].text[3][5] == "·Paris"


def test_where_there_is_no_room_cells_bear_no_token():
    model = tiny.model("llama")
    wide = logit_lens(model, "the keys near the castle are old")
    assert len(wide.columns) > 16
    figure = lens_map(wide, "entropy", 0, 0)
    assert figure.data[0].text is None and figure.data[0].texttemplate is None
    assert figure.data[0].hovertext[0][3]
    few = logit_lens(model, "the keys near", first=2, columns=8)
    narrow = lens_map(few, "entropy", 0, 5)
    assert narrow.layout.shapes[0].x0 == 2.5, "token 5 is column 3"
    assert max(len(word) for row in narrow.data[0].text for word in row) <= 8


def test_a_sign_of_markup_in_a_token_is_no_markup():
    found = logit_lens(tiny.model("llama"), "<b>x</b>")
    texts = found.texts | {int(found.cells.top[0, 0, 0]): "<b>&"}
    one = LogitLens(**(vars(found) | {"texts": texts}))
    assert lens_map(one, "rank", 0, 0).data[0].text[0][0] == "‹b›&amp;"
    assert "&lt;b&gt;&amp;" in lens_map(one, "rank", 0, 0).data[0].hovertext[0][0]


def test_lines_are_probabilities_or_their_logarithms():
    model = load_model("storyteller", dtype="float32")
    ids = tuple(model.ids_of(" Paris", special=False) + model.ids_of(" in", special=False))
    lines = followed(model, TEXT, None, 5, ids)
    figure = followed_lines(lines, False)
    assert [line.name for line in figure.data] == ["·Paris", "·in"]
    np.testing.assert_allclose(figure.data[0].y, np.exp(lines.logs[:, 0]), rtol=1e-6)
    assert figure.data[0].y[4] > 0.99 and figure.data[1].y[0] < 0.01
    logarithmic = followed_lines(lines, True)
    np.testing.assert_allclose(logarithmic.data[1].y, lines.logs[:, 1] / np.log(10), rtol=1e-6)
    ticks = dict(
        zip(logarithmic.layout.yaxis.tickvals, logarithmic.layout.yaxis.ticktext, strict=True)
    )
    assert all(float(text) == pytest.approx(10.0**value) for value, text in ticks.items())
    table = followed_table(lines)
    assert list(table.columns) == ["after", "·Paris", "·in"]
    np.testing.assert_allclose(table["·Paris"], lines.probabilities[:, 0])


def test_the_table_has_a_row_for_each_cell(found):
    table = lens_table(found)
    assert len(table) == 5 * 6
    cell = table[(table["after"] == "block 2") & (table["token"] == "·is")].iloc[0]
    assert cell["likeliest"] == cell["final answer"] == "·Paris" and cell["its rank"] == 1
    assert cell["probability"] == pytest.approx(0.938, abs=1e-3)
    assert cell["its probability"] == pytest.approx(cell["probability"], rel=1e-5)
