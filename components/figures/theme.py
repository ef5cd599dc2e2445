"""Colours, scales and sizes: the same thing looks the same on every page.

Colours are Okabe and Ito's colour-blind-safe set ("Color Universal Design", 2008).
Figures keep a transparent ground and leave text colours to Streamlit's theme, so one
figure serves light and dark.
"""

import re
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from components.figures.once import made_of, parts_of
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

PARTS: Final = {
    "embedding": "#56B4E9",
    "attention": "#9B84C9",
    "MLP": "#B8860B",
    "norm": "#F0E442",
    "head": "#2CC597",
    "other": "#9A9893",
}
"""What kind of part of a network something is, or belongs to; dark letters can be read on all."""

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
    "#9B84C9": "#B7A3E3",
}
"""The same hues on a dark page, light enough to be seen."""

ROW_OF_LETTERS: Final = 40
"""Letters that stand beside each other in the cells of a figure on a phone and can be read."""
FEW: Final = 8
"""Columns whose numbers a phone has room for."""

MARGIN: Final = {"l": 8, "r": 8, "t": 24, "b": 8}
_AXIS: Final = re.compile(r"[xy]axis\d+")
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
    # Plotly checks each property as it is set: plain values take a twentieth of the time. What was
    # built is sound, and so is what is added here.
    parts = parts_of(figure)
    traces, layout = parts["data"], parts["layout"]
    ink, quiet = INK[dark]
    size = SMALLEST * scale
    words = {"size": size, "color": ink}
    _add(layout, font=words, legend={"font": words})
    _add(layout, hoverlabel={"font": {"size": size, "family": "monospace"}})
    layout["height"] = round((layout.get("height") or 420) * scale)
    for name in {"xaxis", "yaxis", *filter(_AXIS.fullmatch, layout)}:
        marks = {"tickfont": {"size": size, "color": quiet}, "automargin": True}
        _add(layout, **{name: {**marks, "title": {"font": words}}})
    for note in layout.get("annotations", ()):
        _add(note, font=words)
    # Points of one figure that bear names bear them together, or none does.
    points = max((_columns(each) for each in traces if _names_points(each)), default=0)
    for trace in traces:
        if trace["type"] == "heatmap":
            # Without a size of its own, the text of a cell fits it, or is left out.
            trace.get("textfont", {}).pop("size", None)
            if trace.get("showscale") is not False:
                _add(trace, colorbar=_scale(size, scale, ink, quiet))
                _add(layout, margin={"t": 64 * scale})
        if narrow:
            _thin_out(trace, points)
        if dark:
            _darken(trace)
    return made_of(parts)


def _add(part: dict[str, Any], **more: Any) -> None:
    """Set properties of a figure's part; of what has properties itself, those that are given."""
    for name, value in more.items():
        if isinstance(value, dict):
            _add(part.setdefault(name, {}), **value)
        else:
            part[name] = value


def _scale(size: float, scale: float, ink: str, quiet: str) -> dict[str, Any]:
    """Return what a heatmap's scale of colours looks like: short, above the figure's right end."""
    return {
        "orientation": "h",
        "tickangle": 0,
        "x": 1,
        "xanchor": "right",
        "y": 1.0,
        "yanchor": "bottom",
        "len": 0.4,
        "thickness": 8 * scale,
        "ypad": 5,
        "tickfont": {"size": size, "color": quiet},
        "title": {"side": "top", "font": {"size": size, "color": ink}},
    }


def _names_points(trace: dict[str, Any]) -> bool:
    return trace["type"] == "scatter" and trace.get("mode") == "markers+text"


def _columns(trace: dict[str, Any]) -> int:
    values = trace.get("z" if trace["type"] == "heatmap" else "x")
    return 0 if values is None else int(np.shape(values)[-1])


def _thin_out(trace: dict[str, Any], points: int) -> None:
    kind, mode = trace["type"], trace.get("mode")
    columns = points if _names_points(trace) else _columns(trace)
    longest = 0
    if kind == "heatmap" and trace.get("texttemplate"):
        longest = max((len(text) for row in trace.get("text", ()) for text in row), default=0)
    crowded = columns > FEW or columns * longest > ROW_OF_LETTERS
    if not crowded or trace.get("orientation") == "h":
        return
    if kind in ("heatmap", "bar", "waterfall"):
        trace.pop("text", None)
        trace.pop("texttemplate", None)
    elif kind == "scatter" and mode == "text":
        trace["visible"] = False
    elif _names_points(trace):
        trace["mode"] = "markers"


def _darken(trace: dict[str, Any]) -> None:
    turned = {ATTENTION: ATTENTION_DARK, SIGNED: SIGNED_DARK, STRENGTH: STRENGTH_DARK}
    if trace["type"] == "heatmap" and trace.get("colorscale") is not None:
        steps = tuple((at, color) for at, color in trace["colorscale"])
        trace["colorscale"] = turned.get(steps, steps)
    marker = trace.get("marker", {})
    for owner in (trace, trace.get("line", {}), marker, marker.get("line", {})):
        color = owner.get("color")
        if isinstance(color, str):
            owner["color"] = DARK.get(color, color)
        elif isinstance(color, list | tuple):
            owner["color"] = [DARK.get(each, each) for each in color]
