"""The lesson on the key-value cache, as a reader meets it, without a browser."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

APP = Path(__file__).parents[2] / "app.py"
VIEWS = ("Measured", "The same answer", "What is in it", "Kinds of cache", "Where the time goes",
         "Memory planner")  # fmt: skip


def opened(**address: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=120)
    app.query_params["model"] = "storyteller"
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    return app.switch_page("pages/output/kv_cache.py").run()


def view(name: str, **address: str) -> AppTest:
    return opened(kv_view=name, kv_prompt="16", kv_new="8", kv_repeats="2", **address)


def words(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.info, *app.warning, *app.error, *app.title]
    return "\n".join(str(part.value) for part in parts)


def button(app: AppTest, label: str):
    return next(one for one in app.button if one.label == label)


@pytest.mark.parametrize("name", VIEWS)
def test_each_view_opens_from_a_link(name):
    app = view(name)
    assert not app.exception and not app.error, (app.exception, app.error)
    assert app.title[0].value == "Key-value cache"


def test_measuring_shows_both_ways_and_keeps_them_when_another_setting_is_tried():
    app = button(view("Measured"), "Measure").click().run()
    assert not app.exception
    said = words(app)
    assert "the **same tokens** at every measured step" in said
    table = app.dataframe[0].value
    assert list(table["positions computed"]) == [16 + 7, 8 * 16 + 28]
    assert (table["in all (s)"] > 0).all()
    labels = [metric.label for metric in app.metric]
    assert labels[:2] == ["Time without / with", "Positions without / with"]
    assert app.metric[1].value == "6.78 ×"
    app.slider[0].set_value(3).run()
    assert "the last measurement, with other settings" in words(app)


def test_the_same_answer_states_difference_tolerance_and_text():
    said = words(view("The same answer"))
    assert "no logit differs by more than" in said and "Allowed:" in said
    assert ":green[✓] **The same text**" in said


def test_bytes_are_said_to_be_exactly_the_formulas():
    app = view("What is in it")
    said = words(app)
    assert "**exactly** the formula's" in said
    assert "no key or value changes by more than **0**" in said
    assert len(app.get("plotly_chart")) == 5


def test_comparing_kinds_gives_a_row_each():
    app = button(view("Kinds of cache"), "Compare").click().run()
    assert not app.exception and not app.error
    table = app.dataframe[0].value
    assert list(table["kind"]) == ["dynamic", "static", "sliding window", "quantized, 8-bit float"]
    assert table["largest difference of a logit"][0] == 0
    assert "NVIDIA GPU" in words(app)


def test_where_the_time_goes_counts_and_explains():
    said = words(view("Where the time goes"))
    assert "**156** positions without, **23** with" in said
    assert "**exactly the same**" in said
    assert "18,432" in said


def test_the_planner_prints_what_the_book_leaves_out():
    app = view("Memory planner")
    said = words(app)
    assert "**393,216 bytes**" in said and "**1.5 GiB**" in said
    app = view("Memory planner", kv_plan="Llama-3-8B")
    assert "**131,072 bytes**" in words(app)


def test_too_long_a_prompt_is_explained_not_thrown():
    app = opened(kv_view="Measured", kv_prompt="4096")
    assert not app.exception
    assert "shorten the prompt to" in app.error[0].value


def test_a_link_with_impossible_values_is_told_so():
    app = opened(kv_view="Measured", kv_prompt="17", kv_repeats="900")
    assert not app.exception
    warned = " ".join(warning.value for warning in app.warning)
    assert "kv_prompt “17”" in warned and "kv_repeats “900”" in warned


def test_an_unknown_model_for_the_planner_is_explained():
    app = view("Memory planner", kv_plan="no/such-model-anywhere")
    assert not app.exception
    assert app.error
