"""A row on its way into the first block, and what a look-up saves."""

from collections.abc import Mapping
from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from components.figures import theme
from components.figures.embeddings.lookup import MOST_NUMBERS
from components.figures.once import drawn_once
from components.inspection.architecture.look_up import Entered
from components.inspection.embeddings.lookup import TableSize

ADDED = "#CC79A7"
MOST_NAMES = 24


@drawn_once
def entering_map(found: Entered, place: int, whole: bool = True) -> go.Figure:
    """Draw one token's row, what is added and the sum; below, how long each is for every token.

    Without the `whole`, the row of the table alone.
    """
    scaled = (found.factor if whole else 1) * found.rows
    strips = np.stack([scaled[place], found.added[place], found.entered[place]])[:, :MOST_NUMBERS]
    strips = strips if whole else strips[:1]
    limit = float(np.percentile(np.abs(strips), 99)) or 1.0
    row = "row" if found.factor == 1 or not whole else f"row × {found.factor:.4g}"
    figure = make_subplots(rows=2, cols=1, row_heights=[0.45, 0.55], vertical_spacing=0.36)
    figure.add_heatmap(
        z=strips,
        zmin=-limit,
        zmax=limit,
        colorscale=theme.SIGNED,
        colorbar={"title": "", "tickvals": [-limit * 0.999, 0, limit * 0.999], "tickformat": ".2g"},
        ygap=6,
        hovertemplate="%{y}, number %{x}: %{z:.4f}<extra></extra>",
        row=1,
        col=1,
    )
    names = [theme.label(token, 14) for token in found.tokens]
    lengths = {
        row: (scaled, theme.RESIDUAL),
        "added": (found.added, ADDED),
        "sum": (found.entered, theme.PROBABILITY),
    }
    for name, (vectors, color) in list(lengths.items())[: 3 if whole else 1]:
        figure.add_bar(
            x=list(range(len(names))),
            y=np.linalg.norm(vectors, axis=1),
            name=name,
            marker_color=color,
            customdata=names,
            hovertemplate=f"%{{customdata}}, {name}: length %{{y:.4g}}<extra></extra>",
            row=2,
            col=1,
        )
    figure.update_xaxes(title="number in the vector", showgrid=False, row=1, col=1)
    figure.update_yaxes(
        tickvals=list(range(len(strips))),
        ticktext=[row, "+ added", "= sum"][: len(strips)],
        autorange="reversed",
        showgrid=False,
        row=1,
        col=1,
    )
    named = len(names) <= MOST_NAMES
    figure.update_xaxes(
        title="token",
        tickvals=list(range(len(names))) if named else None,
        ticktext=names if named else None,
        tickfont_family="monospace",
        row=2,
        col=1,
    )
    figure.update_yaxes(title="length", rangemode="tozero", row=2, col=1)
    figure.update_layout(barmode="group")
    figure = theme.dressed(figure, 480)
    return figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "y": 0.37, "yanchor": "bottom", "x": 0},
    )


def entering_table(found: Entered) -> pd.DataFrame:
    """Return for each token how long its row, what is added, and the sum are."""
    return pd.DataFrame(
        {
            "token": found.tokens,
            "id": found.ids,
            "row": found.factor * np.linalg.norm(found.rows, axis=1),
            "added": np.linalg.norm(found.added, axis=1),
            "sum": np.linalg.norm(found.entered, axis=1),
        }
    )


@drawn_once
def cost_bars(sizes: Mapping[str, TableSize]) -> go.Figure:
    """Draw for each table the multiplications of one product, and the numbers that are copied."""
    names = [
        f"{escape(name[:22])}<br>{each.rows:,} × {each.width:,}" for name, each in sizes.items()
    ]
    top = np.log10(max(each.numbers for each in sizes.values())) + 0.2
    figure = go.Figure()
    for name, values, color in (
        ("one-hot × table: multiplications", [each.numbers for each in sizes.values()], theme.KEY),
        ("look-up: numbers copied", [each.width for each in sizes.values()], theme.QUERY),
    ):
        figure.add_bar(
            x=values,
            y=names,
            orientation="h",
            name=name,
            marker_color=color,
            text=[f"{value:,}" for value in values],
            textposition="inside",
            insidetextanchor="end",
            textangle=0,
            hovertemplate="%{y}: %{x:,}<extra></extra>",
        )
    figure.update_xaxes(
        title="for one token, on a logarithmic scale", type="log", dtick=2, range=[0, top]
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, title="table")
    return theme.with_legend(theme.dressed(figure, 440)).update_layout(
        margin=theme.MARGIN | {"t": 64}
    )


def cost_table(sizes: Mapping[str, TableSize]) -> pd.DataFrame:
    """Return the tables with their sizes and both costs."""
    return pd.DataFrame(
        {
            "model": list(sizes),
            "rows": [each.rows for each in sizes.values()],
            "width": [each.width for each in sizes.values()],
            "numbers, and multiplications of a product": [each.numbers for each in sizes.values()],
            "numbers copied": [each.width for each in sizes.values()],
        }
    )
