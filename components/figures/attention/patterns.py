"""Masks as squares, what a square costs, and the wiring of query heads to key-value heads."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from components.figures import theme
from components.figures.attention.axes import KEY, MOST_ROWS, QUERY, token_axis
from components.figures.once import drawn_once
from components.inspection.attention.patterns import Sharing


@drawn_once
def mask_square(
    allowed: NDArray[np.bool_], readers: Sequence[str] = (), read: Sequence[str] = ()
) -> go.Figure:
    """Draw a mask: violet where a token may be attended to, empty where it may not.

    Without names, tokens are numbered.
    """
    grid = go.Heatmap(
        z=np.where(allowed, 1.0, np.nan),
        zmin=0,
        zmax=1,
        colorscale=[[0, theme.ATTENTION[2][1]], [1, theme.ATTENTION[2][1]]],
        showscale=False,
        xgap=1 if len(allowed) <= 64 else 0,
        ygap=1 if len(allowed) <= 64 else 0,
        hovertemplate="token %{y} may attend to token %{x}<extra></extra>",
        hoverongaps=False,
    )
    rows, columns = allowed.shape
    named = bool(read)
    readers = readers or [str(place) for place in range(rows)]
    read = read or [str(place) for place in range(columns)]
    figure = go.Figure(grid).update_layout(
        xaxis=token_axis(read, 0, KEY) | {"tickangle": -60 if named else 0},
        yaxis=token_axis(readers, 0, QUERY, MOST_ROWS) | {"range": [rows - 0.5, -0.5]},
    )
    return theme.dressed(figure, 440)


def square_growth(lengths: Sequence[int], sizes: Sequence[int]) -> go.Figure:
    """Draw the bytes of one head's square of scores (`sizes`) against the tokens (`lengths`)."""
    figure = go.Figure(
        go.Scatter(
            x=lengths,
            y=[size / 2**20 for size in sizes],
            mode="lines+markers",
            line={"color": theme.QUERY, "width": 2},
            marker={"size": 9},
            hovertemplate="%{x:,} tokens: %{y:,.1f} MiB<extra></extra>",
        )
    )
    figure.update_xaxes(
        title="tokens", type="log", tickvals=lengths, ticktext=[f"{each:,}" for each in lengths]
    )
    figure.update_yaxes(
        title="one head's scores in 16 bits (MiB)", type="log", dtick=1, tickformat=","
    )
    return theme.dressed(figure, 340)


def wiring(sharing: Sharing) -> go.Figure:
    """Draw which query heads read the keys and values of which key-value head."""
    span = sharing.heads - 1 or 1
    queries = [head / span for head in range(sharing.heads)]
    pairs = [
        float(np.mean(queries[pair * sharing.group : (pair + 1) * sharing.group]))
        for pair in range(sharing.kv_heads)
    ]
    x: list[float | None] = []
    y: list[float | None] = []
    for head in range(sharing.heads):
        x += [queries[head], pairs[head // sharing.group], None]
        y += [1, 0, None]
    figure = go.Figure(
        go.Scatter(
            x=x,
            y=y,
            mode="lines",
            hoverinfo="skip",
            line={"color": theme.RESIDUAL, "width": 1.5},
        )
    )
    few = sharing.heads <= 32
    for name, places, height, colour in (
        ("query head", queries, 1.0, theme.QUERY),
        ("key-value head", pairs, 0.0, theme.KEY),
    ):
        figure.add_scatter(
            name=name,
            x=places,
            y=[height] * len(places),
            mode="markers+text" if few else "markers",
            text=[str(number) for number in range(len(places))],
            textfont={"color": "white"},
            marker={"size": 32 if few else 10, "color": colour, "symbol": "square"},
            hovertemplate=f"{name} %{{text}}<extra></extra>",
        )
    figure.update_layout(
        xaxis={"visible": False, "range": [-0.06, 1.06]},
        yaxis={
            "range": [-0.35, 1.35],
            "tickvals": [1, 0],
            "showgrid": False,
            "zeroline": False,
            "ticktext": [f"{sharing.heads} query heads", f"{sharing.kv_heads} key-value heads"],
            "tickfont_size": 14,
        },
    )
    return theme.dressed(figure, 300)
