"""A map of many points that is moved, zoomed and pointed at in the browser.

Places come as two bytes for each coordinate, colours as one for each point. A click on a point is
told to the server; a new map of the same points is reached by moving them from where they were.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from components.figures.embeddings.inks import Inks
from components.figures.visible import visible
from components.widgets.kit import component

MOST_NAME: Final = 40
"""Characters of a point's name that are shown."""
RANGE: Final = 32_767
"""Coordinates go from minus this to this."""
_COMPONENT = component(__file__)


@dataclass(frozen=True)
class Around:
    """One point's neighbours: in truth, and in the picture."""

    chosen: int
    near: tuple[tuple[int, float], ...]
    """True neighbours, and how far they are."""
    made: tuple[tuple[int, float], ...]
    """Neighbours in the picture that are none, and how far they are in truth."""
    shown: tuple[int, ...]
    """True neighbours that are neighbours in the picture."""
    words: tuple[str, str]
    """What is said before the one, and before the other."""


def point_map(
    places: NDArray[np.float32],
    names: Sequence[str],
    inks: Inks,
    around: Around,
    label: str,
    key: str,
    *,
    figure: str = "",
    on_picked: Callable[[int], None] | None = None,
    height: int = 390,
    scale: float = 1.0,
) -> None:
    """Show points at `places[point, 2]`; `on_picked(point)` is called for one that is clicked.

    `figure` tells maps that move into one another from others; `label` says what there is to be
    seen, for those who do not see it.
    """
    lists = [("near", around.words[0], around.near), ("made", around.words[1], around.made)]
    written = [visible(name)[:MOST_NAME] or "∅" for name in names]
    rounded = quantized(places)

    def picked() -> None:
        # What a browser sends is input like any other.
        point = st.session_state[key].get("picked")
        number = float(point) if isinstance(point, int | float) and point is not True else -1.0
        if on_picked is not None and number.is_integer() and 0 <= number < len(names):
            on_picked(int(number))

    _COMPONENT(
        data={
            "figure": figure or key,
            "subject": hashlib.sha256(rounded.tobytes()).hexdigest()[:16],
            "places": _sent(rounded),
            "names": "\n".join(written),
            "levels": _sent(inks.levels),
            "colours": {"light": list(inks.light), "dark": list(inks.dark)},
            "faint": list(inks.faint),
            "legend": [list(each) for each in inks.legend],
            "ends": list(inks.ends),
            "first": inks.first,
            "chosen": around.chosen,
            "near": [point for point, _ in around.near],
            "made": [point for point, _ in around.made],
            "shown": list(around.shown),
            "lists": [
                {"kind": kind, "words": words, "points": [[at, f"{far:.2f}"] for at, far in points]}
                for kind, words, points in lists
                if words
            ],
            "height": round(height * scale),
            "type": round(14 * scale),
            "label": label,
        },
        key=key,
        on_picked_change=picked,
    )


def quantized(places: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return places as whole numbers, of both axes with one unit: the shape stays as it is.

    >>> quantized(np.array([[0, 0], [2, 1]], np.float32)).tolist()
    [[-32767, -16384], [32767, 16384]]
    """
    low, high = places.min(axis=0), places.max(axis=0)
    unit = float((high - low).max()) or 1.0
    around = (places.astype(np.float64) - (low + high) / 2.0) / unit
    return np.rint(around * 2 * RANGE).astype(np.int16)


def _sent(array: NDArray[Any]) -> str:
    little = array.astype(array.dtype.newbyteorder("<"))
    return base64.b64encode(little.tobytes()).decode()
