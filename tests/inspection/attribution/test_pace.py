"""How fast texts are read: by a clock that is given, and in the right proportion."""

import pytest

from components.inspection.attribution import pace as pace_module
from components.inspection.attribution.pace import Pace, pace
from tests import tiny


def test_work_takes_what_its_texts_take():
    assert Pace(0.5, 2.0).seconds(10, 4) == 6 * 0.5 + 4 * 2.0
    assert Pace(0.5, float("inf")).seconds(10, 0) == 10 * 0.5


def test_who_needs_no_gradient_measures_none(tiny_causal, monkeypatch):
    asked = []

    def timed(_device, work):
        asked.append(work)
        return work(), 2.0

    monkeypatch.setattr(pace_module, "timed", timed)
    assert pace(tiny_causal, 8, False) == Pace(2.0, float("inf"))
    assert len(asked) == 1, "what is slow is read once"


@pytest.mark.parametrize("length", [1, 40, 10**6])
@pytest.mark.parametrize("family", ["llama", "bert", "bert_classifier", "t5"])
def test_a_text_of_any_length_is_read_in_some_time(family, length):
    found = pace(tiny.model(family), length)
    assert 0 < found.forward < 5
    assert 0 < found.back < 5


def test_more_texts_at_once_are_tried_only_while_that_is_quick(tiny_causal, monkeypatch):
    seconds, asked = iter([0.02, 0.02, 0.02, 0.02, 0.02, 0.5, 0.5, 0.04, 0.04, 9.0]), []

    def timed(_device, work):
        work()
        asked.append(work.__defaults__[0].shape[0])
        return None, next(seconds)

    monkeypatch.setattr(pace_module, "timed", timed)
    found = pace(tiny_causal, 8)
    # The first pass prepares. One text twice, within the time that a measurement may take; then
    # four, twice also, since
    # another process may have been in the way; and no more, as that took long.
    assert asked == [1, 1, 1, 1, 1, 4, 4, 4, 4]
    assert found == Pace(0.01, 0.01)


def test_what_is_slow_is_measured_once_after_the_pass_that_prepares(tiny_causal, monkeypatch):
    seconds, asked = iter([2.0, 0.5, 1.5]), []

    def timed(_device, work):
        work()
        asked.append(work.__defaults__[0].shape[0])
        return None, next(seconds)

    monkeypatch.setattr(pace_module, "timed", timed)
    assert pace(tiny_causal, 8) == Pace(0.5, 1.5)
    assert asked == [1, 1, 1]
