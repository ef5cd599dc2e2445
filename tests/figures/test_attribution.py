"""Pictures of attributions, read back as data: the numbers are the inspection's own."""

from dataclasses import replace

import numpy as np
import pytest

from components.figures import attribution as figures
from components.figures import theme
from components.figures.attribution_grids import agreement_grid, phrase_table
from components.figures.completeness import approach, sums
from components.figures.faithfulness import areas, beside_attention, deletion_and_insertion
from components.inspection.attribution.agreement import agreement
from components.inspection.attribution.completeness import Completeness
from components.inspection.attribution.faithfulness import Curves, area
from components.inspection.attribution.features import Features
from components.inspection.attribution.methods import Attribution
from components.inspection.attribution.phrase import PhraseAttribution

UNITS = Features(
    tokens=("<s>", " a", "b", " a"),
    of_token=(0, 1, 1, 2),
    texts=("<s>", "ab", " a"),
    fixed=(True, False, False),
)
FOUND = Attribution(
    method="integrated_gradients",
    features=UNITS,
    scores=np.array([np.nan, 2.5, -0.75], np.float32),
    at_input=3.0,
    at_baseline=1.0,
    forwards=10,
    backwards=7,
)


def test_the_bridge_leads_from_baseline_to_text_and_shows_its_gap():
    trace = figures.bridge(FOUND).data[0]
    assert list(trace.y) == pytest.approx([1.0, 2.5, -0.75, 0.25, 3.0])
    # Each step begins where the one before it ended; baseline and text stand on 0.
    assert list(trace.base) == pytest.approx([0, 1.0, 3.5, 2.75, 0])
    tints = [theme.RESIDUAL, theme.POSITIVE, theme.NEGATIVE, theme.RESIDUAL, theme.RESIDUAL]
    assert list(trace.marker.color) == tints
    assert list(trace.marker.pattern.shape) == ["", "", "", "/", ""]


def test_drawn_scores_carry_their_standard_error_and_no_more_digits_than_are_known():
    sure = replace(FOUND, errors=np.array([np.nan, 0.32, 0.041], np.float32))
    figure = figures.bridge(sure)
    bars = next(trace for trace in figure.data if trace.name == "standard error")
    assert list(bars.x) == [1, 2]
    assert list(bars.y) == pytest.approx([3.5, 2.75])  # at the end of each piece's step
    assert list(bars.error_y.array) == pytest.approx([0.32, 0.041])
    numbers = next(trace for trace in figure.data if getattr(trace, "mode", "") == "text")
    assert list(numbers.text) == ["1.00", "+2.5", "-0.75", "+0.25", "3.00"]
    hover = [cell[1] for cell in figure.data[0].customdata]
    assert hover[1:3] == ["+2.5 ± 0.3", "-0.75 ± 0.04"]
    assert not any(trace.name == "standard error" for trace in figures.bridge(FOUND).data)


def test_tiny_scores_are_written_with_the_digits_they_have():
    """A saturated colour that says "+0.00" says nothing."""
    tiny = replace(FOUND, scores=np.array([np.nan, 0.00037, -0.0000012], np.float32))
    numbers = next(
        trace for trace in figures.bridge(tiny).data if getattr(trace, "mode", "") == "text"
    )
    assert list(numbers.text)[1:3] == ["+0.00037", "-1.2e-06"]


def test_words_that_occur_twice_keep_both_places():
    twice = Features((" a", " a"), (0, 1), (" a", " a"), (False, False))
    scores = np.array([[1.0, 2.0]], np.float32)
    axis = figures.side_by_side(["one"], scores, [True], twice).layout.xaxis
    assert list(axis.ticktext) == ["·a", "·a"]
    assert list(axis.tickvals) == [0, 1]


def test_a_row_s_colours_span_its_own_largest_score_and_zero_is_neutral():
    scores = np.array([[np.nan, 4.0, -2.0], [np.nan, 0.0, 0.1], [np.nan, 0, 0]], np.float32)
    figure = figures.side_by_side(["a", "b", "c"], scores, [True] * 3, UNITS)
    trace = figure.data[0]
    np.testing.assert_allclose(trace.z, [[1, -0.5], [0, 1], [0, 0]])
    assert (trace.zmin, trace.zmax) == (-1, 1)
    assert trace.colorscale[1][0] == 0.5
    shown = [[float(cell[2]) for cell in row] for row in trace.customdata]
    np.testing.assert_allclose(shown, scores[:, 1:], rtol=1e-6)
    assert list(figure.layout.yaxis.ticktext) == ["a", "b", "c"]


def test_a_method_without_a_sign_is_grey_and_keeps_its_row():
    scores = np.array([[np.nan, 1, 2], [np.nan, 4, 1], [np.nan, -1, 1]], np.float32)
    signed, plain = figures.side_by_side("abc", scores, [True, False, True], UNITS).data
    assert list(signed.y) == [0, 2]
    # One row alone has an empty one beside it, which is seen nowhere.
    assert list(plain.y) == [1, 0]
    np.testing.assert_allclose(plain.z, [[1, 0.25], [np.nan, np.nan]])
    assert "".join(plain.text[1]).strip() == "" and plain.hoverongaps is False
    assert (plain.zmin, plain.showscale) == (0, False)
    assert plain.colorscale != signed.colorscale
    names = figures.side_by_side("abc", scores, [True, False, True], UNITS).layout.yaxis.ticktext
    assert list(names) == ["a", "b (no sign)", "c"]


def test_side_by_side_numbers_go_as_far_as_they_are_known():
    scores = np.array([[np.nan, 1.234, -2.345], [np.nan, 1.234, -2.345]], np.float32)
    errors = [None, np.array([np.nan, 0.2, 0.04], np.float32)]
    trace = figures.side_by_side("ab", scores, [True, True], UNITS, errors).data[0]
    assert [list(row) for row in trace.text] == [["+1.23", "-2.35"], ["+1.2", "-2.35"]]
    assert trace.customdata[1][0][3] == "+1.2 ± 0.2"


def test_strengths_are_drawn_without_a_sign():
    trace = figures.strengths(FOUND).data[0]
    assert list(trace.y) == [2.5, -0.75]
    assert trace.marker.color == theme.RESIDUAL


def test_the_approach_shows_each_try_and_the_bound():
    found = Completeness(np.array([4, 8]), np.array([0.4, -0.1], np.float32), 0.01, FOUND)
    figure = approach(found)
    assert list(figure.data[0].x) == [4, 8]
    assert list(figure.data[0].y) == pytest.approx([0.2, 0.05])
    bound = figure.data[1]
    assert list(bound.x) == [4, 8]
    assert list(bound.y) == [0.01, 0.01]
    assert "your bound, 1.0%" in bound.text


def test_sums_stand_against_the_change_that_they_should_be():
    other = replace(FOUND, method="shapley", scores=np.array([np.nan, 1.5, 0.5], np.float32))
    bars, line = sums([FOUND, other]).data
    assert list(bars.x) == ["Integrated gradients", "Shapley values"]
    assert list(bars.y) == pytest.approx([1.75, 2.0])
    assert list(bars.text) == ["+1.75", "+2.00"]
    assert list(bars.customdata) == ["+0.25", "0.00"]
    assert list(line.y) == pytest.approx([2.0, 2.0])


def test_of_many_scores_each_has_two_digits_and_small_ones_are_left_out():
    """A cell is as wide as four letters; what is beside its row's largest nothing needs none."""
    many = [1.234, -0.0004, 23.4, -9.96, 0.9, 0.71, -5.04, 0.0, 0.0]
    shown = figures.numbers(np.array(many), [None] * 9)
    assert shown == ["+1.2", "", "+23", "-10", "+.90", "+.71", "-5.0", "", ""]
    faint = figures.numbers(np.array([0.0123, -0.004, *[0.0] * 7]), [None] * 9)
    assert faint[:2] == ["+.01", "-.004"]
    sure = figures.numbers(np.array([1.234] * 9), [0.2] * 9)
    assert sure[0] == "+1.2"
    assert figures.numbers(np.array([1.234] * 9), [None] * 9, most=100.0) == [""] * 9
    assert figures.numbers(np.array([219.4] * 9), [None] * 9, sign=False)[0] == "219"


def test_agreement_is_drawn_on_a_fixed_scale():
    found = agreement(["a", "b"], np.array([[1, 2, 3], [3, 2, 1]], np.float32), "sign")
    trace = agreement_grid(found).data[0]
    np.testing.assert_allclose(trace.z, [[1, -1], [-1, 1]], atol=1e-6)
    assert (trace.zmin, trace.zmax) == (-1, 1)


def test_the_phrase_table_has_a_row_for_each_written_token():
    found = PhraseAttribution(
        method="ablation",
        stand_in="<pad>",
        tokens=("a", "b", "c"),
        phrase=(" x", "\n"),
        phrase_ids=(7, 8),
        scores=np.array([[1, -3, 0], [0, 0.5, 0]], np.float32),
        log_probabilities=np.array([-1, -2], np.float32),
        baseline_log_probabilities=np.array([-3, -3], np.float32),
        forwards=4,
        backwards=0,
        generated=True,
    )
    figure = phrase_table(found)
    np.testing.assert_array_equal(figure.data[0].z, found.scores)
    assert (figure.data[0].zmin, figure.data[0].zmax) == (-3, 3)
    assert list(figure.layout.yaxis.ticktext) == ["·x", "↵"]
    sure = replace(found, errors=np.full((2, 3), 0.2, np.float32))
    drawn = phrase_table(sure).data[0]
    assert list(drawn.text[0]) == ["+1.0", "-3.0", "0.0"]
    assert drawn.customdata[0][1][2] == "-3.0 ± 0.2"


def test_many_rows_of_a_sequence_have_room_for_few_digits_and_for_their_names():
    scores = np.tile(np.array([[4.321, 0.00004]], np.float32), (16, 1))
    long = np.zeros(16, np.float32)
    ids = tuple(range(16))
    of = ("ablation", "<pad>", ("a", "b"), tuple("x" * 16), ids, scores, long, long, 1, 0, True)
    figure = phrase_table(PhraseAttribution(*of))
    assert list(figure.data[0].text[0]) == ["+4.3", ""]
    assert figure.layout.height / 16 > 16


def curves(many: int) -> Curves:
    generator = np.random.default_rng(0)

    def some(rows: int) -> np.ndarray:
        return generator.normal(size=(rows, 4)).astype(np.float32)

    return Curves(
        names=("Integrated gradients", "Attention rollout")[:many],
        removed=np.array([0, 2, 4, 8]),
        deletion=some(many),
        insertion=some(many),
        random_deletion=some(20),
        random_insertion=some(20),
        at_input=1.0,
        at_baseline=0.0,
        forwards=9,
    )


def test_curves_are_drawn_over_the_share_that_is_away_with_the_spread_of_chance():
    given = curves(2)
    figure = deletion_and_insertion(given)
    lines = [trace for trace in figure.data if trace.mode == "lines+markers"]
    drawn = np.array([trace.y for trace in lines])
    np.testing.assert_array_equal(drawn, np.concatenate([given.deletion, given.insertion]))
    assert list(lines[0].x) == [0, 0.25, 0.5, 1]
    band = figure.data[0]
    high = np.percentile(given.random_deletion, 95, axis=0)
    np.testing.assert_allclose(band.y[:4], high, rtol=1e-6)
    assert [trace.name for trace in figure.data if trace.showlegend] == [
        "random orders",
        "their mean",
        "Integrated gradients",
        "Attention rollout",
    ]


def test_areas_stand_beside_those_of_random_orders():
    given = curves(2)
    deletion, random, insertion, _ = areas(given).data
    assert list(deletion.x) == list(given.names)
    np.testing.assert_allclose(deletion.y, given.deletion_area)
    np.testing.assert_allclose(insertion.y, given.insertion_area)
    mean = area(given.random_deletion, given.removed).mean()
    np.testing.assert_allclose(random.y, [mean, mean])


def test_attention_and_attribution_stand_above_each_other_in_their_colours():
    rows = np.array([[0, 0.75, 0.25], [0, 0.4, 0.6]], np.float32)
    figure = beside_attention(
        ["attention", "scores"], rows, np.array([[0, 0, 0], [0, 1, -1]]), UNITS
    )
    assert [list(trace.y) for trace in figure.data] == [
        pytest.approx([0.75, 0.25]),
        pytest.approx([0.4, 0.6]),
    ]
    assert list(figure.data[1].marker.color) == [theme.POSITIVE, theme.NEGATIVE]
    assert len(set(figure.data[0].marker.color)) == 1


def test_a_long_text_names_no_piece_on_its_axis():
    many = 200
    features = Features(("x",) * many, tuple(range(many)), ("x",) * many, (False,) * many)
    found = Attribution("shapley", features, np.ones(many, np.float32), 1.0, 0.0, 1, 0)
    assert list(figures.bridge(found).layout.xaxis.ticktext) == ["baseline", "text"]
    assert (
        figures.side_by_side(["a"], found.scores[None], [True], features).layout.xaxis.ticktext
        is None
    )
