"""The last step of every figure: what it leaves out on a phone, and what it never touches."""

import numpy as np
import plotly.graph_objects as go
import pytest

from components.figures import theme


def figure(columns: int, rows: int = 2) -> go.Figure:
    values = np.arange(rows * columns).reshape(rows, columns)
    names = [str(place) for place in range(columns)]
    return go.Figure(
        [
            go.Heatmap(z=values, text=values.astype(str), texttemplate="%{text}"),
            go.Bar(x=names, y=values[0], text=names),
            go.Scatter(x=names, y=values[0], text=names, mode="text"),
            go.Scatter(x=names, y=values[0], mode="lines+markers"),
            go.Bar(x=values[0], y=names, orientation="h", text=names),
            go.Scatter(x=names, y=values[0], text=names, mode="markers+text"),
        ]
    )


@pytest.mark.parametrize(("columns", "left"), [(theme.FEW, 5), (theme.FEW + 1, 2)])
def test_on_a_phone_numbers_that_would_crowd_are_left_out(columns, left):
    plain = figure(columns)
    lit = theme.lit(plain, dark=False, narrow=True)
    heat, bars, words, line, lying, named = lit.data
    assert (heat.texttemplate is None) == (bars.text is None) == (words.visible is False)
    assert words.visible is (False if left == 2 else None)
    assert named.mode == ("markers" if left == 2 else "markers+text")
    assert line.visible is None
    assert list(lying.text) == list(plain.data[4].text)
    np.testing.assert_array_equal(heat.z, plain.data[0].z)


@pytest.mark.parametrize(
    ("most", "mode"), [(theme.FEW, "markers+text"), (theme.FEW + 1, "markers")]
)
def test_on_a_phone_points_are_named_together_or_not_at_all(most, mode):
    """Of a beam tree, the few finished ones at the edge do not keep names that the others lose."""
    few = go.Scatter(x=[1, 2], y=[0, 0], text=["a", "b"], mode="markers+text")
    many = go.Scatter(x=list(range(most)), y=[1] * most, text=["c"] * most, mode="markers+text")
    lit = theme.lit(go.Figure([few, many]), dark=False, narrow=True)
    assert [each.mode for each in lit.data] == [mode, mode]


def test_on_a_desk_every_number_stays():
    lit = theme.lit(figure(40), dark=False)
    assert lit.data[0].texttemplate == "%{text}"
    assert lit.data[1].text is not None
    assert lit.data[2].visible is None


def test_the_figure_that_was_handed_in_is_not_changed():
    plain = figure(40)
    before = plain.to_json()
    theme.lit(plain, dark=True, scale=1.4, narrow=True)
    assert plain.to_json() == before


def test_on_a_phone_words_that_do_not_fit_their_cells_are_left_out():
    def texts(word: str) -> object:
        cells = [[word] * 6] * 2
        figure = go.Figure(go.Heatmap(z=np.ones((2, 6)), text=cells, texttemplate="%{text}"))
        return theme.lit(figure, dark=False, narrow=True).data[0].text

    assert texts("1,185") is not None and texts("France…") is None
