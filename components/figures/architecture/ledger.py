"""What a network is made of: a rectangle for each module, as large as what it holds or does."""

from collections.abc import Mapping
from html import escape
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Float64

from components.figures import theme
from components.figures.numbers import percent
from components.inspection.architecture.ledger import Ledger, Rectangle
from components.inspection.architecture.ledger_parts import Part
from components.inspection.architecture.module_tree import ModuleTree

SEVERAL: Final = "#C4C1BA"
"""Ground of a rectangle with several parts in it."""
LETTERS: Final = "#1D1D1B"
UNITS: Final = {
    "parameters": "parameters",
    "bytes": "bytes",
    "operations": "operations",
    "time": "ms",
}
"""What an area may be, and in what it is told."""


def ledger_map(found: Ledger, area: str, shares: Mapping[Part, float]) -> go.Figure:
    """Draw all rectangles, in the colours of their parts, with each part's share above."""
    figure = _drawn(found, area, found.rectangles, told=True)
    return _with_shares(figure, shares)


def ledger_outline(found: Ledger, area: str) -> go.Figure:
    """Draw the outermost rectangles alone, of which none tells a part's share."""
    depths: list[int] = []
    for one in found.rectangles:
        depths.append(0 if one.parent < 0 else depths[one.parent] + 1)
    outer = [one for one, deep in zip(found.rectangles, depths, strict=True) if deep <= 2]
    kept = {id(one) for one in outer}
    return _drawn(
        found, area, tuple(one for one in found.rectangles if id(one) in kept), told=False
    )


def _drawn(found: Ledger, area: str, rectangles: tuple[Rectangle, ...], told: bool) -> go.Figure:
    every = found.rectangles
    whole = found.whole or 1.0
    shares = [percent(one.value / whole) for one in rectangles]
    figure = go.Figure(
        go.Treemap(
            ids=[escape(one.key) for one in rectangles],
            labels=[_label(one, every) for one in rectangles],
            parents=["" if one.parent < 0 else escape(every[one.parent].key) for one in rectangles],
            values=[one.value for one in rectangles],
            text=shares if told else [""] * len(shares),
            customdata=[
                (_shapes(one), _kind(one), _value(one.value, area), share)
                for one, share in zip(rectangles, shares, strict=True)
            ],
            branchvalues="total",
            textinfo="label+text",
            hovertemplate="%{label}<br>%{customdata[1]}%{customdata[0]}<br>"
            "%{customdata[2]}, %{customdata[3]} of the network<extra></extra>"
            if told
            else "%{label}<br>%{customdata[1]}<extra></extra>",
            marker={
                "colors": [
                    theme.PARTS[one.part] if told and one.part else SEVERAL for one in rectangles
                ],
                "line": {"width": 1, "color": "rgba(29, 29, 27, 0.35)"},
                "pad": {"t": 25, "l": 3, "r": 3, "b": 3},
            },
            textfont={"color": LETTERS, "size": theme.SMALLEST},
            pathbar={"thickness": 24, "textfont": {"color": LETTERS, "size": theme.SMALLEST}},
            tiling={"pad": 2},
        )
    )
    return theme.dressed(figure, 440).update_layout(
        uniformtext={"minsize": 12, "mode": "hide"},
        xaxis={"visible": False},
        yaxis={"visible": False},
    )


def _with_shares(figure: go.Figure, shares: Mapping[Part, float]) -> go.Figure:
    """Add a legend that tells each part's share."""
    for part, share in shares.items():
        figure.add_scatter(
            x=[None],
            y=[None],
            mode="markers",
            marker={"color": theme.PARTS[part], "symbol": "square", "size": 12},
            name=f"{part} {percent(share)}",
            showlegend=True,
        )
    return theme.with_legend(figure)


def _label(one: Rectangle, every: tuple[Rectangle, ...]) -> str:
    name = theme.label(one.name)
    outside = every[one.parent].many if one.parent >= 0 else 1
    return name if one.many == outside else f"{name} ({one.many}×)"


def _kind(one: Rectangle) -> str:
    return theme.label(one.kind) if one.many == 1 else f"{one.many} × {theme.label(one.kind)}"


def _shapes(one: Rectangle) -> str:
    sizes = [" × ".join(f"{size:,}" for size in shape) for shape in one.shapes]
    return f", {'; '.join(sizes)}" if sizes else ""


def _value(value: float, area: str) -> str:
    if area == "time":
        return f"{value * 1e3:.3g} ms"
    return f"{value:,.0f} {UNITS[area]}"


def ledger_table(tree: ModuleTree, values: Float64[np.ndarray, " row"], area: str) -> pd.DataFrame:
    """Return each module with what it holds itself, and its share of what is drawn."""
    whole = float(values.sum()) or 1.0
    rows: list[dict[str, Any]] = []
    for row, value in zip(tree.rows, values, strict=True):
        if not row.shapes and not value:
            continue
        one: dict[str, Any] = {
            "path": row.path or tree.name,
            "class": row.kind,
            "part": row.part,
            "shapes": "; ".join(" × ".join(map(str, shape)) for shape in row.shapes),
            "parameters": row.parameters,
            "bytes": row.bytes,
        }
        if area == "operations":
            one["operations"] = int(value)
        if area == "time":
            one["ms"] = value * 1e3
        one["share"] = value / whole
        one["counted at"] = row.counted_at
        rows.append(one)
    return pd.DataFrame(rows)
