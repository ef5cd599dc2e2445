"""One colour for each kind of head, the same in grids and tables."""

from typing import Final

from components.figures import theme
from components.inspection.attention.heads import Kind

COLOURS: Final[dict[Kind, str]] = {
    "previous": "#56B4E9",
    "first": theme.QUERY,
    "self": "#CC79A7",
    "duplicate": theme.HIGHLIGHT,
    "induction": theme.KEY,
    "diffuse": theme.VALUE,
    "mixed": "#C9C6BE",
}
"""Okabe and Ito's colours; each is named wherever it is shown."""
