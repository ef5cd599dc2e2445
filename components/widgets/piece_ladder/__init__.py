"""The piece ladder: rows of pieces over one line of places; a merge is seen to close a gap."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from components.widgets.kit import component

State = Literal["plain", "next", "new", "tried", "done"]
_COMPONENT = component(__file__)


@dataclass(frozen=True)
class Piece:
    """One piece in a row."""

    text: str
    width: int = 1
    """How many places it spans."""
    state: State = "plain"
    """"next": about to be merged; "new": just made; "tried": not in the vocabulary; "done"."""
    note: str = ""


@dataclass(frozen=True)
class Rung:
    """One row: what stands at its left, its pieces from the left, and what is said at its right."""

    name: str
    pieces: tuple[Piece, ...]
    says: str = ""
    start: int = 0
    """Place at which the first piece begins."""


def piece_ladder(rungs: Sequence[Rung], places: int, key: str, label: str) -> None:
    """Draw `rungs` from the top down, over `places` equal places; `label` is for screen readers."""
    rows = [
        [r.name, r.start, [[p.text, p.width, p.state, p.note] for p in r.pieces], r.says]
        for r in rungs
    ]
    _COMPONENT(key=key, data={"rows": rows, "places": places, "label": label})
