"""What the tour says, and what the browser is sent of it."""

import json
import re

import pytest

from components.inspection.machine.question import Question
from components.inspection.machine.questions import STOPS as MANY
from components.inspection.machine.questions import tour_questions
from components.inspection.machine.tour_kinds import KINDS
from pages.inside.forward_pass.tour_words import (
    EVENTS,
    MOST_WORDS,
    STATIONS,
    STOPS,
    Stop,
    said,
    signs,
    tour_part,
)
from tests import tiny
from tests.widgets.test_machine_tour import QUESTIONS

KEYS = {"→", "↑ or ↓", "[ or ]", "Space", "Enter", "click, or Enter", "P", "W", "X"}
NAMES = [stop.name for stop in STOPS]
TOLD = [
    (stop, kind, said(stop, {kind})) for stop in STOPS for kind in ("as most are", *stop.instead)
]


def test_there_are_twelve_stops_of_different_names():
    assert len(STOPS) == MANY == len(set(NAMES)) == 12


@pytest.mark.parametrize(("stop", "kind", "told"), TOLD)
def test_a_stop_is_short_plain_and_asks_for_one_thing(stop, kind, told):
    assert len(told.text.split()) <= MOST_WORDS
    assert stop.station in STATIONS and told.done in EVENTS
    assert not re.search(r"[*_`#<>$\\]|[!]", told.text + stop.name), "Markdown, or hype"
    assert told.text[0].isupper() and told.text.endswith((".", "?"))
    (key,) = re.findall(r"\((.*?)\)\.$", told.do)
    assert key in KEYS
    assert told.do.count(".") == 1


def test_all_kinds_are_those_that_are_measured_and_all_are_used():
    assert {kind for stop in STOPS for kind in stop.instead} == set(KINDS)


def test_what_is_done_is_what_the_key_does():
    keys = {"write": "W", "off": "X", "push": "P", "phase": "Space", "cell": "click, or Enter"}
    for _, _, told in TOLD:
        if told.done in keys:
            assert told.do.endswith(f"({keys[told.done]}).")
    assert {told.done for _, _, told in TOLD} == set(EVENTS)


def test_what_a_model_does_instead_is_said():
    part = tour_part(QUESTIONS, ("encoder", "alibi", "mixture", "no writing"))["stops"]
    told = {one["name"]: one for one in part}
    assert "reads both ways" in told["Scores and the mask"]["text"]
    assert "ALiBi" in told["Queries, keys and clocks"]["text"]
    assert "experts" in told["The MLP"]["text"]
    assert (told["One more token"]["do"][:6], told["One more token"]["done"]) == (
        "Answer",
        "question",
    )
    assert told["Softmax"]["done"] == "head"
    # What was to be done by answering cannot be done where nothing is asked.
    silent = (*QUESTIONS[:11], Question(12, "", (), "", "There is no room."))
    last = tour_part(silent, ("no writing",))["stops"][-1]
    assert (last["do"], last["done"], last["because"]) == ("", "", "There is no room.")


def test_a_part_of_a_real_model_is_plain_and_shows_what_cannot_be_seen():
    model = tiny.model("llama")
    found = tour_questions(model, "the keys near", None, "decoder", 9)
    part = tour_part(found, ())
    assert json.loads(json.dumps(part)) == part
    fields = ["name", "station", "text", "do", "done", "asks", "answers", "right", "because"]
    assert [list(one) for one in part["stops"]] == [fields] * 12
    for one in part["stops"]:
        assert not one["asks"] or one["right"] in one["answers"]
    assert "“·” (token 9)" in part["stops"][1]["asks"]
    assert signs("“a\n” and “”") == "“a↵” and “∅”"


def test_words_of_a_stop_are_those_of_the_first_kind_that_fits():
    both = said(STOPS[4], {"relative", "alibi"})
    assert "ALiBi" in both.text
    assert said(Stop("a", "tokens", "b", "c (W).", "write"), {"alibi"}).text == "b"
