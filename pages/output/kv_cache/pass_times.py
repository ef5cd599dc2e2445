"""A kind of Roofline: how long a pass takes against the positions in it."""

from dataclasses import replace

import numpy as np
import pandas as pd

from components.figures.kv_cache.work import pass_times
from components.lesson import Ask, Predict, Shown, View
from pages.output.kv_cache import parts
from pages.output.kv_cache.below_roof import below_roof, measured

MORE = ("less than 2 times", "2 to 10 times", "more than 10 times")


def passes(ask: Ask) -> Shown:
    found = measured(ask)
    one, all_, most = found.seconds[0], found.seconds[-1], found.lengths[-1]
    return replace(
        below_roof(ask, found),
        figure=pass_times(found),
        alt=f"Milliseconds of a pass against the positions in it: {one * 1e3:.2f} for one, "
        f"{all_ * 1e3:.2f} for {most}.",
        told=f"A pass over {most} positions takes **{all_ / one:.1f} times** as long as one over a "
        f"single position: {all_ * 1e3:.2f} and {one * 1e3:.2f} ms."
        + parts.measured_by(ask, found.at, found.machine),
        predict=Predict(
            f"A pass over {most} positions: how many times as long does it take as over one?",
            MORE,
            MORE[int(np.digitize(all_ / one, [2, 10]))],
            f"{all_ / one:.1f} times: what every pass costs, however few positions are in it, is "
            "paid once.",
        ),
        tries="",
        table=lambda: pd.DataFrame(
            {"positions": found.lengths, "ms": [each * 1e3 for each in found.seconds]}
        ),
        read="A pass over one position already costs much: **the matrices of all layers are read "
        "and every layer is started, however few positions there are**. Further ones in the pass "
        "are cheap. Dotted: if each took as long as the first." + parts.machine_line(found.machine),
    )


PASS_TIMES = View("", passes)
