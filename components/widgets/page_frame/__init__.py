"""A page of its own in a frame, of which only what changed is sent again.

A browser keeps each large message of its last runs, and where the same one comes again, Streamlit
sends its number instead. So each long part of the page is an element of its own, and the script
puts the page together. What is the same on every page, hundreds of kilobytes of other people's
scripts, is a file, which a browser has from its last visit.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import streamlit as st

from components import scripts
from components.widgets.kit import component

LONG: Final = 10_000
"""Bytes from which on a browser keeps a message (`global.minCachedMessageSize`)."""
_COMPONENT = component(__file__)


def page_frame(
    parts: Sequence[str], fixed: Sequence[int], height: int, title: str, key: str
) -> None:
    """Show the page that `parts` are in a row, in a frame `height` pixels high.

    Where a part is long and stays the same from run to run, it is not sent again. The parts at the
    places `fixed`, counted as Python does, are the same for all readers and texts. The page runs
    its scripts and reaches nothing outside of its frame. `title` is said by screen readers.
    """
    told: list[str | dict[str, str]] = []
    same = {place % len(parts) for place in fixed}
    with st.container(gap=None):
        for number, part in enumerate(parts):
            if len(part) < LONG:
                told.append(part)
                continue
            if number in same and (file := scripts.place(part)):
                told.append({"file": file})
                continue
            name = f"{key}-{len(told)}"
            sign = sha256(part.encode()).hexdigest()[:16]
            _COMPONENT(data={"name": name, "sign": sign, "text": part}, key=name)
            told.append({"name": name, "sign": sign})
        _COMPONENT(data={"parts": told, "height": height, "title": title}, key=key)
