"""A fold of Extension: where linear interpolation takes a position."""

import pandas as pd

from components.figures.positions.context_extension import number_line
from components.lesson import Ask, Shown, View
from pages.inside.positions.extending import extension_of, rope_to_extend


def line(ask: Ask) -> Shown:
    extension, (rope, _) = extension_of(ask), rope_to_extend(ask)
    length = int(rope.context * extension.factor)
    position = int(ask.slider("Position", "position", 0, length - 1, length * 3 // 4))
    goes = position * rope.context / length
    return Shown(
        number_line(rope.context, length, position),
        alt=f"Under linear interpolation position {position} of {length} goes to {goes:.1f}.",
        told=f"{position:,} × {rope.context:,} / {length:,} = **{goes:,.1f}**. For a window of "
        "2,048 extended to 4,096: 3,000 goes to 1,500, and 4,095 to 2,047.5.",
        unchecked="One multiplication, written out above.",
        table=lambda: pd.DataFrame({"position": [position], "goes to": [goes]}),
        read="Linear interpolation puts every position of the longer text between trained ones. "
        "The picture is that of the linear method whichever is chosen above; the others do so with "
        "the slow pairs at most, and spare the fast ones.",
    )


INTERPOLATION = View("On a line of positions.", line)
