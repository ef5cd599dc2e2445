"""Tokens, drawn as a live strip and told as a table."""

from typing import Any, Final

import pandas as pd

from components.inspection.tokenizer.tokens import Token, TokenWindow
from components.widgets.token_strip import TokenCell, token_strip

NAMES: Final = ("id", "vocabulary entry", "bytes", "characters", "decoded alone")
MOST_ENTRY: Final = 20
"""Characters of a vocabulary entry below a token; its label has it whole."""
COLUMNS: Final = (
    *("position", "id", "vocabulary entry", "bytes", "start", "end", "byte_start", "byte_end"),
    *("text", "decoded alone", "special", "unknown"),
)


def cells_of(
    cut: TokenWindow, agreed: tuple[bool, ...] = (), entries: bool = False
) -> list[TokenCell]:
    """Return the tokens of `cut` as they are drawn; `agreed` ones are set back.

    Below each stands its id, or with `entries` what the vocabulary has.
    """
    cells = []
    for group in cut.groups:
        for place in range(group.first, group.first + group.count):
            token = cut.tokens[place]
            leading = place == group.first
            set_back = bool(agreed) and agreed[place]
            cells.append(
                TokenCell(
                    text=_shown(token, group.text) if leading else "",
                    note=_short(token.piece) if entries else str(token.id),
                    details=details(token),
                    joined=not leading,
                    before=group.before if leading else "",
                    look="unknown"
                    if token.unknown
                    else "added"
                    if token.added
                    else "faint"
                    if set_back
                    else "plain",
                )
            )
    return cells


def details(token: Token) -> tuple[str, ...]:
    """Return the label of a token: a value for each of `NAMES`."""
    span = (
        f"{token.start:,} to {token.end - 1:,}"
        if token.end > token.start + 1
        else f"{token.start:,}"
        if token.end > token.start
        else "none"
    )
    raw = "as the text has them" if token.raw is None else token.raw.hex(" ").upper()
    alone = "part of a multi-byte character" if "\ufffd" in token.alone else repr(token.alone)
    return (f"{token.id:,}", token.piece, raw or "none", span, alone)


def show_cut(
    cut: TokenWindow,
    key: str,
    spaces: bool = True,
    notes: bool = True,
    agreed: tuple[bool, ...] = (),
    entries: bool = False,
    floating: bool = True,
    label: str = "The text as tokens",
) -> int | None:
    """Draw `cut`; return the place in it of the token that the reader chose."""
    return token_strip(
        cells_of(cut, agreed, entries),
        key=key,
        names=NAMES,
        first=cut.first,
        after=cut.after,
        show_spaces=spaces,
        show_notes=notes,
        floating=floating,
        label=label,
    )


def as_table(cut: TokenWindow) -> pd.DataFrame:
    """Return a row for each token, exact: what the table shows and the files hold."""
    return pd.DataFrame(rows_of(cut), columns=COLUMNS)


def rows_of(cut: TokenWindow) -> list[dict[str, Any]]:
    """Return a row for each token, exact."""
    return [
        {
            "position": token.position,
            "id": token.id,
            "vocabulary entry": token.piece,
            "bytes": "" if token.raw is None else token.raw.hex(" "),
            "start": token.start,
            "end": token.end,
            "byte_start": token.byte_start,
            "byte_end": token.byte_end,
            "text": cut.groups[token.group].text,
            "decoded alone": token.alone,
            "special": token.added,
            "unknown": token.unknown,
        }
        for token in cut.tokens
    ]


def _short(piece: str) -> str:
    return piece if len(piece) <= MOST_ENTRY else f"{piece[: MOST_ENTRY - 1]}…"


def _shown(token: Token, text: str) -> str:
    # A token that covers no text, like [CLS] or SentencePiece's first space, shows itself.
    return text if text else token.piece
