"""Sentences out of a text: none lost unsaid, none twice, and bad input in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.inspection.embeddings.lines import MOST_CHARACTERS, in_lines
from components.inspection.errors import InspectionError


def test_by_hand():
    found = in_lines("one\n\n  two  words \r\none\n\tthree\n", 2)
    assert found.sentences == ("one", "two words")
    assert (found.found, found.repeated, found.long) == (4, 1, 0)
    assert "first 2 of 4 lines" in found.said()
    assert "1 line repeats one before and is left out" in found.said()


@given(st.lists(st.text(max_size=20), max_size=30), st.integers(2, 12))
def test_each_line_is_taken_or_accounted_for(lines, most):
    text = "\n".join(lines)
    try:
        found = in_lines(text, most)
    except InspectionError:
        assert len({" ".join(line.split()) for line in text.splitlines()} - {""}) < 2
        return
    assert len(found.sentences) == len(set(found.sentences)) <= most
    own = [" ".join(line.split()) for line in text.splitlines()]
    assert list(found.sentences) == list(dict.fromkeys(filter(None, own)))[:most]
    assert found.found == len(list(filter(None, own)))
    assert bool(found.said()) == (found.found > len(found.sentences))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no sentence"),
        (" \n\t\n\r\n", "no sentence"),
        ("only one", "one sentence"),
        ("alike\n" * 400, "one sentence, 400 times"),
        ("half \ud800\nother", "surrogate"),
    ],
)
def test_what_cannot_be_compared_is_said(text, said):
    with pytest.raises(InspectionError, match=said):
        in_lines(text, 100)


def test_a_hundred_thousand_lines():
    found = in_lines("\n".join(f"sentence {number}" for number in range(100_000)), 2_000)
    assert len(found.sentences) == 2_000
    assert "The first 2,000 of 100,000 lines are taken." in found.said()


def test_a_line_without_an_end_is_cut():
    found = in_lines("short\n" + "x" * 1_000_000, 10)
    assert [len(each) for each in found.sentences] == [5, MOST_CHARACTERS]
    assert "1 line is cut" in found.said()


LABELLED = (
    "pets\tThe dog barks.\nweather\tIt rains.\n\npets \t The cat  sleeps.\nweather\tIt snows.\n"
)


def test_kinds_are_known_where_each_line_says_one():
    found = in_lines(LABELLED, 100)
    assert found.sentences == ("The dog barks.", "It rains.", "The cat sleeps.", "It snows.")
    assert found.kinds == ("pets", "weather", "pets", "weather")
    assert in_lines(LABELLED, 3).kinds == ("pets", "weather", "pets")


@pytest.mark.parametrize(
    "text",
    [
        LABELLED + "no kind here",
        LABELLED + "\tan empty kind",
        LABELLED + "pets\t ",
        LABELLED.replace("pets", "<b>pets</b>"),
        LABELLED.replace("pets", "*pets*"),
        LABELLED.replace("pets", "p" * 41),
        LABELLED.replace("pets", "weather"),
        "".join(f"kind {number}\tsentence {number}\n" for number in range(12)),
        "".join(f"kind {number % 21}\tsentence {number}\n" for number in range(200)),
    ],
)
def test_else_a_tab_is_a_blank(text):
    found = in_lines(text, 1_000)
    assert found.kinds is None
    if "weather\tIt rains." in text and text.count("weather") == 2:
        assert "weather It rains." in found.sentences
