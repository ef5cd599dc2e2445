"""A bar while work goes on, also of work that does not say how far it is."""

import threading

import pytest
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

from components.widgets import bar

TOLD: list[str] = []
SEEN = threading.Event()


@pytest.fixture(autouse=True)
def watched(monkeypatch):
    """What bars say."""
    TOLD.clear()
    SEEN.clear()

    def progress(_place, _share, phrase):
        TOLD.append(phrase)
        SEEN.set()

    monkeypatch.setattr(DeltaGenerator, "progress", progress)


def silent_work() -> None:
    import streamlit as st

    from components.widgets.bar import telling
    from tests.widgets.test_bar import SEEN

    def work() -> bool:
        return SEEN.wait(20)

    with telling(st.empty(), work) as given:
        assert not given
        assert work(), "nobody told of it"


def quick_work() -> None:
    import streamlit as st

    from components.widgets.bar import telling

    def work(progress) -> None:
        progress(0.5, "half")

    with telling(st.empty(), work) as given:
        work(**given)


def test_work_that_says_nothing_is_told_of_after_a_while():
    app = AppTest.from_function(silent_work, default_timeout=60).run()
    assert not app.exception
    assert TOLD == [bar.WAITING]


def test_what_is_done_soon_shows_no_bar(monkeypatch):
    monkeypatch.setattr(bar, "SOON", 60.0)
    assert not AppTest.from_function(quick_work).run().exception
    assert TOLD == []
    clocks = [one for one in threading.enumerate() if isinstance(one, threading.Timer)]
    for each in clocks:
        each.join(20)  # taken off, it ends at once
    assert not any(each.is_alive() for each in clocks)


def test_what_says_how_far_it_is_is_believed(monkeypatch):
    monkeypatch.setattr(bar, "SOON", 0.0)
    assert not AppTest.from_function(quick_work).run().exception
    assert TOLD[-1] == "half"
