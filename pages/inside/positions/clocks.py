"""The live clocks that both kinds of Rotation draw, and how they are read."""

import numpy as np
from numpy.typing import NDArray

from components.inspection.positions.rotation import Rope
from components.lesson import Ask
from components.widgets.rotation import PositionModule, rotation

WAITING = "Waiting for the browser, whose vectors are compared with the server's."
READ = (
    "Each dial is one pair of numbers of the head: a hand for the :blue[query], one for the "
    ":orange[key]; dashed, where they pointed before the rotation. A longer hand is a longer pair "
    "(drawn as the square root of its share of the vector's longest). Below the dial: what the "
    "pair adds to the score (right) or takes from it (left); the pair's number, and its "
    "wavelength: after how many positions it has made a full turn. Dotted dials never make one "
    "within the context."
)


def draw(
    ask: Ask,
    pair: tuple[NDArray[np.float32], NDArray[np.float32]],
    rope: Rope,
    scale: float,
    names: tuple[str, str],
    home: tuple[int, int],
    longest: int,
) -> PositionModule | None:
    """Draw a query and a key [size] at the positions that the address holds, at first `home`."""
    at = ask.held(("m", "n"), home, longest - 1)
    with ask.stage.container():
        return rotation(
            *pair,
            rope,
            scale,
            names,
            home=home,
            at=at,
            longest=longest,
            key_=f"clocks-{ask.key}-{len(pair[0])}",
            on_placed=ask.holder(("m", "n"), home),
        )
