"""A kind of Look-up: distances concentrate as dimensions grow."""

from components.figures.embeddings.geometry import Spread, spread_lines, spread_table
from components.inspection.embeddings.concentration import PAIRS, Concentration, concentration
from components.lesson import Ask, Predict, Shown, View
from pages.text.embeddings import code_words

SHOWN: tuple[Spread, ...] = ("cosine", "distance")
LEFT = {"a quarter": 0.25, "half": 0.5, "all of it": 1.0}


def show(ask: Ask) -> Shown:
    shown = ask.choice_of("Spread of", "spread", SHOWN)
    seed = ask.number("Seed", "columns_seed", 0, 99, 0, hint="Which pairs and columns are drawn.")
    found = ask.consult(concentration, seed)
    width, own = int(found.dimensions[-1]), float(found.cosine_spread[-1])
    formula = float(found.by_formula[-1])
    effective = own**-2
    return Shown(
        spread_lines(found, shown),
        alt=f"The spread of the {shown} falls from 2 to {width:,} dimensions.",
        told=f"In {width:,} dimensions the cosines of Gaussian vectors spread by "
        f"{found.gaussian_cosine[-1]:.4f} (formula {formula:.4f}), those of this table by "
        f"**{own:.3f}**: as random directions in only about **{effective:,.0f}** dimensions do. "
        "Its vectors use some directions much more than others.",
        checks=found.checks,
        table=lambda: spread_table(found),
        code=code_words.concentrating(width),
        read=f"{PAIRS:,} random pairs, of this table's rows cut to d of their numbers (which, is "
        "drawn), and of vectors of independent Gaussian numbers. Both axes are logarithmic. "
        "Dashed: what theory gives for the Gaussian ones.",
        formula=r"\operatorname{sd}(\cos) = \frac{1}{\sqrt{d}}",
        symbols=f"sd is the standard deviation over pairs, d the number of dimensions (up to "
        f"{width:,} here).",
        predict=Predict(
            "Four times as many dimensions, from 16 to 64: what is left of the cosines' spread?",
            tuple(LEFT),
            left(found),
            "1 / √d: with very many dimensions almost all pairs are at right angles and equally "
            "far apart, so small differences must tell near from far.",
        )
        if {16, 64} <= set(found.dimensions.tolist())
        else None,
        tries="Distances instead of cosines. Does this table follow the dashed line? From where on "
        "not?",
    )


def left(found: Concentration) -> str:
    """Return which of `LEFT` is nearest to what was measured of Gaussian vectors."""
    of = dict(zip(found.dimensions.tolist(), found.gaussian_cosine.tolist(), strict=True))
    share = of[64] / of[16]
    return min(LEFT, key=lambda each: abs(LEFT[each] - share))


DIMENSIONS = View(
    "The more **dimensions**, the more alike all distances and angles of random vectors are: they "
    "*concentrate*.",
    show,
)
