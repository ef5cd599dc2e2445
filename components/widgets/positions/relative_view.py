"""View: only the distance of two tokens counts, not where they stand."""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.widgets import frame
from components.widgets.positions import asked, code

if TYPE_CHECKING:
    from components.inspection.positions.vectors import RotatedVectors

SHIFTS = (1, 10, 100, 400)
PLAIN = {"displayModeBar": False}


def relative_view(choice: ModelChoice, text: str) -> None:
    """Move a query and a key together, and put them at every distance."""
    with frame.explained():
        _whole_text(choice, text)
    from components.inspection.positions.vectors import rotated_vectors

    st.subheader("One query and one key, moved", anchor=False)
    facts = engine.facts(choice)
    layer, head = asked.layer_and_head(facts.layers, facts.heads)
    vectors = engine.inspect(rotated_vectors, choice, text, layer)
    _moved_couple(vectors, head)
    st.subheader("The score at every distance", anchor=False)
    _distances(vectors, head)


def _whole_text(choice: ModelChoice, text: str) -> None:
    from components.inspection.positions.moved import moved

    st.subheader("The whole text, read at later positions", anchor=False)
    found = engine.inspect(moved, choice, text, SHIFTS)
    columns = st.columns(max(1, len(found.shifts)))
    for column, shift, change, same in zip(
        columns, found.shifts, found.change, found.same_answer, strict=False
    ):
        column.metric(
            f"from position {shift}", f"{change:.1e}", "same answer" if same else "other answer",
            delta_color="off", delta_arrow="off",
            help="Largest change of any logit of any token, against reading from position 0.",
        )  # fmt: skip
    if found.only_rounding:
        st.success(
            f"Checked: told that its text begins at position {', '.join(map(str, found.shifts))}, "
            f"{choice.source} says the same: no logit changes by more than "
            f"**{max(found.change):.1e}** (the largest is {found.size:.1f}). Only rounding, in "
            f"{found.dtype}.",
            icon=None,
        )
    else:
        st.info(
            f"{choice.source} changes its logits by up to {max(found.change):.2f} "
            f"(the largest is {found.size:.1f}): where its text begins matters to it."
        )
    with st.expander("The same in a few lines of transformers"):
        st.code(code.moved(choice.source, text, found.shifts[0]), "python")


def _moved_couple(vectors: "RotatedVectors", head: int) -> None:
    from components.figures.positions.rotation import shift_lines
    from components.inspection.positions.relative import shifts

    last = len(vectors.tokens) - 1
    left, right = st.columns(2)
    with left:
        reader = asked.one_token("Token that asks (query)", "query", vectors.tokens, last, _nothing)
    with right:
        read = asked.one_token("Token asked (key)", "key", vectors.tokens, min(2, last), _nothing)
    asked.guess(
        "Predict first: a query at position 3 and a key at 0 have some score. What is it at 1003 "
        "and 1000?",
        ["much smaller", "the same", "it depends on the vectors"],
        "the same",
        "guess-places",
        "Turning both by 1000 positions more turns them alike. See the table: three apart, always "
        "the same score, but for the rounding of large angles in 32 bits.",
    )
    found = engine.compute(shifts, vectors, head, reader, read)
    figure = shift_lines(found, reader, read)
    st.plotly_chart(
        figure, config=PLAIN, key="shifts",
        alt=f"The score stays at {found.together[0]:.3f} while both move; it changes if one moves.",
    )  # fmt: skip
    st.caption(
        f"Checked: moved together over {len(found.shifts)} places, the scores differ by at most "
        f"{found.spread:.1e} (32-bit angles)."
    )
    table = pd.DataFrame(
        [(n, m, n - m, round(score, 6)) for m, n, score in found.places],
        columns=["query at", "key at", "distance", "score"],
    )
    st.dataframe(table, hide_index=True)
    st.latex(r"(R_m q)\cdot(R_n k) = q^\top R_m^\top R_n\, k = q^\top R_{n-m}\, k")
    lines = pd.DataFrame(
        {"moved": found.shifts, "together": found.together, "key only": found.key_only}
    )
    asked.downloads(lines, "shifts", asked.alone(figure))


def _distances(vectors: "RotatedVectors", head: int) -> None:
    from components.figures.positions.rotation import alike_line, band_lines, decay_lines
    from components.inspection.positions.relative import decay

    found = engine.compute(decay, vectors, head)
    figure = decay_lines(found)
    st.plotly_chart(
        figure, config=PLAIN, key="decay",
        alt="Mean score against distance for the head's own queries and keys, and for random ones.",
    )  # fmt: skip
    st.markdown(
        f"Each of {found.couples} real query-key couples of this head is put at every distance; "
        "the band holds the middle 80%. :gray[Random] vectors of the same lengths have no "
        "preferred distance: their mean stays near 0. What falls or swings in the :blue[real] line "
        "was learned."
    )
    st.markdown("**Which pairs make the curve?** Each quarter of the pairs, the fastest first:")
    st.plotly_chart(
        band_lines(found), config=PLAIN, key="bands",
        alt="What each quarter of the pairs adds to the mean score at each distance.",
    )  # fmt: skip
    off = float(abs(found.bands.sum(0) + found.rest - found.real[0]).max())
    st.caption(
        "Checked: the quarters"
        + (f" and the numbers not turned ({found.rest:+.3f})" if found.rest else "")
        + f" sum to the real mean above, but for {off:.1e}. Fast pairs tell neighbours apart, slow "
        "ones hardly change and carry what does not depend on the distance."
    )
    st.markdown(
        "**The long-range decay** of the RoPE paper is this curve: a vector with itself, all pairs "
        "equally long. It falls because the pairs get out of step; no training is in it."
    )
    st.plotly_chart(
        alike_line(found), config=PLAIN, key="alike",
        alt="Mean cosine over pairs against distance: 1 at distance 0, falling unevenly.",
    )  # fmt: skip
    table = pd.DataFrame(
        {"distance": found.distances, "real mean": found.real[0], "real 10%": found.real[1],
         "real 90%": found.real[2], "random mean": found.random[0], "alike": found.alike}
        | {
            f"pairs {first} to {last}": band
            for (first, last), band in zip(found.band_pairs, found.bands, strict=True)
        }
    )  # fmt: skip
    with st.expander("As a table"):
        st.dataframe(table, hide_index=True)
    asked.downloads(table, "distances", asked.alone(figure))


def _nothing() -> None:
    """Nothing to forget here."""
