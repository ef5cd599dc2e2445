"""View: the whole forward pass in one drawing."""

import pandas as pd

from components.lesson import Ask, Shown, View
from pages.inside.forward_pass.drawn import drawn, label


def show(ask: Ask) -> Shown:
    found = drawn(ask)
    return Shown(
        None,
        alt=label(found.overview, found.path),
        table=lambda: pd.DataFrame({"a": [1]}),
        read="…",
        told=" ".join(found.unknown),
        checks=found.checks,
    )


VIEW = View("The prompt enters at the left; the next token leaves at the right.", show, wide=True)
