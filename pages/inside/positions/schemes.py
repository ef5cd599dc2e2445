"""View: the other ways to mark positions, as formulas and as the loaded model has them."""

import numpy as np
import pandas as pd

from components.figures.positions import schemes as figures
from components.inspection.errors import InspectionError
from components.inspection.positions.added import table
from components.inspection.positions.encodings import compared, waves
from components.inspection.positions.words import said
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import coded, literal
from pages.inside.positions import code
from pages.inside.positions.biases import alibi, t5

VECTORS, PRODUCTS, COSINES, NORMS = "vectors", "dot products", "cosine similarity", "norms"


def sinusoids(ask: Ask) -> Shown:
    length = ask.number("Positions", "length", 2, 512, 100)
    size = ask.number("Vector size", "width", 2, 512, 64, step=2)
    base = ask.number("Base", "base", 2, 1_000_000, 10_000)
    if size % 2:
        raise InspectionError(
            f"Sine and cosine come in pairs, and {size} is odd: take an even size."
        )
    drawn = ask.choice_of("Show", "drawn", [VECTORS, PRODUCTS])
    found = ask.compute(waves, length, size, float(base))
    products = figures.likeness_map(found.products, np.arange(length), "product")
    equal = abs(found.products[3, 8] - found.products[4, 9]) < 1e-6 if length > 9 else True
    return Shown(
        figures.vector_map(found.table) if drawn == VECTORS else products,
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


SLIP = (
    "\n\n**A slip in a source text.** “Transformers: The Definitive Guide” calls these vectors "
    "learned while it prints their fixed formula, and writes the position once k and once i. "
    "Nothing in them is learned; the learned ones are under **Learned table**."
)


def learned(ask: Ask) -> Shown:
    found = ask.inspect(table)
    drawn = ask.choice_of("Show", "table", [VECTORS, COSINES, NORMS])
    near = float(np.diagonal(found.likeness, 1).mean())
    path = coded(found.path)
    maps = {
        VECTORS: lambda: figures.vector_map(found.vectors),
        COSINES: lambda: figures.likeness_map(found.likeness, found.shown),
        NORMS: lambda: figures.norm_line(found),
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


def compare(ask: Ask) -> Shown:
    length = ask.number("Positions", "compared", 4, 128, 48)
    found = ask.compute(compared, length, 32, 10_000.0)
    return Shown(
        figures.three_maps(found),
        alt="Scores of all pairs of positions under three schemes.",
        told=f"At one distance the score varies by up to **{found.unevenness[0]:.2f}** with "
        "positions added: they mix with the content. The other two depend on the distance alone. "
        + literal(ask.inspect(said)),
        checks=found.checks,
        table=lambda: pd.DataFrame(
            [
                (m, n, found.absolute[m, n], found.bias[m, n], found.rope[m, n])
                for m in range(length)
                for n in range(length)
            ],
            columns=["query at", "key at", "added", "ALiBi", "RoPE"],
        ),
        read="One vector (32 equal numbers, norm 1) against itself at any two positions. Bright is "
        "a high score. ALiBi's slope here is 1/16." + NONE,
    )


NONE = (
    "\n\n**And none at all?** Some models mark no positions (“NoPE”), and SmolLM3 leaves out the "
    "rotation in every fourth layer. A decoder can still tell order: with a causal mask the first "
    "token sees one token, the second two, and so on, and later layers can count. An encoder "
    "without positions sees a bag of words. **Word order** switches the loaded model's positions "
    "off, to see."
)

VIEW = View(
    "Waves or learned vectors added to the tokens, a bias for the distance, or nothing at all.",
    kind="Scheme",
    kinds={
        "Sinusoids": View(
            "The first Transformer adds a fixed wave to each token's vector: fast waves in the "
            "first numbers, slow ones in the last.",
            sinusoids,
        ),
        "Learned table": View(
            "GPT-2, OPT, BERT and BART look up one vector for each position in a table and add it "
            "to the token's vector.",
            learned,
        ),
        "ALiBi": View(
            "ALiBi takes from each score in proportion to the distance, each head with a slope of "
            "its own. Nothing is learned, nothing added to the vectors. BLOOM and MPT use it.",
            alibi,
        ),
        "T5 buckets": View(
            "T5 learns one number for each head and distance and adds it to the score. Far "
            "distances share: 32 buckets, single steps at first, then ever wider.",
            t5,
        ),
        "Compare": View(
            "One vector against itself, at any two positions: absolute positions added, a bias for "
            "the distance, a rotation.",
            compare,
        ),
    },
)
