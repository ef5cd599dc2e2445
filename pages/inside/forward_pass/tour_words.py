"""The tour of the machine: what is said at each of its twelve stops, and what there is to do.

Text, a pause, a key, then something moves. A stop is done when its reader did it.
"""

import re
from collections.abc import Collection, Sequence
from typing import Any, Final

from components.figures.visible import visible
from components.inspection.machine.question import Question
from pages.inside.forward_pass.tour_first import FIRST
from pages.inside.forward_pass.tour_last import LAST
from pages.inside.forward_pass.tour_stop import EVENTS, MOST_WORDS, STATIONS, Instead, Stop

__all__ = ["EVENTS", "MOST_WORDS", "STATIONS", "STOPS", "Instead", "Stop", "tour_part"]

STOPS: Final = (*FIRST, *LAST)
QUOTED: Final = re.compile("“(.*?)”(?!”)", re.DOTALL)


def tour_part(questions: Sequence[Question], kinds: Collection[str]) -> dict[str, Any]:
    """Return the tour for the browser; `kinds` as `tour_kinds` returns them.

    A stop without a question has an empty `asks`, and `because` says why.
    """
    return {
        "stops": [
            _stop(stop, question, kinds) for stop, question in zip(STOPS, questions, strict=True)
        ]
    }


def said(stop: Stop, kinds: Collection[str]) -> Instead:
    """Return what a stop says and asks for, of a model of some kinds."""
    other = next((each for kind, each in stop.instead.items() if kind in kinds), None)
    if other is None:
        return Instead(stop.text, stop.do, stop.done)
    return Instead(other.text, other.do or stop.do, other.done or stop.done)


def signs(text: str) -> str:
    """Return a sentence with signs for what cannot be seen in the tokens that it quotes.

    >>> signs("Which row is “ Mary”?")
    'Which row is “·Mary”?'
    """
    return QUOTED.sub(lambda found: f"“{visible(found[1]) or '∅'}”", text)


def _stop(stop: Stop, question: Question, kinds: Collection[str]) -> dict[str, Any]:
    told = said(stop, kinds)
    # What was to be done by answering cannot be done where nothing is asked.
    idle = told.done == "question" and not question.asks
    return {
        "name": stop.name,
        "station": stop.station,
        "text": told.text,
        "do": "" if idle else told.do,
        "done": "" if idle else told.done,
        "asks": signs(question.asks),
        "answers": [signs(each) for each in question.answers],
        "right": signs(question.right),
        "because": signs(question.because),
    }
