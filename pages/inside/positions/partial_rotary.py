"""A fold of Frequencies: which of a head's numbers are rotated."""

import numpy as np
import pandas as pd

from components.figures.positions.rotation import rotated_strip
from components.lesson import Ask, Shown, View
from pages.inside.positions.rotating import rope_of


def partial(ask: Ask) -> Shown:
    rope, checks, _ = rope_of(ask)
    still = int((rope.frequencies == 0).sum())
    turning = rope.rotated - 2 * still
    if turning < rope.size:
        which = (
            f"; {still} pairs have frequency 0"
            if still
            else f", the {'last' if rope.start else 'first'} ones"
        )
        told = (
            f"Partial rotary: only **{turning} of {rope.size}** numbers of each head are rotated "
            f"({turning / rope.size:.0%}){which}; the others compare contents wherever the tokens "
            "stand."
        )
    else:
        told = (
            f"All **{rope.size}** numbers of a head are rotated. GPT-NeoX and Pythia rotate only "
            "the first 25%, Phi-1 and Phi-2 40 to 50%."
        )
    rotated = np.repeat(rope.frequencies != 0, 2)
    return Shown(
        rotated_strip(rope),
        alt=f"{turning} of a head's {rope.size} numbers are rotated.",
        told=told,
        checks=checks,
        unchecked="The formula itself, computed here: there is no network to compare with.",
        table=lambda: pd.DataFrame(
            {"number rotated": range(len(rotated)), "pair": np.arange(len(rotated)) // 2}
        ),
        read="A box is one number of a head's query; the two of a pair have the same colour.",
    )


PARTIAL_ROTARY = View("All of a head's numbers, or only some.", partial)
