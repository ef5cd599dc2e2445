"""A click on a heat map: what a browser tells is checked before it chooses anything."""

import pytest

from components.widgets import cell_clicks


@pytest.fixture
def tell(monkeypatch):
    """Draw the component for a map of 3 rows and 5 columns; return what a browser's word calls."""
    sent, chosen = {}, []
    monkeypatch.setattr(cell_clicks, "_COMPONENT", lambda **given: sent.update(given))
    cell_clicks.cell_clicks("lens", (3, 5), lambda row, column: chosen.append((row, column)))
    assert sent["data"] == {"figure": "figure-lens"}

    def told(word):
        monkeypatch.setattr(cell_clicks.st, "session_state", {sent["key"]: {"clicked": word}})
        sent["on_clicked_change"]()
        return chosen

    return told


@pytest.mark.parametrize("word", [[0, 0], [2, 4], [2.0, 4.0]])
def test_a_cell_that_is_there_is_chosen(word, tell):
    assert tell(word) == [tuple(word)]
    assert all(type(number) is int for number in tell(word)[0])


@pytest.mark.parametrize(
    "word",
    [
        None, [], [1], [1, 2, 3], [3, 0], [0, 5], [-1, 0], [0.5, 0], [True, 0], ["1", 0],
        [float("nan"), 0], [float("inf"), 0], [[1], 0], {"0": 1}, "12",
    ],
)  # fmt: skip
def test_anything_else_chooses_nothing(word, tell):
    assert tell(word) == []
