"""On a server for others a computation ends, or is not begun, where it takes more than is given."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from components import serving
from components.inspection.access import CLASS, access, grant
from components.widgets import measuring
from tests.pages import test_attribution, test_kv_cache


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Iterator[float]:
    """What this server gives to one computation: nothing."""
    before = access()
    monkeypatch.setattr(serving, "_decided", [True])
    monkeypatch.setattr(measuring, "UNASKED", 0.0)
    grant(replace(CLASS, seconds=0.0))
    yield 0.0
    grant(before)


def test_what_would_take_too_long_is_not_on_offer_and_what_to_do_is_said(seconds):
    app = test_attribution.opened()
    (said,) = [error.value for error in app.error]
    assert "this server gives at most 0.1 s to one computation" in said
    assert "Shorten the text" in said
    assert not [button for button in app.button if button.label == "Start"]
    assert app.selectbox, "the controls stay, to choose less"
    assert app.text_area(key="prompt").value == test_attribution.KEYS


def test_a_measurement_ends_there_and_keeps_what_it_has(seconds):
    app = test_kv_cache.short("Timing")
    app = test_kv_cache.button(app, "Measure").click().run()
    assert not app.exception
    assert any("Ended after 0 seconds" in info.value for info in app.info)
    assert test_kv_cache.button(app, "Measure to the end")
    app.run()
    assert not app.info, "said once"
