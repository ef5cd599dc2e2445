"""A kind of Schemes: a fixed wave added to each token's vector."""

import numpy as np
import pandas as pd

from components.figures.positions.schemes import likeness_map, vector_map
from components.inspection.errors import InspectionError
from components.inspection.positions.encodings import waves
from components.lesson import Ask, Predict, Shown, View
from components.widgets.presets import examples
from pages.inside.positions import code

VECTORS, PRODUCTS = "vectors", "dot products"
SLIP = (
    "\n\n**A slip in a source text.** “Transformers: The Definitive Guide” calls these vectors "
    "learned while it prints their fixed formula, and writes the position once k and once i. "
    "Nothing in them is learned; the learned ones are under **Learned table**."
)

EXAMPLES = {
    "By hand: three waves": {"length": 10, "width": 6, "base": 10_000},
    "The paper: 512 numbers": {"length": 100, "width": 512, "base": 10_000},
    "Slow waves need a large base": {"length": 100, "width": 64, "base": 100},
}


def sinusoids(ask: Ask) -> Shown:
    length = ask.number("Positions", "length", 2, 512, 100)
    size = ask.number("Vector size", "width", 2, 512, 64, step=2)
    base = ask.number("Base", "base", 2, 1_000_000, 10_000)
    if size % 2:
        raise InspectionError(
            f"Sine and cosine come in pairs, and {size} is odd: take an even size."
        )
    drawn = ask.choice_of("Show", "drawn", [VECTORS, PRODUCTS])
    examples(ask, EXAMPLES)
    found = ask.compute(waves, length, size, float(base))
    products = likeness_map(found.products, np.arange(length), "product")
    equal = abs(found.products[3, 8] - found.products[4, 9]) < 1e-6 if length > 9 else True
    return Shown(
        vector_map(found.table) if drawn == VECTORS else products,
        alt="One row of waves for each position."
        if drawn == VECTORS
        else "Dot product of the vectors of two positions: the same along each diagonal.",
        told="With a size of 6 and base 10,000, positions 1 and 2 are (0.8415, 0.5403, 0.0464, "
        "0.9989, 0.0022, 1) and (0.9093, −0.4161, 0.0927, 0.9957, 0.0043, 1), to compare by hand."
        if (size, base) == (6, 10_000)
        else "Set the size to **6**, and compare the first three rows with a calculator.",
        checks=found.checks,
        table=lambda: pd.DataFrame(found.table.round(6)),
        code=code.SINUSOIDS.format(length=length, size=size, base=float(base)),
        read="A row is a position, a column a number of its vector; fast waves stand on the left, "
        "slow ones on the right." + SLIP,
        formula=r"p_{k,2t} = \sin(k / b^{2t/d}), \qquad p_{k,2t+1} = \cos(k / b^{2t/d})",
        symbols="k is the position, t counts pairs, d is the vector's size, b the base, 10,000 in "
        "the paper.",
        predict=Predict(
            "The dot product of the vectors of positions 3 and 8 equals that of",
            ("4 and 9", "6 and 16", "none other"),
            "4 and 9" if equal else "none other",
            "sin a sin b + cos a cos b = cos(a − b): only the distance is left.",
        ),
        tries="A base of 100. What happens to the slow waves on the right?",
    )


SINUSOIDS = View(
    "The first Transformer adds a fixed wave to each token's vector: fast waves in the first "
    "numbers, slow ones in the last.",
    sinusoids,
)
