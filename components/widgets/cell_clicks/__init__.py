"""A click on a cell of a heat map: a quicker way to what its controls choose.

Streamlit tells of clicks on points, bars and lines, and of none on a heat map.
"""

from collections.abc import Callable

import streamlit as st

from components.widgets.kit import component

_COMPONENT = component(__file__)


def cell_clicks(key: str, shape: tuple[int, int], on_click: Callable[[int, int], None]) -> None:
    """Call `on_click(row, column)` for a cell that is clicked of the heat map of the view `key`,
    which has `shape` (rows, columns). The component itself is not seen."""
    name = f"cells-{key}"

    def clicked() -> None:
        # What a browser sends is input like any other.
        cell = st.session_state[name].get("clicked")
        if isinstance(cell, list) and len(cell) == 2 and all(map(_fits, cell, shape)):
            on_click(int(cell[0]), int(cell[1]))

    _COMPONENT(
        data={"figure": f"figure-{key}"},
        key=name,
        height="content",
        on_clicked_change=clicked,
    )


def _fits(number: object, count: int) -> bool:
    return isinstance(number, int | float) and type(number) is not bool and number in range(count)
