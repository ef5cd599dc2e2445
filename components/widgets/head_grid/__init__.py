"""All heads of a model as thumbnails on canvases: look, point, and click one to open it.

A hundred and forty-four heads as plotly subplots take seconds to draw; as canvases, a blink.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from components.widgets.kit import component

SIDE: Final = 64
"""Cells along a thumbnail's side, at most: with more tokens, a cell is the largest of several."""
HIDDEN: Final = 255
"""The level that stands for a place that the mask hides."""
LEVELS: Final = 254
"""Levels go from 0 to this."""
DECADES: Final = 4
"""The logarithmic scale goes from 0.0001 to 1."""
_COMPONENT = component(__file__)


@dataclass(frozen=True)
class HeadCell:
    """What is told of one head: the name and colour of its kind, and rows for its label."""

    place: int
    """Of its layer among those recorded: the first index of the weights."""
    layer: int
    """As the network counts its blocks; in hybrids not all of them attend."""
    head: int
    kind: str
    colour: str
    rows: tuple[tuple[str, str], ...]
    note: str = ""
    """Set below its thumbnail, such as the number it is sorted by."""


def head_grid(
    weights: NDArray[np.float32],
    visible: NDArray[np.bool_],
    tokens: tuple[Sequence[str], Sequence[str]],
    heads: Sequence[HeadCell],
    columns: int | None,
    scale: Sequence[tuple[float, str]],
    log: bool,
    selected: tuple[int, int],
    key: str,
    on_open: Callable[[int, int], None],
    kinds: Mapping[str, str] | None = None,
) -> None:
    """Show the `heads` in their order, as pictures of `weights[place, head, query, key]`.

    `visible` is [place, query, key]. `tokens` are those of the queries and of the keys, told where
    one points. `columns` lays the heads out as a table, a row for each layer; None lets them flow.
    `scale` are the colours, from 0 to 1. `on_open(layer, head)` is called for the head that was
    clicked. `kinds`, name to colour, are explained in a line below.
    """
    levels = np.stack(
        [thumbnail(weights[cell.place, cell.head], visible[cell.place], log) for cell in heads]
    )

    def opened() -> None:
        # What a browser sends is input like any other.
        place = st.session_state[key].get("opened")
        if isinstance(place, int | float) and 0 <= int(place) < len(heads):
            on_open(heads[int(place)].layer, heads[int(place)].head)

    answer = _COMPONENT(
        data={
            "levels": base64.b64encode(levels.tobytes()).decode(),
            "rows": levels.shape[1],
            "columns": levels.shape[2],
            "tokens": [
                names(texts, size) for texts, size in zip(tokens, levels.shape[1:], strict=True)
            ],
            "log": log,
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
    if kinds:
        st.html(legend(kinds))
    if getattr(answer, "opened", None) is not None:
        # What was opened stands outside of the fragment that the grid may be in.
        st.rerun(scope="app")


def names(texts: Sequence[str], cells: int) -> list[str]:
    """Return the name of each of `cells` rows of a thumbnail: its token, or the first of several.

    >>> names(["a", "b", "c"], 3), names(["a", "b", "c"], 2)
    (['a', 'b', 'c'], ['a and 1 more', 'c'])
    """
    size = -(-len(texts) // max(cells, 1))
    groups = [texts[start : start + size] for start in range(0, len(texts), size)]
    return [
        group[0] if len(group) == 1 else f"{group[0]} and {len(group) - 1} more" for group in groups
    ]


def thumbnail(
    weights: NDArray[np.float32], visible: NDArray[np.bool_], log: bool, side: int = SIDE
) -> NDArray[np.uint8]:
    """Return `weights[query, key]` as levels, at most `side` on a side; `HIDDEN` where masked
    or no number."""
    shown = np.where(visible & ~np.isnan(weights), weights, -1.0)
    for axis in (0, 1):
        size = -(-shown.shape[axis] // side)
        starts = np.arange(0, shown.shape[axis], size)
        shown = np.maximum.reduceat(shown, starts, axis=axis)
    share = 1 + np.log10(np.maximum(shown, 10.0**-DECADES)) / DECADES if log else shown
    levels = np.rint(np.clip(share, 0, 1) * LEVELS).astype(np.uint8)
    return np.where(shown < 0, np.uint8(HIDDEN), levels)


def legend(kinds: Mapping[str, str]) -> str:
    """Return the kinds, name to colour, as one line of Markdown-safe HTML."""
    named = (f'<span style="color:{colour}">■</span> {name}' for name, colour in kinds.items())
    return f'<div style="font-size:0.875rem">{" &nbsp; ".join(named)}</div>'
