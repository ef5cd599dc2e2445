"""What a stop of the tour is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

MOST_WORDS: Final = 45
"""Of one stop's text."""
STATIONS: Final = (
    "tokens",
    "look-up",
    "stream",
    "heads",
    "norm1",
    "query",
    "square",
    "output",
    "hidden",
    "lens",
    "answers",
)
"""Where in the drawing a stop may stand."""
EVENTS: Final = (
    "token",
    "open",
    "head",
    "phase",
    "cell",
    "push",
    "off",
    "write",
    "answers",
    "question",
)
"""What the drawing tells that a reader did."""


@dataclass(frozen=True)
class Instead:
    """What a stop says of a model that is otherwise."""

    text: str
    do: str = ""
    """Empty: what the stop asks to do can be done here too."""
    done: str = ""


@dataclass(frozen=True)
class Stop:
    """One stop."""

    name: str
    station: str
    text: str
    """Plain sentences, of at most `MOST_WORDS` words."""
    do: str
    """One sentence, with the key in round brackets."""
    done: str
    """The event that means that it was done."""
    instead: Mapping[str, Instead] = field(default_factory=dict)
    """By a name of `tour_kinds.KINDS`; the first that fits is said."""


ANSWER: Final = "Answer the question below (Enter)."
