"""A live component: a text in the colours of its scores, to be walked and pointed at."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from components.figures import theme
from components.inspection.attribution.digits import with_error, written
from components.inspection.attribution.result import Attribution
from components.widgets.ground import dark as page_is_dark
from components.widgets.token_strip import TokenCell, token_strip

_NEUTRAL: Final = {"light": "#F1EFE9", "dark": "#34322F"}
MOST_NOTES: Final = 60
"""With more words than this, no number is written below them."""


def scored_text(found: Attribution, signed: bool, key: str) -> None:
    """Show the text, each word on a ground of its score: blue for, vermilion against."""
    token_strip(
        cells_of(found, signed),
        key=key,
        names=("score", "of the largest"),
        floating=True,
        show_notes=len(found.features.texts) <= MOST_NOTES,
        label="The text, coloured by score",
        hint="Point at a word to read its score.",
    )


def cells_of(found: Attribution, signed: bool, dark: bool | None = None) -> Sequence[TokenCell]:
    """Return each word as it is drawn: those that are not scored are outlined."""
    most = float(np.nanmax(np.abs(found.scores), initial=0.0)) or 1.0
    cells = []
    for place, (text, fixed) in enumerate(
        zip(found.features.texts, found.features.fixed, strict=True)
    ):
        if fixed:
            cells.append(TokenCell(text, details=("not scored", ""), look="added"))
            continue
        score, error = float(found.scores[place]), found.error_of(place)
        share = score / most
        long = with_error(score, error) if error else f"{score:+.5g}"
        cells.append(
            TokenCell(
                text,
                note=written(score, error, signed),
                details=(f"{long} logits" if signed else f"{score:.5g}", f"{share:+.0%}"),
                ground=ground(share if signed else abs(share), signed, dark),
            )
        )
    return cells


def ground(share: float, signed: bool = True, dark: bool | None = None) -> str:
    """Return the colour of a score that is `share` (-1 to 1) of the largest: zero is neutral.

    >>> ground(0.0, dark=False), ground(1.0, dark=False), ground(-1.0, dark=False)
    ('#F1EFE9', '#0072B2', '#D55E00')
    """
    if dark is None:
        dark = page_is_dark()
    full = (theme.POSITIVE if share > 0 else theme.NEGATIVE) if signed else theme.RESIDUAL
    return _mixed(_NEUTRAL["dark" if dark else "light"], full, min(1.0, abs(share)))


def _mixed(low: str, high: str, share: float) -> str:
    parts = [(int(low[at : at + 2], 16), int(high[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in parts)
