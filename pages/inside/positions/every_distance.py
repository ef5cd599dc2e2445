"""A fold of Relative: a head's scores at every distance of query and key."""

from components.figures.positions.rotation import alike_line, band_lines, decay_lines
from components.figures.positions.tables import decay_table
from components.inspection.positions.relative import decay
from components.lesson import Ask, Shown, View
from pages.inside.positions.rotating import vectors_of

REAL = (
    "The band holds the middle 80%. Random vectors of the same lengths have no preferred distance: "
    "their mean stays near 0. What falls or swings in the real line was learned."
)
QUARTERS = (
    "Which dimension pairs make the curve? Each line is a quarter of them, the fastest first. Fast "
    "pairs tell neighbours apart, slow ones hardly change and carry what does not depend on the "
    "distance."
)
ALIKE = (
    "Akin to the long-range decay of the RoPE paper: a vector with itself, all pairs equally long, "
    "falls with the distance because the pairs get out of step; no training is in it. The paper "
    "(3.4.3, figure 2) draws another curve, an upper bound for any vectors: dotted, the mean size "
    "of the partial sums of the pairs' rotations."
)
CURVES = {
    "real and random": (decay_lines, REAL),
    "by quarter of the pairs": (band_lines, QUARTERS),
    "a vector with itself": (alike_line, ALIKE),
}


def distances(ask: Ask) -> Shown:
    vectors, head = vectors_of(ask)
    found = ask.compute(decay, vectors, head)
    curve = ask.choice_of("Show", "curve", list(CURVES))
    draw, read = CURVES[curve]
    rest = f" The numbers that are not rotated add {found.rest:+.3f}." if found.rest else ""
    return Shown(
        draw(found),
        alt=f"The score against the distance of query and key: {curve}.",
        told=f"Each of {found.pairs} real query-key pairs of this head is put at "
        f"every distance.{rest}",
        checks=found.checks,
        table=lambda: decay_table(found),
        read=read,
    )


EVERY_DISTANCE = View("One head, at every distance.", distances)
