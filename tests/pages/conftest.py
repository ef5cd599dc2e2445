"""What a view handed to `lesson`, as data."""

import pytest

from components.lesson import Shown
from components.widgets import apparatus, measuring


@pytest.fixture
def drawn(monkeypatch) -> dict[str, Shown]:
    """Every `Shown` of a run, by its key, such as "positions-word_order"."""
    kept: dict[str, Shown] = {}
    draw = apparatus.draw

    def keep(shown, ask, *rest):
        kept[ask.key] = shown
        draw(shown, ask, *rest)

    monkeypatch.setattr(apparatus, "draw", keep)
    return kept


@pytest.fixture(autouse=True)
def without_haste(monkeypatch):
    """Work starts by itself however busy the machine is that runs the tests."""
    monkeypatch.setattr(measuring, "UNASKED", 1e6)
