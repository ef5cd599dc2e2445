"""View: only the distance of two tokens counts, not where they stand."""

import pandas as pd

from components.figures.positions.rotation import alike_line, band_lines, decay_lines, shift_lines
from components.figures.positions.schemes import moved_bars
from components.inspection.checks import short
from components.inspection.positions.panels import built_like_llama
from components.inspection.positions.relative import Decay, decay, shifts
from components.inspection.positions.shift_invariance import ShiftInvariance, shift_invariance
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import literal
from pages.inside.positions import code
from pages.inside.positions.rotating import query_and_key, vectors_of

SHIFTS = (1, 10, 100, 400)


def one_pair(ask: Ask) -> Shown:
    vectors, head = vectors_of(ask)
    query, key = query_and_key(ask, vectors)
    found = ask.compute(shifts, vectors, head, query, key)
    places = [f"{score:.4f} at {n:,} and {m:,}" for m, n, score in found.places]
    alike = ask.inspect(built_like_llama, ask.prompt, vectors.layer)
    return Shown(
        shift_lines(found, query, key),
        alt=f"The score stays at {found.together[0]:.3f} while both move; it changes if one moves.",
        told=f"Query at {query}, key at {key}: score **{found.together[0]:.4f}**. Three apart, it "
        f"is {', '.join(places)}: always the same, but for the rounding of large angles.",
        checks=found.checks,
        table=lambda: pd.DataFrame(
            {"moved by": found.shifts, "together": found.together, "key only": found.key_only}
        ),
        code=code.score(ask.choice, ask.prompt, head, query, key, vectors) if alike else "",
        uncoded="No code is shown: the few lines that take a Llama apart do not give these numbers "
        "for this family.",
        read="Blue: query and key both move on by so many positions. Orange: only the key does, "
        "away from the query.",
        formula=r"(R_m q)\cdot(R_n k) = q^\top R_m^\top R_n\, k = q^\top R_{n-m}\, k",
        symbols="R turns each pair of numbers by an angle proportional to the position, m of the "
        "query, n of the key.",
        predict=Predict(
            "A query at position 3 and a key at 0 have some score. What is it at 1003 and 1000?",
            ("much smaller", "the same", "it depends on the vectors"),
            "the same" if found.checks[1].holds else "it depends on the vectors",
            "Turning both by 1000 positions more turns them alike.",
            before=shift_lines(found, query, key, together=False),
        ),
        tries="Choose a key token before the query, then one behind it. Which line would a model "
        "with a learned table of positions not keep flat?",
    )


def whole(ask: Ask) -> Shown:
    found = ask.inspect(shift_invariance, ask.prompt, SHIFTS)
    change = short(float(max(found.change)))
    return Shown(
        moved_bars(found),
        alt=f"Largest change of a logit for each start: at most {change}.",
        told=f"{literal(found.says)} The largest logit is {short(found.size)}."
        + (
            ""
            if found.checks[0].holds
            else f" Read at another place, the text changes the model's logits by up to "
            f"**{change}**"
            + (
                ": no more than rounding may do."
                if (found.change <= found.allowed).all()
                else ": where its text begins matters to it."
            )
        ),
        checks=found.checks,
        table=lambda: moves(found),
        code=code.shift_invariance(ask.choice, ask.facts.kind, ask.prompt, found),
        read="Each bar is the largest change of any logit of any token, against reading from the "
        "first position on. The mark is what rounding may do, as measured: of each block's output, "
        "and of the angles, which are rounded by more the later a text begins.",
    )


def moves(found: ShiftInvariance) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "read from position": found.shifts,
            "largest change of a logit": found.change,
            "rounding allows": found.allowed,
        }
    )
    if found.same_answer is not None:
        table["likeliest token at the end"] = [
            "the same" if same else "another" for same in found.same_answer
        ]
    return table


def distances(ask: Ask) -> Shown:
    vectors, head = vectors_of(ask)
    found = ask.compute(decay, vectors, head)
    curve = ask.choice_of("Show", "curve", list(CURVES))
    draw, read = CURVES[curve]
    rest = f" The numbers that are not turned add {found.rest:+.3f}." if found.rest else ""
    return Shown(
        draw(found),
        alt=f"The score against the distance of query and key: {curve}.",
        told=f"Each of {found.couples} real query-key pairs of this head is put at "
        f"every distance.{rest}",
        checks=found.checks,
        table=lambda: decay_table(found),
        read=read,
    )


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


def decay_table(found: Decay) -> pd.DataFrame:
    bands = {
        f"pairs {first} to {last}": band
        for (first, last), band in zip(found.band_pairs, found.bands, strict=True)
    }
    return pd.DataFrame(
        {
            "distance": found.distances,
            "real mean": found.real[0],
            "real 10%": found.real[1],
            "real 90%": found.real[2],
            "random mean": found.random[0],
            "with itself": found.alike,
            "paper's bound": found.bound,
        }
        | bands
    )


VIEW = View(
    "Move a query and a key together and their score stays: only the **distance** counts. So a "
    "model with RoPE reads a text alike wherever it begins.",
    one_pair,
    further={
        "The score at every distance": View("One head, at every distance.", distances),
        "The whole text, read at later positions": View("Every position moved.", whole),
    },
)
