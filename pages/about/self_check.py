"""Lesson: can these numbers be believed? Every premise and every check on the loaded model."""

from shlex import quote
from typing import TYPE_CHECKING, Final

import pandas as pd
import streamlit as st

from components.widgets import apparatus, measuring, models, settled
from components.widgets.checks import show_checks
from components.widgets.explained import explained

if TYPE_CHECKING:
    from components.inspection.self_check import Row, SelfCheck

MOST_TEXT: Final = 200
COMMAND: Final = "transformer_vitrine.components.inspection.check"
"""The same in a terminal, wherever Vitrine is installed."""
_KEPT: Final = "self-check"
SHOWN: Final = {
    "everything": "",
    "✗ fails": "fails",
    "✓ holds": "holds",
    "○ not so": "not so",
    "· reported": "reported",
    "– does not apply": "does not apply",
}
WIDTHS: Final = {
    "": st.column_config.Column(width=30),
    "page": st.column_config.Column(width=130),
    "view": st.column_config.Column(width=165),
}


def _told(so_far: "SelfCheck") -> tuple[float, str, bool]:
    return so_far.done / so_far.of, so_far.doing or "Done", so_far.done > 0


def _headline(found: "SelfCheck") -> None:
    fails, holds = found.count("fails"), found.count("holds")
    place = st.columns(4)
    place[0].metric(
        "✗ fail",
        fails,
        help="Two ways to one number disagree by more than rounding can explain: "
        "do not trust what the row names; it says why that may be.",
    )
    place[1].metric("✓ hold", holds, help="Compared, and off by no more than rounding can be.")
    place[2].metric(
        "○ not so, · reported",
        found.count("not so") + found.count("reported"),
        help="○ This network is built another way, and the views that would need it say so. "
        "· A number that no method promises to be zero.",
    )
    place[3].metric(
        "– do not apply",
        found.count("does not apply"),
        help="There is nothing of the kind in this model; the row says what is missing.",
    )


def _table(rows: "list[Row]") -> pd.DataFrame:
    sign = {verdict: label.partition(" ")[0] for label, verdict in SHOWN.items() if verdict}
    table = pd.DataFrame(
        {
            "": [sign[row.verdict] for row in rows],
            "page": [row.page for row in rows],
            "view": [row.view for row in rows],
            "what must be so": [row.says for row in rows],
            "off by, of what is allowed": [row.numbers for row in rows],
            "what it means": [row.meaning for row in rows],
        }
    )
    return table if any(table["what it means"]) else table.drop(columns="what it means")


apparatus.head("Self-check")
st.markdown(
    "Can these numbers be believed? A view draws what rests on **premises**, measured on the "
    "loaded network, and **checks** what it draws against a second way of getting it. Here all of "
    "them are made, one after the other, on one text."
)
choice = models.chosen()
with explained():
    from components.inspection.checks import Check
    from components.inspection.self_check import self_check
    from components.inspection.self_check.inspections import TEXT

    asked_text, button = st.columns([4, 1], vertical_alignment="bottom")
    text = asked_text.text_input(
        "Text",
        TEXT,
        max_chars=MOST_TEXT,
        **settled.text("check_text", "Text", TEXT, MOST_TEXT),
        help="A short one: some methods read it hundreds of times.",
    )
    apparatus.correct("check_text")
    asked = (choice, text)
    if button.button("Check this model", type="primary", width="stretch"):
        measuring.measure(_KEPT, self_check, asked, _told)
    kept = measuring.kept(_KEPT, asked)
    if kept is None:
        st.caption(
            "Seconds for a small model, minutes for one of a hundred million parameters; you can "
            "stop at any time and keep what was found. The same on the command line:"
        )
    else:
        (of, _), found = kept
        if found.done < found.of:
            st.warning(f"Stopped after {found.done} of {found.of} questions.")
        _headline(found)
        failed = [row for row in found.rows if row.verdict == "fails"]
        for row in failed:
            check = Check(row.says, row.error, row.bound, row.meaning)
            show_checks([check], of, f"{row.page}, {row.view}")
        kept_rows = settled.one_of("check_rows", "Rows", list(SHOWN), "everything")
        only = st.segmented_control(
            "Rows",
            list(SHOWN),
            default="everything",
            required=True,
            **kept_rows,
            label_visibility="collapsed",
        )
        apparatus.correct("check_rows")
        wanted = SHOWN[only or "everything"]
        table = _table([row for row in found.rows if wanted in ("", row.verdict)])
        if table.empty:
            st.caption("There is no such row.")
        else:
            st.dataframe(table, hide_index=True, width="stretch", height=560, column_config=WIDTHS)
        st.download_button(
            "Table (CSV)",
            lambda: _table(list(found.rows)).to_csv(index=False),
            "self-check.csv",
            "text/csv",
            on_click="ignore",
        )
        st.caption(
            "Of many heads or steps the row tells the one nearest its bound. The bound follows "
            "from the number format, the length of the sums and the size of what is summed. The "
            "same on the command line; its exit status is 1 if one fails:"
        )
    st.code(f"python -m {COMMAND} {quote(choice.source)}", "bash", wrap_lines=True)
