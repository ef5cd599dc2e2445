"""View: only the distance of two tokens counts, not where they stand."""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.checks import short
from components.widgets import frame
from components.widgets.checks import show_checks
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
    layer, head = asked.layer_and_head(asked.rotating_layers(choice), facts.heads)
    vectors = engine.inspect(rotated_vectors, choice, text, layer)
    _moved_couple(choice, vectors, head)
    st.subheader("The score at every distance", anchor=False)
    _distances(choice, vectors, head)


def _whole_text(choice: ModelChoice, text: str) -> None:
    from components.inspection.positions.moved import moved

    st.subheader("The whole text, read at later positions", anchor=False)
    found = engine.inspect(moved, choice, text, SHIFTS)
    table = pd.DataFrame(
        {
            "read from position": found.shifts,
            "largest change of a logit": [short(float(change)) for change in found.change],
            "rounding allows": [short(float(allowed)) for allowed in found.allowed],
        }
    )
    if found.same_answer is not None:
        table["likeliest token at the end"] = [
            "the same" if same else "another" for same in found.same_answer
        ]
    st.dataframe(table, hide_index=True)
    st.caption(
        f"The largest logit is {short(found.size)}. What rounding may do is measured: of each "
        f"block's output, and of the angles, which are rounded by more the later a text begins. "
        f"{found.says}"
    )
    show_checks(found.checks, choice, "Relative, the whole text")
    if not found.checks[0].holds:
        st.info(
            f"Read at another place, the text changes the model's logits by up to "
            f"{short(float(max(found.change)))}"
            + (
                ": no more than rounding may do."
                if (found.change <= found.allowed).all()
                else ": where its text begins matters to it."
            )
        )
    with st.expander("The same in a few lines of transformers"):
        st.code(code.moved(choice, engine.facts(choice).kind, text, found), "python")


def _moved_couple(choice: ModelChoice, vectors: "RotatedVectors", head: int) -> None:
    from components.figures.positions.rotation import shift_lines
    from components.inspection.positions.relative import shifts

    last = len(vectors.tokens) - 1
    left, right = st.columns(2)
    with left:
        reader = asked.one_token("Token that asks (query)", "query", vectors.tokens, last, _nothing)
    with right:
        read = asked.one_token("Token asked (key)", "key", vectors.tokens, min(2, last), _nothing)
    found = engine.compute(shifts, vectors, head, reader, read)
    shown = asked.guess(
        "Predict first: a query at position 3 and a key at 0 have some score. What is it at 1003 "
        "and 1000?",
        ["much smaller", "the same", "it depends on the vectors"],
        "the same" if found.checks[1].holds else "it depends on the vectors",
        "guess-places",
        "Turning both by 1000 positions more turns them alike. See the table: three apart, always "
        "the same score, but for the rounding of large angles in 32 bits.",
    )
    figure = shift_lines(found, reader, read)
    st.plotly_chart(
        figure,
        config=PLAIN,
        key="shifts",
        alt=f"The score stays at {found.together[0]:.3f} while both move; it changes if one moves.",
    )
    show_checks(found.checks, choice, "Relative, one query and one key")
    if shown:
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


def _distances(choice: ModelChoice, vectors: "RotatedVectors", head: int) -> None:
    from components.figures.positions.rotation import alike_line, band_lines, decay_lines
    from components.inspection.positions.relative import decay

    found = engine.compute(decay, vectors, head)
    figure = decay_lines(found)
    st.plotly_chart(
        figure,
        config=PLAIN,
        key="decay",
        alt="Mean score against distance for the head's own queries and keys, and for random ones.",
    )
    st.markdown(
        f"Each of {found.couples} real query-key couples of this head is put at every distance; "
        "the band holds the middle 80%. :gray[Random] vectors of the same lengths have no "
        "preferred distance: their mean stays near 0. What falls or swings in the :blue[real] line "
        "was learned."
    )
    st.markdown("**Which pairs make the curve?** Each quarter of the pairs, the fastest first:")
    st.plotly_chart(
        band_lines(found),
        config=PLAIN,
        key="bands",
        alt="What each quarter of the pairs adds to the mean score at each distance.",
    )
    show_checks(found.checks, choice, "Relative, every distance")
    st.caption(
        "Fast pairs tell neighbours apart, slow ones hardly change and carry what does not depend "
        "on the distance."
        + (f" The numbers that are not turned add {found.rest:+.3f}." if found.rest else "")
    )
    st.markdown(
        "**Akin to the long-range decay** of the RoPE paper: a vector with itself, all pairs "
        "equally long, falls with the distance because the pairs get out of step; no training is "
        "in it. The paper (3.4.3, figure 2) draws another curve, an upper bound for any vectors: "
        ":gray[dotted], the mean size of the partial sums of the pairs' rotations."
    )
    st.plotly_chart(
        alike_line(found),
        config=PLAIN,
        key="alike",
        alt="Mean cosine over pairs against distance, 1 at distance 0, falling unevenly; dotted, "
        "the RoPE paper's upper bound.",
    )
    table = pd.DataFrame(
        {
            "distance": found.distances,
            "real mean": found.real[0],
            "real 10%": found.real[1],
            "real 90%": found.real[2],
            "random mean": found.random[0],
            "alike": found.alike,
            "paper's bound": found.bound,
        }
        | {
            f"pairs {first} to {last}": band
            for (first, last), band in zip(found.band_pairs, found.bands, strict=True)
        }
    )
    with st.expander("As a table"):
        st.dataframe(table, hide_index=True)
    asked.downloads(table, "distances", asked.alone(figure))


def _nothing() -> None:
    """Nothing to forget here."""
