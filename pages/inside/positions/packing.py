"""View: several documents in one row of the context, and what keeps them apart."""

import pandas as pd
import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.inspection.errors import InspectionError
from components.widgets import address, frame
from components.widgets.checks import show_checks
from components.widgets.positions import asked

LENGTHS = "310, 45, 120, 64, 12, 200, 33, 90, 410, 75, 18, 150, 260, 40, 8, 95"
DOCUMENTS = "The fox ran home.\nMary was glad.\nThe capital of France is Paris."


def packing_view(choice: ModelChoice, _text: str) -> None:
    """Pack lengths into rows; then let the model read packed documents."""
    _rows()
    st.subheader("Does the model read them as if alone?", anchor=False)
    with frame.explained():
        _read(choice)


def _rows() -> None:
    from components.figures.positions.packing import packing_rows
    from components.inspection.positions.packing import packed

    left, right = st.columns([3, 1])
    given = left.text_input(
        "Lengths of the documents, in tokens",
        LENGTHS,
        key="lengths",
        bind="query-params",
        max_chars=1500,
        persist_state="session",
    )
    address.warn_unless_between("row", 8, 131_072, 512)
    row = right.number_input(
        "Tokens in a row", 8, 131_072, 512, key="row", bind="query-params", persist_state="session"
    )
    with frame.explained():
        found = engine.compute(packed, _lengths(given), int(row))
        figure = packing_rows(found)
        st.plotly_chart(
            figure,
            config={"displayModeBar": False},
            key="rows",
            alt=f"{len(found.lengths)} documents in {len(found.rows)} rows of {row} places.",
        )
        st.markdown(
            f"**{len(found.lengths)}** documents in **{len(found.rows)}** rows: {found.used:.0%} "
            "of the places hold a token. A row for each document, padded, would use "
            f"{found.used_padded:.0%}."
        )
        st.caption(
            "The numbers in the boxes say which document it is, counted from 0 in the order of the "
            "lengths above; colours only tell neighbours apart; the dashed line is the end of the "
            "row. The longest documents are laid first, each into the first row with room for it "
            "(first-fit decreasing)."
        )
        table = pd.DataFrame(
            [(r, d, found.lengths[d]) for r, each in enumerate(found.rows) for d in each],
            columns=["row", "document", "tokens"],
        )
        asked.downloads(table, "packing", asked.alone(figure))


def _lengths(given: str) -> tuple[int, ...]:
    parts = given.replace(",", " ").split()
    wrong = next((part for part in parts if not (part.isascii() and part.isdecimal())), None)
    if wrong is not None:
        raise InspectionError(
            f"“{wrong[:30]}” is no length: write whole numbers, such as 310, 45, 120."
        )
    return tuple(int(part[:9]) for part in parts)


def _read(choice: ModelChoice) -> None:
    from components.figures.positions.packing import mask_map
    from components.inspection.positions.packing import packed_reading

    given = st.text_area(
        "Documents, one a line (at most 8)",
        DOCUMENTS,
        key="documents",
        bind="query-params",
        max_chars=1500,
        height=110,
        persist_state="session",
    )
    found = engine.inspect(packed_reading, choice, tuple(given.splitlines()))
    same = found.checks[1].verdict == "holds"
    shown = asked.guess(
        "Predict first: the last document stands behind the others, its positions continued from "
        "theirs, the mask keeping it to itself. Does this model read it as if alone?",
        ["yes", "no"],
        "yes" if same else "no",
        "guess-packing",
        f"{found.says} "
        + (
            "Within a document all distances are the same wherever it stands, and distances are "
            "all that this model is told."
            if same
            else "Positions continued mislead it: the last document is read as if it began in the "
            "middle of a text."
        ),
    )
    figure = mask_map(found.mask, found.document, found.tokens)
    left, right = st.columns(2)
    left.plotly_chart(
        figure,
        config={"displayModeBar": False},
        key="mask",
        alt="Who may read whom: a triangle for each document, along the diagonal.",
    )
    table = pd.DataFrame(
        {
            "document": range(len(found.apart)),
            "positions restarted": found.apart,
            "continued": found.counted_on,
            "no mask": found.no_mask,
        }
    )
    with right:
        st.markdown("Largest change of a logit against reading the document alone:")
        if shown:
            st.dataframe(
                table,
                hide_index=True,
                column_config=dict.fromkeys(
                    table.columns[1:], st.column_config.NumberColumn(format="%.1e")
                ),
            )
        else:
            st.caption("The numbers appear once you have guessed.")
        st.markdown(
            "Positions restarted in each document; continued through the row; continued with no "
            "mask between documents: then the later ones attend to the earlier, and change. "
            "Documents are numbered from 0."
        )
    if shown:
        show_checks(found.checks, choice, "Packing")
    asked.downloads(table, "packed-reading", asked.alone(figure))
