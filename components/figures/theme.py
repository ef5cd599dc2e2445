"""Colours, scales and sizes: the same thing looks the same on every page.

Colours are Okabe and Ito's colour-blind-safe set ("Color Universal Design", 2008).
Figures keep a transparent ground and leave text colours to Streamlit's theme, so one
figure serves light and dark.
"""

from typing import Final

import plotly.graph_objects as go

QUERY: Final = "#0072B2"
KEY: Final = "#D55E00"
VALUE: Final = "#009E73"
RESIDUAL: Final = "#8A8A86"
PROBABILITY: Final = "#0F8B8D"
PROBABILITY_FAINT: Final = "rgba(15, 139, 141, 0.30)"
HIGHLIGHT: Final = "#E69F00"
NEGATIVE: Final = "#D55E00"
POSITIVE: Final = "#0072B2"

ATTENTION: Final = ((0.0, "#F7F5FB"), (0.25, "#CFC3E6"), (0.5, "#9B84C9"), (1.0, "#3F1D78"))
"""Attention weight, 0 to 1: light to deep violet."""

SIGNED: Final = ((0.0, "#D55E00"), (0.5, "#F5F4F0"), (1.0, "#0072B2"))
"""Signed scores, zero in the middle and neutral."""

TINTS: Final = ("#CFE8F7", "#FBE3B8", "#CDEBDD", "#F6D5E4", "#DAD7F2", "#E3E7B9")
"""Six soft grounds that tokens cycle through on a light page; text on them is #1D1D1B."""

TINTS_DARK: Final = ("#1F4A63", "#5E4512", "#1D5340", "#5F2C48", "#3D3970", "#4A4E1C")
"""The same six on a dark page; text on them is #F3F1EC."""

MARGIN: Final = {"l": 8, "r": 8, "t": 24, "b": 8}
CELL: Final = 22
"""Height in pixels of one row that carries a token."""


def dressed(figure: go.Figure, height: int) -> go.Figure:
    """Return `figure` with Vitrine's margins, transparent ground and `height` in pixels."""
    return figure.update_layout(
        height=height,
        margin=MARGIN,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hoverlabel={"font_family": "monospace"},
        showlegend=False,
    )


def visible(token: str) -> str:
    r"""Show spaces, tabs and line breaks, which a label would swallow.

    >>> visible(" the\n")
    '·the↵'
    """
    return token.replace(" ", "·").replace("\t", "⇥").replace("\r", "␍").replace("\n", "↵")
