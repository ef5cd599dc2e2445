"""The views Sizes and Side by side, without a browser."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

APP = Path(__file__).parents[2] / "app.py"


def opened(view: str, **address: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=120)
    app.switch_page("pages/inside/architecture/architecture.py")
    app.query_params["view"] = view
    for name, value in address.items():
        app.query_params[f"architecture.{name}"] = value
    app.run()
    assert not app.exception
    return app


def test_an_example_sets_all_sizes(drawn):
    app = opened("Sizes")
    assert "0.839 times the parameters" in drawn["architecture-sizes"].told
    app.button(key="example-Mixtral-8x7B").click().run()
    assert not app.exception and not app.error
    assert "of which one token meets 12,879,925,248" in drawn["architecture-sizes"].told


@pytest.mark.parametrize(
    ("name", "value", "says"), [("heads", "33", "width of"), ("met", "3", "3 of 1")]
)
def test_what_cannot_be_built_is_told_and_nothing_is_lost(name, value, says):
    app = opened("Sizes", **{name: value})
    assert says in app.error[0].value
    assert app.number_input(key=f"architecture.{name}").value == int(value)


def test_two_are_compared_and_what_differs_is_bold(drawn):
    opened("Side by side", left="OPT-1.3B", right="GPT-2")
    told = drawn["architecture-side_by_side"].told
    bold = [line for line in told.splitlines() if "**" in line]
    assert len(bold) == 1 and "ReLU" in bold[0] and "GELU" in bold[0]
    assert drawn["architecture-side_by_side"].predict.right == "one or two"
