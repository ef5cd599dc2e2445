"""Axes that carry tokens: at their positions, named as far as there is room."""

from collections.abc import Sequence
from typing import Any, Final

from components.figures.visible import label

MOST_COLUMNS: Final = 32
"""With more tokens than this side by side, only some are named."""
MOST_ROWS: Final = 16
"""Likewise, one below the other."""
QUERY: Final = "query token (attends from)"
KEY: Final = "key token (attended to)"
LONGEST: Final = 12


def token_axis(
    tokens: Sequence[str], first: int, title: str, most: int = MOST_COLUMNS
) -> dict[str, Any]:
    """Return an axis for `tokens`, of which the first stands at position `first`.

    With more than `most` only some are named.
    """
    step = -(-len(tokens) // most)
    places = list(range(first, first + len(tokens), step))
    return {
        "title": {"text": title, "standoff": 12},
        "automargin": True,
        "tickvals": places,
        "ticktext": [label(tokens[place - first], LONGEST) for place in places],
        "tickfont": {"family": "monospace"},
        "range": [first - 0.5, first + len(tokens) - 0.5],
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
    }
