"""The self-check, as a reader meets it, without a browser."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components import engine
from components.engine import ModelChoice
from components.inspection.checks import Check
from components.inspection.self_check import SelfCheck, self_check
from components.inspection.self_check import inspections as asked

APP = Path(__file__).parents[2] / "app.py"
FEW = ("What it says", "Tokens", "ALiBi")


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Ask less than all: what is asked is tested elsewhere."""
    table = tuple(one for one in asked.INSPECTIONS if one.view in FEW)
    monkeypatch.setattr("components.inspection.self_check.INSPECTIONS", table)


def opened(**address: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=120)
    app.query_params["model"] = "storyteller"
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    return app.switch_page("pages/about/self_check.py").run()


def pressed(app: AppTest) -> AppTest:
    next(one for one in app.button if one.label == "Check this model").click()
    app.run()
    assert not app.exception
    return app


def test_it_computes_nothing_unasked():
    app = opened()
    assert not app.exception and not app.error
    assert len(app.dataframe) == 0 and len(app.metric) == 0
    command = "python -m transformer_vitrine.components.inspection.check storyteller"
    assert app.code[0].value == command
    # The docstring of a constant is no text of the page.
    assert not any("wherever Vitrine is installed" in one.value for one in app.markdown)


def test_it_shows_every_row_with_its_verdict():
    app = pressed(opened())
    *_, found = engine.stream(
        self_check, ModelChoice("storyteller"), app.text_input(key="check_text").value
    )
    table = app.dataframe[0].value
    assert list(table["what must be so"]) == [row.says for row in found.rows]
    assert list(table["off by, of what is allowed"]) == [row.numbers for row in found.rows]
    assert set(table[""]) == {"✓", "–"}
    assert [one.value for one in app.metric] == [
        str(found.count("fails")),
        str(found.count("holds")),
        str(found.count("not so") + found.count("reported")),
        str(found.count("does not apply")),
    ]
    assert found.count("holds") > 10


def test_rows_can_be_chosen_and_a_choice_unknown_is_explained():
    app = pressed(opened(check_rows="nonsense"))
    assert "nonsense" in "\n".join(one.value for one in app.caption)
    app = pressed(opened(check_rows="– does not apply"))
    assert set(app.dataframe[0].value[""]) == {"–"}
    app = pressed(opened(check_rows="✗ fails"))
    assert len(app.dataframe) == 0
    assert "There is no such row." in [one.value for one in app.caption]


def test_a_red_check_is_shown_first_with_what_it_means(monkeypatch):
    red = asked.Inspection(
        "Page", "View", lambda model, text: Check("one is one", 2.0, 1.0, "One is not one.")
    )
    monkeypatch.setattr("components.inspection.self_check.INSPECTIONS", (red,))
    app = pressed(opened())
    lines = [one.value for one in app.markdown]
    assert ":red[✗] One is one: off by **2**, allowed 1. **One is not one.**" in lines
    assert app.metric[0].value == "1"
    assert "One is not one." in list(app.dataframe[0].value["what it means"])


def test_what_was_found_stays_when_another_text_is_typed_and_is_said_to_be_of_the_other():
    app = pressed(opened())
    rows = len(app.dataframe[0].value)
    app.text_input(key="check_text").set_value("Once upon a time").run()
    assert len(app.dataframe[0].value) == rows
    assert any("with other settings" in one.value for one in app.caption)


def test_a_text_that_cannot_be_read_is_told_in_each_row():
    app = opened()
    app.text_input(key="check_text").set_value("").run()
    app = pressed(app)
    table = app.dataframe[0].value
    told = table[table["view"] == "What it says"]
    assert list(told[""]) == ["–"]
    assert "no text" in told["what must be so"].iloc[0]


def test_what_was_found_before_it_was_stopped_is_kept(monkeypatch):
    def stopped(model, text):
        for so_far in self_check(model, text):
            if so_far.done == 3:
                return
            yield so_far

    monkeypatch.setattr("components.inspection.self_check.self_check", stopped)
    app = pressed(opened())
    assert any("Stopped after 2 of" in one.value for one in app.warning)
    assert len(app.dataframe[0].value) == 2


def test_of_nothing_nothing_is_counted():
    assert SelfCheck((), 0, 5, "x").count("holds") == 0
