"""Figures of look-up and of words in context, read back as data."""

import numpy as np
import pytest

from components.figures.embeddings import arithmetic as sums
from components.figures.embeddings import geometry as drawn
from components.figures.embeddings import in_context as contexts
from components.figures.embeddings import lookup as rows
from components.inspection.embeddings.arithmetic import arithmetic
from components.inspection.embeddings.concentration import concentration
from components.inspection.embeddings.geometry import angles, near
from components.inspection.embeddings.in_context import word_in_context
from components.inspection.embeddings.lengths import norms
from components.inspection.embeddings.lookup import look_up
from components.inspection.embeddings.paths import paths
from components.inspection.load import load_model
from pages.text.embeddings.contexts import OFFERS
from tests import tiny

PLAY = OFFERS["Play: a game, a theatre"]


@pytest.fixture(scope="module")
def storyteller():
    return load_model("storyteller", "cpu")


def test_the_row_is_drawn_as_the_product_it_is(storyteller):
    found = look_up(storyteller, "The dog saw", 2)
    one_hot, table, row = rows.product_map(found).data
    np.testing.assert_array_equal(np.asarray(one_hot.z)[:, 0] @ np.asarray(table.z), row.z[0])
    np.testing.assert_array_equal(row.z[0], found.product)
    assert len(rows.row_table(found)) == 256


def test_all_lengths_and_pairs_are_counted(storyteller):
    both = drawn.norm_bars(norms(tiny.model("llama")))
    assert [int(np.sum(bars.y)) for bars in both.data] == [tiny.VOCABULARY] * 2
    assert int(np.sum(drawn.norm_bars(norms(storyteller)).data[0].y)) == 2_560
    found = angles(storyteller)
    assert [int(np.sum(bars.y)) for bars in drawn.angle_bars(found).data] == [20_000] * 2
    assert len(drawn.norm_table(norms(storyteller))) == 24
    assert drawn.angle_table(found).iloc[0, 1] == found.means[0]


def test_tokens_of_both_lists_have_one_colour(storyteller):
    found = near(storyteller, "house")
    for bars, named in zip(
        drawn.near_bars(found).data, (found.by_cosine, found.by_distance), strict=True
    ):
        shared = [color == drawn.theme.QUERY for color in bars.marker.color]
        assert shared == [name in found.both for name, _ in named]
        np.testing.assert_allclose(bars.x, [value for _, value in named], rtol=1e-6)
    assert 0 < len(found.both) < 10
    assert drawn.near_table(found).shape == (10, 4)


@pytest.mark.parametrize("shown", ["cosine", "distance"])
def test_three_lines_and_their_formula(storyteller, shown):
    found = concentration(storyteller)
    formula, table, gaussian = drawn.spread_lines(found, shown).data
    np.testing.assert_allclose(gaussian.y, formula.y, rtol=0.1)
    assert table.y[-1] > 1.4 * formula.y[-1]
    assert drawn.spread_table(found).shape == (len(found.dimensions), 7)


def test_the_words_themselves_are_orange_or_left_out(storyteller):
    found = arithmetic(storyteller, "Paris", "France", "Germany")
    whole, without = (sums.ranking_bars(found, out) for out in (False, True))
    orange = [color == sums.theme.HIGHLIGHT for color in whole.data[0].marker.color]
    assert orange == found.own[:15].tolist()
    assert without.layout.yaxis.ticktext[0] == "·Berlin"
    assert len(without.data[0].x) == 15
    assert sums.ranking_table(found)["one of the words"].sum() == found.own.sum()


def test_a_cell_is_the_cosine_at_the_stage(storyteller):
    found = word_in_context(storyteller, *PLAY)
    for stage in (0, 3):
        figure = contexts.cosine_map(found, stage)
        np.testing.assert_array_equal(figure.data[0].z, found.cosines[stage])
    assert figure.layout.yaxis.ticktext[1] == "2 The [play]<br>was wonderful."
    assert contexts.cosine_table(found, 3).shape == (4, 5)
    lines = contexts.layer_lines(found).data
    assert [line.name for line in lines][:2] == ["1 and 2", "1 and 3"]
    np.testing.assert_array_equal(lines[1].y, found.cosines[:, 0, 2])
    seen = {(line.line.color, line.line.dash, line.marker.symbol) for line in lines}
    assert len(seen) == len(lines) == 7
    np.testing.assert_allclose(lines[-1].y, found.to_table.mean(axis=1))
    assert len(contexts.layer_table(found)) == 6


def test_no_two_of_fifteen_lines_look_alike_to_any_eye():
    looks = [contexts.look(number) for number in range(contexts.MOST_LINES)]
    told = [(one["line"]["color"], one["line"]["dash"], one["marker"]["symbol"]) for one in looks]
    # By distances after simulated colour blindness, pairs of hues that come nearest.
    blue, vermilion, green, orange, pink = contexts.HUES
    near = ({vermilion, orange}, {green, pink}, {blue, green}, {orange, pink})
    for at, one in enumerate(told):
        for other in told[at + 1 :]:
            differ = [mine != yours for mine, yours in zip(one, other, strict=True)]
            assert any(differ[:2])
            if one[0] == other[0]:
                assert differ[1:] == [True, True]
            if {one[0], other[0]} in near:
                assert any(differ[1:])
    grey = contexts.layer_lines(word_in_context(load_model("storyteller", "cpu"), *PLAY)).data[-1]
    assert grey.line.color not in contexts.HUES and grey.line.dash not in contexts.DASHES


def test_a_way_goes_from_the_table_to_the_last_layer(storyteller):
    found = paths(storyteller, *PLAY)
    lines = contexts.path_lines(found).data
    assert len(lines) == 4
    assert list(lines[0].customdata)[:2] == ["the table", "entering layer 0"]
    np.testing.assert_array_equal(lines[2].x, found.points[2, :, 0])
    assert [text for line in lines for text in line.text if text] == ["1", "2", "3", "4"]
    assert len(contexts.path_table(found)) == 24


def test_sentences_are_never_markup():
    model = tiny.model("llama")
    found = word_in_context(model, ("<b>be</b> &lt;", "be $x$"), "be")
    labels = contexts.names(found)
    assert labels[0] == "1 &lt;b&gt;[be]&lt;/b&gt; &amp;lt;"
