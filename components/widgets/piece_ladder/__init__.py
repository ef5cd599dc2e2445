"""The piece ladder: rows of pieces over one line of places; a merge is seen to close a gap."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import streamlit as st

State = Literal["plain", "next", "new", "tried", "done"]
_HERE: Final = Path(__file__).parent
_component = st.components.v2.component(
    "piece_ladder",
    css=(_HERE / "ladder.css").read_text(encoding="utf-8"),
    js=(_HERE / "ladder.js").read_text(encoding="utf-8"),
)


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
    _component(key=key, data={"rows": json.dumps(rows), "places": places, "label": label})
