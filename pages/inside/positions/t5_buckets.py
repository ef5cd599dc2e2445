"""A kind of Schemes: a learned number for each head and bucket of distances."""

import numpy as np
import pandas as pd

from components.figures.positions.schemes import bias_map, bucket_steps
from components.inspection.positions.distances import biased_layers, buckets
from components.inspection.positions.encodings import t5_buckets
from components.inspection.positions.words import said
from components.lesson import Ask, Shown, View
from components.widgets.markup import literal


def t5(ask: Ask) -> Shown:
    layers = ask.inspect(biased_layers)
    stacks = [name for name, there in layers.items() if there]
    drawn = ask.choice_of("Show", "t5", ["what the model adds", "the buckets"]) if stacks else ""
    if drawn != "what the model adds":
        return steps(ask, bool(stacks))
    stack = ask.choice_of("Stack", "stack", stacks)
    found = ask.inspect(buckets, stack, ask.layer(layers[stack]))
    if len(found.same) > 1:
        more = f" Layers {', '.join(map(str, found.same))} add the same."
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


T5_BUCKETS = View(
    "T5 learns one number for each head and distance and adds it to the score. Far distances "
    "share: 32 buckets, single steps at first, then ever wider.",
    t5,
)
