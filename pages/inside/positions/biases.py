"""Two kinds of Schemes that add to the score: ALiBi's slopes and T5's buckets."""

import numpy as np
import pandas as pd

from components.figures.positions.schemes import bias_map, bucket_steps, slope_lines
from components.inspection.positions.distances import biased_layers, buckets, slopes
from components.inspection.positions.encodings import alibi_slopes, t5_buckets
from components.inspection.positions.measured import position_code
from components.inspection.positions.words import said
from components.lesson import Ask, Shown
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
        told = f"As {ask.model_name} really adds them, in layers {listed(found.layers)}."
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


def t5(ask: Ask) -> Shown:
    layers = ask.inspect(biased_layers)
    stacks = [name for name, there in layers.items() if there]
    drawn = ask.choice_of("Show", "t5", ["what the model adds", "the buckets"]) if stacks else ""
    if drawn != "what the model adds":
        return steps(ask, bool(stacks))
    stack = ask.choice_of("Stack", "stack", stacks)
    found = ask.inspect(buckets, stack, ask.layer(layers[stack]))
    if len(found.same) > 1:
        more = f" Layers {listed(found.same)} add the same."
    elif len(layers[stack]) > 1:
        more = " No other layer adds the same: each has a table of its own."
    else:
        more = ""
    return Shown(
        bias_map(found),
        alt="What each head adds to a score, by distance.",
        told=f"What layer {found.layer} of the {found.stack} really adds to a score.{more}",
        checks=found.checks,
        table=lambda: (
            pd.DataFrame(found.bias.T, index=found.distances).rename_axis("distance").reset_index()
        ),
        read="A row is a head, a column the key's position minus the query's.",
    )


def steps(ask: Ask, own: bool) -> Shown:
    distances = np.arange(-160, 161)
    bucket = t5_buckets(distances)
    return Shown(
        bucket_steps(distances, bucket),
        alt=f"T5's bucket for each distance: {len(set(bucket))} of them.",
        told=""
        if own
        else f"{literal(ask.inspect(said))} These are the buckets of T5's formula; choose a T5 to "
        "see its learned numbers.",
        unchecked="The rule itself; with a T5 loaded, what the network adds is compared with it.",
        table=lambda: pd.DataFrame({"distance": distances, "bucket": bucket}),
        read="Key position minus query position; 32 buckets, single steps at first, then ever "
        "wider.",
    )


def listed(layers: tuple[int, ...]) -> str:
    return ", ".join(map(str, layers))
