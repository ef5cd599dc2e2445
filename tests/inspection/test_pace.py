"""How long one pass takes: by a clock that is given, and of the length that was asked for."""

import pytest

from components.inspection import pace as pace_module
from components.inspection.pace import pass_seconds
from tests import tiny


@pytest.mark.parametrize("length", [1, 40, 300])
@pytest.mark.parametrize("family", ["llama", "bert", "bert_classifier", "t5"])
def test_a_pass_of_any_length_takes_some_time(family, length):
    assert 0 < pass_seconds(tiny.model(family), length) < 5


def test_the_first_pass_prepares_and_the_quicker_counts(tiny_causal, monkeypatch):
    seconds = iter([0.04, 0.01])
    monkeypatch.setattr(pace_module, "timed", lambda _device, work: (work(), next(seconds)))
    read = []
    own = pace_module.run
    monkeypatch.setattr(
        pace_module,
        "run",
        lambda model, **given: (read.append(given["input_ids"].shape), own(model, **given)),
    )
    assert pass_seconds(tiny_causal, 16) == 0.01
    assert read == [(1, 16), (1, 16)]
    read.clear()
    seconds = iter([2.0])
    assert pass_seconds(tiny_causal, 8) == 2.0
    assert read == [(1, 8)], "what is slow is read once"
