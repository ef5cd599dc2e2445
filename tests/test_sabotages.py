"""No check without a test that breaks what it compares, and sees it turn red."""

import pytest

from components.inspection.self_check import PREMISES, self_check
from tests import tiny
from tests.sabotages import ROOT, Code, Found, means


def code_of(*folders: str) -> Code:
    """What the files below some folders say of checks."""
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return Code({path.relative_to(ROOT).as_posix(): path.read_text() for path in paths})


def made(code: Code) -> list[Found]:
    """The checks that are not of the tests."""
    return [check for check in code.checks if not check.where.startswith("tests/")]


def unbroken(code: Code) -> set[str]:
    """Return the words of the checks that no test is marked to break."""
    broken = {marker.words for marker in code.markers}
    return {
        f"{check.words} ({check.where})"
        for check in made(code)
        if check.compared and not any(means(check.words, words) for words in broken)
    }


def unknown(code: Code) -> set[str]:
    """Return the words of markers that are those of no check."""
    there = {check.words for check in made(code) if check.compared}
    return {
        f"{marker.words} ({marker.where})"
        for marker in code.markers
        if not any(means(words, marker.words) for words in there)
    }


def test_each_check_is_broken_by_a_test_that_sees_it_turn_red():
    """What such a test must see is `tests/conftest.py`'s to ask."""
    code = code_of("components", "tests")
    assert len({check.words for check in made(code)}) > 80
    assert unbroken(code) == set()
    assert unknown(code) == set()


def test_a_check_without_a_sabotage_would_be_noticed():
    code = Code(
        {
            "components/one.py": (
                "from components.inspection import rounding\n"
                "from components.inspection.checks import Check, worst\n"
                "SAYS = 'all are 1'\n"
                "def made(says, error):\n"
                "    return Check(says, error, 0.0)\n"
                "def checks(n, strict):\n"
                "    grey = Check('told only', 2.0)\n"
                "    how = ', strictly' if strict else ''\n"
                "    found = rounding.compared(f'all {n} are' + how, 1, 1, 0)\n"
                "    return grey, worst([Check('', 1.0, 2.0)], SAYS), found, made('by hand', 0)\n"
            ),
            "components/inspection/rounding.py": (
                "from components.inspection.checks import Check\n"
                "def compared(says, one, other, allowed):\n"
                "    return Check(says, one - other, allowed)\n"
            ),
            "tests/test_one.py": (
                "import pytest\n"
                "@pytest.mark.sabotage('all * are')\n"
                "@pytest.mark.sabotage('by the hand')\n"
                "def test_one(): pass\n"
            ),
        }
    )
    assert {one.split(" (")[0] for one in unbroken(code)} == {
        "all are 1",
        "by hand",
        "all * are, strictly",
    }
    assert {one.split(" (")[0] for one in unknown(code)} == {"by the hand"}


@pytest.mark.parametrize("family", ["llama", "bert", "t5", "bloom"])
def test_no_check_that_a_model_is_shown_is_missed_by_reading_the_code(family):
    words = [check.words for check in code_of("components").checks]
    *_, found = self_check(tiny.model(family))
    rows = [row for row in found.rows if row.error is not None]
    assert len(rows) > 30
    assert any(row.page == PREMISES for row in rows)
    assert [row.says for row in rows if not any(means(each, row.says) for each in words)] == []
