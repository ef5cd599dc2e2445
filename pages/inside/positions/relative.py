"""View: only the distance of two tokens counts, not where they stand."""

import pandas as pd

from components.figures.positions.rotation import shift_lines
from components.inspection.positions.panels import built_like_llama
from components.inspection.positions.relative import shifts
from components.lesson import Ask, Predict, Shown, View
from pages.inside.positions import code
from pages.inside.positions.every_distance import EVERY_DISTANCE
from pages.inside.positions.later_positions import LATER_POSITIONS
from pages.inside.positions.rotating import query_and_key, vectors_of


def one_pair(ask: Ask) -> Shown:
    vectors, head = vectors_of(ask)
    query, key = query_and_key(ask, vectors, head)
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


VIEW = View(
    "Move a query and a key together and their score stays: only the **distance** counts. So a "
    "model with RoPE reads a text alike wherever it begins.",
    one_pair,
    further={
        "The score at every distance": EVERY_DISTANCE,
        "The whole text, read at later positions": LATER_POSITIONS,
    },
)
