"""A kind of Schemes: a penalty on the distance, with a slope for each head."""

import numpy as np
import pandas as pd

from components.figures.positions.schemes import slope_lines
from components.inspection.positions.distances import slopes
from components.inspection.positions.encodings import alibi_slopes
from components.inspection.positions.measured import position_code
from components.inspection.positions.words import said
from components.lesson import Ask, Shown, View
from components.widgets.markup import literal


def alibi(ask: Ask) -> Shown:
    layers = ask.inspect(position_code).first.layers
    own = any(each.bias is not None and each.bias.kind == "linear" for each in layers)
    found = ask.inspect(slopes) if own else None
    if found is None:
        values = alibi_slopes(ask.number("Heads", "heads", 1, 128, 8))
        told = f"{literal(ask.inspect(said))} This is the formula of ALiBi."
    else:
        values = found.slopes.astype(np.float64)
        told = (
            f"As {ask.model_name} really adds them, in layers {', '.join(map(str, found.layers))}."
        )
        if found.factor != 1:
            told += (
                f" What this network really adds is {found.factor:.4g} times the formula's (Falcon "
                "adds ALiBi's numbers before it scales the score, and in transformers' eager "
                "attention twice)."
            )
    formula, symbols = rule(len(values), 1.0 if found is None else found.factor)
    return Shown(
        slope_lines(values),
        alt=f"A falling line for each of {len(values)} heads.",
        told=told,
        checks=() if found is None else found.checks,
        unchecked="The formula itself; with a BLOOM or MPT loaded, what it adds is compared.",
        table=lambda: pd.DataFrame({"head": np.arange(len(values)), "slope": values}),
        read="Each line says what a head adds to a score at each distance: a steep head sees only "
        "what is near.",
        formula=formula,
        symbols=symbols,
    )


def rule(heads: int, factor: float) -> tuple[str, str]:
    """Return ALiBi's formula for so many heads, and what its letters are."""
    power = 1 << (heads.bit_length() - 1)
    times = "" if factor == 1 else rf"{factor:.4g}\cdot "
    more = heads - power
    formula = (
        r"\begin{gathered}\text{score}(m, n) = q \cdot k / \sqrt{d} - s_h\,(m - n) \\ "
        rf"s_h = {times}2^{{-8h/{power}}}, \quad h = 1 \ldots {power}"
    )
    if more:
        formula += (
            rf", \qquad \text{{then}}\quad {times}2^{{-4(2h-1)/{power}}}, \quad h = 1 \ldots {more}"
        )
    symbols = f"m is the query's position, n the key's; {power} is the largest power of two up to "
    symbols += f"{heads} heads" + (
        f"; the {more} heads beyond it take every second slope of {2 * power} heads."
        if more
        else "."
    )
    return formula + r"\end{gathered}", symbols


ALIBI = View(
    "ALiBi takes from each score in proportion to the distance, each head with a slope of its own. "
    "Nothing is learned, nothing added to the vectors. BLOOM and MPT use it.",
    alibi,
)
