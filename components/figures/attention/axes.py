"""Axes that carry tokens: at their positions, named as far as there is room."""

from collections.abc import Sequence
from typing import Any, Final

from components.figures.visible import label

MOST_NAMED: Final = 64
"""With more tokens than this, only some are named."""
LONGEST: Final = 16


def token_axis(tokens: Sequence[str], first: int, title: str) -> dict[str, Any]:
    """Return an axis for `tokens`, of which the first stands at position `first`."""
    step = -(-len(tokens) // MOST_NAMED)
    places = list(range(first, first + len(tokens), step))
    return {
        "title": {"text": title, "standoff": 12},
        "automargin": True,
        "tickvals": places,
        "ticktext": [label(tokens[place - first], LONGEST) for place in places],
        "tickfont": {"family": "monospace", "size": 13 if len(tokens) <= 40 else 10},
        "range": [first - 0.5, first + len(tokens) - 0.5],
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
    }
