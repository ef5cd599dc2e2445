"""A cut, drawn as a token strip, told as a table, and handed out as a file."""

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

import streamlit as st

from components.widgets.token_strip import TokenCell, token_strip

if TYPE_CHECKING:
    from components.inspection.tokenizer.cutting import Cut, Token

NAMES: Final = ("id", "in the vocabulary", "bytes", "characters", "alone it says")


def cells_of(cut: "Cut", agreed: tuple[bool, ...] = ()) -> list[TokenCell]:
    """Return the tokens of `cut` as they are drawn; `agreed` ones are set back."""
    cells = []
    for group in cut.groups:
        for place in range(group.first, group.first + group.count):
            token = cut.tokens[place]
            leading = place == group.first
            set_back = bool(agreed) and agreed[place]
            cells.append(
                TokenCell(
                    text=_shown(token, group.text) if leading else "",
                    note=str(token.id),
                    details=details(token),
                    joined=not leading,
                    before=group.before if leading else "",
                    look="added"
                    if token.added
                    else "unknown"
                    if token.unknown
                    else "faint"
                    if set_back
                    else "plain",
                )
            )
    return cells


def details(token: "Token") -> tuple[str, ...]:
    """Return the label of a token: a value for each of `NAMES`."""
    span = (
        f"{token.start:,} to {token.end - 1:,}"
        if token.end > token.start + 1
        else f"{token.start:,}"
        if token.end > token.start
        else "none"
    )
    raw = "as the text has them" if token.raw is None else token.raw.hex(" ").upper()
    alone = "part of a character" if "\ufffd" in token.alone else repr(token.alone)
    return (f"{token.id:,}", token.piece, raw or "none", span, alone)


def show_cut(
    cut: "Cut",
    key: str,
    spaces: bool = True,
    notes: bool = True,
    agreed: tuple[bool, ...] = (),
    floating: bool = True,
    label: str = "The text as tokens",
) -> int | None:
    """Draw `cut`; return the place in it of the token that the reader chose."""
    return token_strip(
        cells_of(cut, agreed),
        key=key,
        names=NAMES,
        first=cut.first,
        after=cut.after,
        show_spaces=spaces,
        show_notes=notes,
        floating=floating,
        label=label,
    )


def rows_of(cut: "Cut") -> list[dict[str, Any]]:
    """Return a row for each token, exact: what the table shows and the files hold."""
    return [
        {
            "position": token.position,
            "id": token.id,
            "vocabulary": token.piece,
            "bytes": "" if token.raw is None else token.raw.hex(" "),
            "start": token.start,
            "end": token.end,
            "byte_start": token.byte_start,
            "byte_end": token.byte_end,
            "text": cut.groups[token.group].text,
            "alone": token.alone,
            "special": token.added,
            "unknown": token.unknown,
        }
        for token in cut.tokens
    ]


def show_table(cut: "Cut") -> None:
    """Show the tokens as a table, with their files to download."""
    rows = rows_of(cut)
    st.dataframe(rows, hide_index=True, width="stretch", height=320)
    some = "" if len(cut.tokens) == cut.total else " (the tokens on screen)"
    left, right, _ = st.columns([1, 1, 2])
    left.download_button(
        f"CSV{some}", as_csv(rows), "tokens.csv", "text/csv", on_click="ignore", width="stretch"
    )
    right.download_button(
        f"JSON{some}",
        json.dumps(rows, ensure_ascii=False, indent=1),
        "tokens.json",
        "application/json",
        on_click="ignore",
        width="stretch",
    )


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Return `rows` as CSV with a heading."""
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, list(rows[0]) if rows else ["position"])
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def _shown(token: "Token", text: str) -> str:
    # A token that covers no text, like [CLS] or SentencePiece's first space, shows itself.
    return text if text else token.piece
