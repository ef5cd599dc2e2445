"""A fold of Step by step: what each head of the layer adds to the residual stream."""

import numpy as np
import pandas as pd

from components.figures.attention.steps import write_bars
from components.figures.visible import visible
from components.inspection.errors import InspectionError
from components.lesson import Ask, Shown, View
from components.widgets.markup import coded
from pages.inside.attention.steps_of_the_model import steps_of


def show(ask: Ask) -> Shown:
    _, _, steps = steps_of(ask)
    if steps.write is None or steps.write_lengths is None:
        raise InspectionError("Where this family keeps its output projection is not known here.")
    norm, lengths = float(np.linalg.norm(steps.write)), steps.write_lengths
    bias = (
        f" The projection also adds a bias, of norm {steps.bias_write:.3f}, which belongs to no "
        "head."
        if steps.bias_write
        else ""
    )
    return Shown(
        write_bars(steps),
        alt=f"Norm of what each head adds here; head {steps.head}: {norm:.3f}.",
        told=f"The weighted values sum to a vector of {len(steps.output)} numbers. The head's "
        f"slice of the output projection turns it into **{len(steps.write)}** numbers, of norm "
        f"**{norm:.3f}**: its contribution to the residual stream at "
        f"{coded(visible(steps.reader))}.{bias}",
        checks=steps.checks,
        table=lambda: pd.DataFrame({"head": range(len(lengths)), "norm": lengths}),
        read="A bar is the norm of what one head of this layer adds to the residual stream at the "
        "query token (its OV output); green is the head above.",
        formula=r"\text{write}^h = \Big(\sum_j A_{ij}\, v_j\Big)\, W_O^h",
        symbols="A: the weights. v: the values. W: the head's slice of the output projection.",
    )


WHAT_THE_HEAD_ADDS = View("Head by head.", show)
