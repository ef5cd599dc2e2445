"""The squares of All heads: which of them are drawn, in which order, of which tokens."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from components.figures import theme
from components.inspection.attention.heads import NAMES
from components.inspection.errors import InspectionError
from components.lesson import Ask
from components.widgets.ground import dark
from components.widgets.head_grid import head_grid
from components.widgets.head_grid.opening import chosen, open_head
from pages.inside.attention.choices import window_of
from pages.inside.attention.examples import pair_of
from pages.inside.attention.measures import (
    COLOURS_OF,
    PAIR,
    PLACE,
    WRITTEN,
    Measured,
    cell,
    measure,
)

MOST_TOKENS = 128


def ranked(ask: Ask, found: Measured, order: str) -> NDArray[np.float32]:
    """Return [layer, head] numbers to sort by; for the weight of a pair, ask for its tokens."""
    if order == PAIR:
        first = pair_of(ask, found.maps)
        query = ask.token("Query token", "query", found.maps.readers, first[0])
        key = ask.token("Key token", "key", found.maps.read, first[1])
        return found.maps.weights[:, :, query, key]
    return found.scores.entropy if order == PLACE else measure(found.scores, order)


def places_of(
    found: Measured, order: str, rank: NDArray[np.float32], kinds: Sequence[str]
) -> list[tuple]:
    """Return the layer (counted among those that attend) and the head of each square.

    Raises:
        InspectionError: no head is of these kinds.
    """
    every = [
        (layer, head) for layer in range(found.maps.layers) for head in range(found.maps.heads)
    ]
    places = [
        (layer, head) for layer, head in every if not kinds or found.kinds[layer][head] in kinds
    ]
    if not places:
        raise InspectionError(
            f"No head is of these kinds here ({', '.join(kinds)}); choose others as well, of "
            f"{', '.join(NAMES.values())}, or none to see all."
        )
    if order != PLACE:
        places.sort(key=lambda place: -np.nan_to_num(rank[place], nan=-np.inf))
    return places


def draw(
    ask: Ask,
    found: Measured,
    order: str,
    rank: NDArray[np.float32],
    places: list[tuple],
    whole: bool,
    log: bool,
) -> str:
    """Draw the heads at `places` on the stage; return what is to be said of a long text.

    `whole`: they are all heads, so that in their own order they stand in rows of a layer.
    """
    maps, written = found.maps, "{:.0%}" if order == PAIR else WRITTEN.get(order, "")
    sizes = len(maps.readers), len(maps.read)
    window, cropped = window_of(ask, *sizes, MOST_TOKENS, maps.group != "cross")
    with ask.stage.container():
        head_grid(
            maps.weights[:, :, window.rows, window.columns],
            maps.visible[:, window.rows, window.columns],
            (list(maps.readers)[window.rows], list(maps.read)[window.columns]),
            [
                cell(found, place, written.format(rank[place]) if written else "")
                for place in places
            ],
            columns=maps.heads if order == PLACE and whole else None,
            scale=theme.ATTENTION_DARK if dark() else theme.ATTENTION,
            log=log,
            selected=chosen(ask, maps.numbers, range(maps.heads)),
            key=f"heads-{ask.key}",
            on_open=partial(open_head, "One head"),
            kinds=COLOURS_OF,
        )
    return cropped
