"""All heads of a model as thumbnails on canvases: look, point, and click one to open it.

A hundred and forty-four heads as plotly subplots take seconds to draw; as canvases, a blink.
"""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

SIDE: Final = 64
"""Cells along a thumbnail's side, at most: with more tokens, a cell is the largest of several."""
HIDDEN: Final = 255
"""The level that stands for a place that the mask hides."""
LEVELS: Final = 254
"""Levels go from 0 to this."""
DECADES: Final = 4
"""The logarithmic scale goes from 0.0001 to 1."""
_HERE: Final = Path(__file__).parent


def script() -> str:
    """Return the component's modules as one, which is how Streamlit takes them."""
    pixels, grid = ((_HERE / name).read_text(encoding="utf-8") for name in ("pixels.js", "grid.js"))
    return pixels.replace("export function", "function") + re.sub(
        "^import .*;$", "", grid, flags=re.M
    )


_COMPONENT = st.components.v2.component(
    "head_grid",
    html='<div class="head-grid">\n</div>',
    css=(_HERE / "grid.css").read_text(encoding="utf-8"),
    js=script(),
)


@dataclass(frozen=True)
class HeadCell:
    """What is told of one head: the name and colour of its kind, and rows for its label."""

    layer: int
    head: int
    kind: str
    colour: str
    rows: tuple[tuple[str, str], ...]
    note: str = ""
    """Set below its thumbnail, such as the number it is sorted by."""


def head_grid(
    weights: NDArray[np.float32],
    visible: NDArray[np.bool_],
    heads: Sequence[HeadCell],
    columns: int | None,
    scale: Sequence[tuple[float, str]],
    log: bool,
    selected: tuple[int, int],
    key: str,
    on_open: Callable[[int, int], None],
) -> None:
    """Show the `heads` in their order, as pictures of `weights[layer, head, reader, read]`.

    `columns` lays them out as a table, a row for each layer; None lets them flow. `visible` is
    [layer, reader, read]; `scale` are the colours, from 0 to 1. `on_open(layer, head)` is called
    for the head that was clicked.
    """
    levels = np.stack(
        [thumbnail(weights[cell.layer, cell.head], visible[cell.layer], log) for cell in heads]
    )

    def opened() -> None:
        # What a browser sends is input like any other.
        place = st.session_state[key].get("opened")
        if isinstance(place, int | float) and 0 <= int(place) < len(heads):
            on_open(heads[int(place)].layer, heads[int(place)].head)

    _COMPONENT(
        data={
            "levels": base64.b64encode(levels.tobytes()).decode(),
            "rows": levels.shape[1],
            "columns": levels.shape[2],
            "table": columns,
            "scale": [[stop, colour] for stop, colour in scale],
            "selected": next(
                (i for i, cell in enumerate(heads) if (cell.layer, cell.head) == selected), -1
            ),
            "heads": [
                {
                    "layer": cell.layer,
                    "head": cell.head,
                    "kind": cell.kind,
                    "colour": cell.colour,
                    "rows": [list(row) for row in cell.rows],
                    "note": cell.note,
                }
                for cell in heads
            ],
        },
        key=key,
        on_opened_change=opened,
    )


def thumbnail(
    weights: NDArray[np.float32], visible: NDArray[np.bool_], log: bool
) -> NDArray[np.uint8]:
    """Return `weights[reader, read]` as levels, at most `SIDE` on a side; `HIDDEN` where masked."""
    shown = np.where(visible, weights, -1.0)
    for axis in (0, 1):
        size = -(-shown.shape[axis] // SIDE)
        starts = np.arange(0, shown.shape[axis], size)
        shown = np.maximum.reduceat(shown, starts, axis=axis)
    share = 1 + np.log10(np.maximum(shown, 10.0**-DECADES)) / DECADES if log else shown
    levels = np.rint(np.clip(share, 0, 1) * LEVELS).astype(np.uint8)
    return np.where(shown < 0, np.uint8(HIDDEN), levels)


def legend(kinds: Mapping[str, str]) -> str:
    """Return the kinds, name to colour, as one line of Markdown-safe HTML."""
    return " &nbsp; ".join(
        f'<span style="color:{colour}">■</span> {name}' for name, colour in kinds.items()
    )
