"""Colours, scales and sizes: the same thing looks the same on every page.

Colours are Okabe and Ito's colour-blind-safe set ("Color Universal Design", 2008).
Figures keep a transparent ground and leave text colours to Streamlit's theme, so one
figure serves light and dark.
"""

from typing import Final

import numpy as np
import plotly.graph_objects as go

from components.figures.visible import label as label
from components.figures.visible import visible as visible

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

ATTENTION_DARK: Final = ((0.0, "#232129"), (0.25, "#4B3A78"), (0.5, "#7F64B8"), (1.0, "#E3D8FA"))
"""The same on a dark page: zero sinks into the ground, the strongest is the lightest."""

SIGNED_DARK: Final = ((0.0, "#F08A3C"), (0.5, "#26251F"), (1.0, "#56B4E9"))
"""Signed scores on a dark page."""

STRENGTH: Final = ((0.0, "#F5F4F0"), (1.0, "#6B6B68"))
"""What has no sign, light to dark grey."""

STRENGTH_DARK: Final = ((0.0, "#26251F"), (1.0, "#B9B6AF"))
"""The same on a dark page."""

INK: Final = {False: ("#1D1D1B", "#55534E"), True: ("#ECEAE6", "#B9B6AF")}
"""Text and quieter text by whether the page is dark."""
SMALLEST: Final = 14
"""Pixels of the smallest text in a figure."""

DARK: Final = {
    QUERY: "#56B4E9",
    KEY: "#F0803C",
    VALUE: "#2CC597",
    PROBABILITY: "#35B8B9",
    RESIDUAL: "#A5A39D",
    "#CC79A7": "#E29BC2",
    "#B8860B": "#D9A93A",
}
"""The same hues on a dark page, light enough to be seen."""

FEW: Final = 8
"""Columns whose numbers a phone has room for."""

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


def with_legend(figure: go.Figure) -> go.Figure:
    """Return `figure` with its legend in a line above it."""
    return figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        margin=MARGIN | {"t": 40},
    )


def lit(figure: go.Figure, dark: bool, scale: float = 1.0, narrow: bool = False) -> go.Figure:
    """Return a copy of `figure` for the page it stands on: readable text, colours for its ground.

    The last step of every figure, so that none has to know about dark pages, projectors (`scale`:
    how much larger than on a desk) or phones (`narrow`: numbers that would crowd are left to the
    finger, which reads one at a time, and to the table).
    """
    figure = go.Figure(figure)
    ink, quiet = INK[dark]
    size = SMALLEST * scale
    axis = {
        "tickfont": {"size": size, "color": quiet},
        "title": {"font": {"size": size, "color": ink}},
        "automargin": True,
    }
    figure.update_layout(
        font={"size": size, "color": ink},
        legend={"font": {"size": size, "color": ink}},
        hoverlabel={"font": {"size": size, "family": "monospace"}},
        height=round((figure.layout.height or 420) * scale),
    )
    figure.update_xaxes(axis).update_yaxes(axis)
    figure.update_annotations(font={"size": size, "color": ink})
    for trace in figure.select_traces({"type": "heatmap"}):
        # Without a size of its own, the text of a cell fits it, or is left out.
        trace.textfont.size = None
        if trace.showscale is not False:
            trace.colorbar.update(
                orientation="h",
                tickangle=0,
                x=1,
                xanchor="right",
                y=1.0,
                yanchor="bottom",
                len=0.4,
                thickness=8 * scale,
                ypad=5,
                tickfont={"size": size, "color": quiet},
                title={"side": "top", "font": {"size": size, "color": ink}},
            )
            figure.update_layout(margin_t=64 * scale)
    if narrow:
        _thin_out(figure)
    if dark:
        _darken(figure)
    return figure


def _thin_out(figure: go.Figure) -> None:
    for trace in figure.data:
        values = getattr(trace, "z" if trace.type == "heatmap" else "x", None)
        columns = 0 if values is None else np.shape(values)[-1]
        if columns <= FEW or getattr(trace, "orientation", None) == "h":
            continue
        if trace.type in ("heatmap", "bar", "waterfall"):
            trace.update(text=None, texttemplate=None)
        elif trace.type == "scatter" and trace.mode == "text":
            trace.visible = False
        elif trace.type == "scatter" and trace.mode == "markers+text":
            trace.mode = "markers"


def _darken(figure: go.Figure) -> None:
    turned = {ATTENTION: ATTENTION_DARK, SIGNED: SIGNED_DARK, STRENGTH: STRENGTH_DARK}
    for trace in figure.data:
        if trace.type == "heatmap" and trace.colorscale is not None:
            steps = tuple((at, color) for at, color in trace.colorscale)
            trace.colorscale = turned.get(steps, steps)
        marker = getattr(trace, "marker", None)
        for owner in (trace, getattr(trace, "line", None), marker, getattr(marker, "line", None)):
            color = getattr(owner, "color", None)
            if owner is None:
                continue
            if isinstance(color, str):
                owner.color = DARK.get(color, color)
            elif isinstance(color, (list, tuple)):
                owner.color = [DARK.get(each, each) for each in color]
