"""A kind of Schemes: the loaded model's own table of positions."""

import numpy as np
import pandas as pd

from components.figures.positions.schemes import likeness_map, norm_line, vector_map
from components.inspection.positions.added import table
from components.lesson import Ask, Shown, View
from components.widgets.markup import coded

VECTORS, COSINES, NORMS = "vectors", "cosine similarity", "norms"


def learned(ask: Ask) -> Shown:
    found = ask.inspect(table)
    drawn = ask.choice_of("Show", "table", [VECTORS, COSINES, NORMS])
    near = float(np.diagonal(found.likeness, 1).mean())
    path = coded(found.path)
    maps = {
        VECTORS: lambda: vector_map(found.vectors),
        COSINES: lambda: likeness_map(found.likeness, found.shown),
        NORMS: lambda: norm_line(found),
    }
    return Shown(
        maps[drawn](),
        alt=f"The table {found.path}: {drawn} by position.",
        told=f"{path} has {found.rows:,} rows; positions are {found.context:,} of them, from row "
        f"{found.first} on. Neighbours have a mean cosine similarity of **{near:.3f}**. "
        f"**Position {found.context:,}?** There is no such row, while waves and rotations have a "
        "value at every position (if not a trained one)."
        if found.learned
        else f"{path} is not learned: it is waves, as under **Sinusoids**, sines and cosines apart "
        f"or in turns, from row {found.first} on. Waves have a value at every position, if not one "
        "that the model was trained with.",
        checks=found.checks,
        unchecked="Learned numbers: there is nothing that they must equal.",
        table=lambda: pd.DataFrame(found.vectors),
        read="A row is a position, a column a number of its vector. The band in “norms” holds the "
        "middle 80% of the token vectors' norms.",
    )


LEARNED_TABLE = View(
    "GPT-2, OPT, BERT and BART look up one vector for each position in a table and add it to the "
    "token's vector.",
    learned,
)
