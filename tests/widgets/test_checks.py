"""The lines in which a view says its checks, and what a report of one that fails holds."""

import json
from dataclasses import asdict

import pytest
from streamlit.testing.v1 import AppTest

from components import engine
from components.engine import ModelChoice
from components.inspection.checks import Check
from components.inspection.kv_cache.machine import Machine
from components.widgets.checks import line, report
from components.widgets.markup import coded, literal

HOLDS = Check("every row sums to 1", 2.5e-8, 1e-6, "It would be no share.")
FAILS = Check("every row sums to 1", 0.25, 1e-6, "It is no share.")
REPORTED = Check("rows differ from an even share", 0.25, None, "It is only told.")
MARKUP = "**x** $y$ :red[z] [a](b) <b> `c`"
SHOWN = r"\*\*x\*\* \$y\$ :⁠red\[z\] \[a\](b) \<b\> \`c\`"


@pytest.mark.parametrize(
    ("check", "shown"),
    [
        (HOLDS, ":green[✓] Every row sums to 1: off by **2.5e-08**, allowed 1e-06."),
        (FAILS, ":red[✗] Every row sums to 1: off by **0.25**, allowed 1e-06. **It is no share.**"),
        (REPORTED, ":gray[·] Rows differ from an even share: off by **0.25**."),
        (
            Check("every row sums to 1", float("nan"), 1e-6),
            ":red[✗] Every row sums to 1: off by **nan**, allowed 1e-06.",
        ),
        (Check("“x” is 1", 1e-6, 1e-6), ":green[✓] “x” is 1: off by **1e-06**, allowed 1e-06."),
    ],
)
def test_a_check_is_a_line_with_its_numbers_and_what_it_means_only_if_it_fails(check, shown):
    assert line(check) == shown


def test_what_a_check_says_and_means_is_never_read_as_markup():
    assert line(Check(MARKUP, 1.0, 0.0, MARKUP)) == (
        f":red[✗] {SHOWN}: off by **1**, allowed 0. **{SHOWN}**"
    )


def test_a_line_stays_one_line():
    assert "\n" not in line(Check("a\nb\r\n\r\nc", 1.0, 0.0, "d\n\n# e"))


def test_what_is_found_after_markdown_was_read_is_not_found():
    found = literal(":smile: :material/home: www.x.y https://x.y a@b.c -> <= -- ~=").replace(
        "\\", ""
    )
    for sign in (":s", ":m", "www.", "//", "@b", "->", "<=", "--", "~="):
        assert (sign in found) is (sign == "//"), sign
    assert "https:⁠//" in found


def test_an_underline_is_a_sign_but_within_a_word():
    assert literal("num_beams _a_ __b__ c_") == r"num_beams \_a\_ \_\_b\_\_ c\_"


@pytest.mark.parametrize(
    ("text", "shown"), [("a", "`a`"), ("`", "`` ` ``"), ("a``b", "```a``b```"), ("*", "`*`")]
)
def test_code_is_fenced_by_more_backticks_than_it_holds(text, shown):
    assert coded(text) == shown


def test_a_report_names_view_checks_model_and_machine():
    choice = ModelChoice("storyteller", device="cpu", dtype="bfloat16")
    told = json.loads(report([FAILS], choice, "One head"))
    assert told["view"] == "One head"
    assert told["checks"] == [{"says": FAILS.says, "error": 0.25, "bound": 1e-6}]
    assert told["model"] == asdict(choice)
    assert set(told["machine"]) == set(Machine.__dataclass_fields__)
    assert told["machine"]["device"] == "cpu" and told["machine"]["torch"]


def test_a_report_without_a_model_tells_the_checks():
    assert json.loads(report([FAILS, FAILS], None, "A small example")) == {
        "view": "A small example",
        "checks": [{"says": FAILS.says, "error": 0.25, "bound": 1e-6}] * 2,
    }


def test_the_report_is_offered_only_where_a_check_fails(monkeypatch):
    monkeypatch.setattr(engine, "inspect", lambda *_: pytest.fail("nothing is asked of a model"))
    app = AppTest.from_function(_page).run()
    assert not app.exception
    green, red = (block.value for block in app.markdown)
    assert green == f"{line(HOLDS)}  \n{line(REPORTED)}"
    assert red == f"{line(FAILS)}  \n{line(HOLDS)}"
    (shown,) = app.code
    assert json.loads(shown.value)["checks"][0]["error"] == 0.25


def test_several_views_may_fail_alike_on_one_page():
    app = AppTest.from_function(_twice).run()
    assert not app.exception
    assert len(app.code) == 2


def _page() -> None:
    from components.widgets.checks import show_checks
    from tests.widgets.test_checks import FAILS, HOLDS, REPORTED

    show_checks([HOLDS, REPORTED], view="green")
    show_checks([FAILS, HOLDS], view="red")


def _twice() -> None:
    from components.widgets.checks import show_checks
    from tests.widgets.test_checks import FAILS

    show_checks([FAILS], view="one")
    show_checks([FAILS], view="one")
