"""Tinted tokens in rows, of which one can be picked."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import streamlit as st

_HERE = Path(__file__).parent
_COMPONENT = st.components.v2.component(
    "sampling_ribbon",
    html='<div class="ribbon">\n</div>',
    css=(_HERE / "ribbon.css").read_text(encoding="utf-8"),
    js=(_HERE / "ribbon.js").read_text(encoding="utf-8"),
)


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
    scale: Literal["probability", "surprise"] = "probability",
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
