"""The token strip: a text as coloured tokens, with a label for the one that is looked at.

Point at a token, or walk with the arrow keys, to read its label; click it, or press Enter, to
keep it. Tokens that share one visible character carry that character once, above them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal
from zlib import crc32

from components.widgets.kit import component

Look = Literal["plain", "added", "unknown", "faint"]
_LOOKS: Final[tuple[Look, ...]] = ("plain", "added", "unknown", "faint")
_COMPONENT = component(__file__)


@dataclass(frozen=True)
class TokenCell:
    """One token as it is drawn."""

    text: str
    """What it shows. Of tokens that share a character, the first has the text of all."""
    note: str = ""
    """Set small below it, such as its id."""
    details: tuple[str, ...] = ()
    """Its label: one value for each of the strip's `names`."""
    joined: bool = False
    """It shares a visible character with the token before it."""
    before: str = ""
    """Text between the token before and this one, which belongs to neither."""
    look: Look = "plain"
    """"added": put there by the tokenizer; "unknown": not in the vocabulary; "faint": set back."""
    ground: str = ""
    """A colour like "#9B84C9" instead of the next tint, where colour carries a value."""


def token_strip(
    tokens: Sequence[TokenCell],
    key: str,
    names: Sequence[str] = (),
    selected: int | None = None,
    first: int = 0,
    after: str = "",
    show_spaces: bool = True,
    show_notes: bool = True,
    floating: bool = False,
    label: str = "The text as tokens",
    hint: str = "Point at a token, or press Tab and the arrow keys, to read its label.",
) -> int | None:
    """Draw `tokens` in reading order; return the place of the one the reader chose, if any.

    `names` are the rows of a token's label. `first` is the number of the first token in its
    whole text: the six tints go on from there, so that a token keeps its tint when the window
    moves. `after` is text behind the last token that belongs to none. A `floating` label takes
    no room: it lies over what follows while a token is pointed at. `selected` is chosen until
    the reader chooses. `label` is said by screen readers.
    """
    rows = [
        [t.text, t.note, list(t.details), int(t.joined), t.before, _LOOKS.index(t.look), t.ground]
        for t in tokens
    ]
    content = json.dumps([rows, list(names), first, after], ensure_ascii=True)
    # What was chosen in another text is not chosen in this one.
    sign = crc32(content.encode())
    result = _COMPONENT(
        key=key,
        data={
            "content": content,
            "sign": sign,
            "selected": selected,
            "spaces": show_spaces,
            "notes": show_notes,
            "floating": floating,
            "label": label,
            "hint": hint,
        },
        on_chosen_change=lambda: None,
    )
    chosen = result.chosen
    if not chosen or chosen.get("sign") != sign:
        return selected
    place = chosen.get("place")
    return int(place) if isinstance(place, int) and 0 <= place < len(tokens) else None
