"""Tinted tokens in rows, of which one can be picked."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components.widgets.kit import component

LINE: Final = 2400
"""Pixels that no row has left: what is so wide stands in a line of its own."""
_COMPONENT = component(__file__)


@dataclass(frozen=True)
class Bead:
    """A token to show: the number it is picked by, its text, how strongly it is tinted (0 to
    1), what hovering says, and "hand" if a reader chose it."""

    node: int
    text: str
    level: float
    title: str
    mark: str = ""


def ribbon(
    rows: Sequence[tuple[str, Sequence[Bead]]],
    selected: int | None,
    key: str,
    scale: Literal["probability", "surprisal"] = "probability",
) -> int | None:
    """Show `rows`, each a label and its tokens; return the number of a token just picked."""
    answer = _COMPONENT(
        data={
            "rows": [
                {"label": label, "tokens": [asdict(bead) for bead in beads]}
                for label, beads in rows
            ],
            "selected": selected,
            "scale": scale,
        },
        key=key,
        on_picked_change=lambda: None,
    )
    return answer.picked if isinstance(answer.picked, int) else None


def picked_of(beads: Sequence[Bead], about: object, key: str, row: DeltaGenerator) -> int | None:
    """Show one row of beads, tinted by surprisal; return the number of the one picked last.

    A click is an event, over after one run; a token of what the beads are `about` stays picked
    until another is.
    """
    kept, picked = st.session_state.get(key, (None, None))
    if kept != about or picked not in {bead.node for bead in beads}:
        picked = None
    with row.container(width=LINE):
        fresh = ribbon([("", beads)], picked, f"{key}-ribbon", "surprisal")
    if fresh is not None:
        st.session_state[key] = (about, fresh)
        st.rerun()
    return picked
