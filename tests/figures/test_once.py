"""A figure that was drawn before is the same figure, and nobody's but the caller's."""

import json
import sys
import threading
from collections import Counter

import numpy as np
import plotly.graph_objects as go
import pytest
from plotly.subplots import make_subplots

from components.figures import once, theme

DRAWN: Counter[str] = Counter()


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch):
    """Begin with nothing drawn."""
    monkeypatch.setattr(once, "_KEPT", type(once._KEPT)())
    DRAWN.clear()


@once.drawn_once
def bars(values: np.ndarray, name: str = "bars") -> go.Figure:
    """Draw, and count it."""
    DRAWN[name] += 1
    return theme.dressed(go.Figure(go.Bar(y=values, name=name)), 300)


@once.drawn_once
def other(values: np.ndarray, name: str = "bars") -> go.Figure:
    """Draw something else for the same inputs."""
    return go.Figure(go.Scatter(y=values, name=name))


def test_the_same_inputs_are_drawn_once_and_others_anew():
    first, again = bars(np.arange(3)), bars(np.arange(3))
    assert first.to_json() == again.to_json()
    assert DRAWN["bars"] == 1
    assert list(bars(np.arange(4)).data[0].y) == [0, 1, 2, 3]
    assert bars(np.arange(3), name="more").data[0].name == "more"
    assert bars(np.arange(3.0)).data[0].y.dtype == float
    assert DRAWN == {"bars": 3, "more": 1}
    assert other(np.arange(3)).data[0].type == "scatter"


def test_a_change_of_one_is_not_seen_in_the_next():
    before = bars(np.arange(3)).to_json()
    changed = bars(np.arange(3))
    changed.data[0].y[:] = 9
    changed.data[0].name = "mine"
    changed.update_layout(height=9, margin={"l": 99})
    assert bars(np.arange(3)).to_json() == before


def test_what_is_made_of_a_figures_parts_is_that_figure():
    figure = make_subplots(cols=2, subplot_titles=["one", "two"])
    figure.add_heatmap(z=np.eye(3), customdata=[["a", "b", "c"]] * 3, row=1, col=1)
    figure.add_scatter(x=[1, 2], y=[3, 4], marker={"color": ["red", "#123456"]}, row=1, col=2)
    figure.add_vline(x=1)
    figure.update_yaxes(title="height", range=[0, 1])
    made = once.made_of(once.parts_of(figure))
    assert json.loads(made.to_json()) == json.loads(figure.to_json())
    assert made.layout.yaxis.title.text == "height"


def test_no_more_than_so_many_are_kept_those_asked_for_last(monkeypatch):
    monkeypatch.setattr(once, "MOST", 3)
    for size in (1, 2, 3, 1, 4, 5):
        bars(np.arange(size))
    assert DRAWN["bars"] == 5
    assert len(once._KEPT) == 3
    bars(np.arange(1))  # asked for after 2 and 3
    assert DRAWN["bars"] == 5
    bars(np.arange(2))
    assert DRAWN["bars"] == 6


def test_a_figure_of_very_much_is_not_kept(monkeypatch):
    monkeypatch.setattr(once, "LARGEST", 1_000)
    for _ in range(2):
        bars(np.arange(200))
    assert DRAWN["bars"] == 2
    assert len(once._KEPT) == 0


@once.drawn_once
def crowd(size: int) -> go.Figure:
    """Draw many traces."""
    return go.Figure([go.Bar(y=[place]) for place in range(size)])


def test_many_at_once_get_whole_figures():
    wanted, found = {"bar": 60}, []
    crowd(60)

    def take():
        for _ in range(20):
            found.append(dict(Counter(trace.type for trace in crowd(60).data)))

    threads = [threading.Thread(target=take) for _ in range(4)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that they meet
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert len(found) == 80
    assert [each for each in found if each != wanted] == []
