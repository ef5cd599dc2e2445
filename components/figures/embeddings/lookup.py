"""A token's row, drawn as the product that it is."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from components.figures import theme
from components.figures.once import drawn_once
from components.inspection.embeddings.lookup import LookUp

MOST_NUMBERS = 512
"""Numbers of a vector that are drawn: a screen has no room for more."""


@drawn_once
def product_map(found: LookUp) -> go.Figure:
    """Draw the one-hot vector, the part of the table around the row that it picks, and the row."""
    limit = float(np.percentile(np.abs(found.table), 99)) or 1.0
    names = [
        f"{theme.label(name, 12)} {token:,}"
        for name, token in zip(found.names, found.around, strict=True)
    ]
    figure = make_subplots(
        rows=2,
        cols=2,
        column_widths=[0.07, 0.93],
        row_heights=[0.84, 0.16],
        horizontal_spacing=0.02,
        vertical_spacing=0.13,
        shared_yaxes="rows",
        column_titles=["one-hot", "table"],
    )
    figure.add_heatmap(
        z=found.one_hot[:, None],
        zmin=0,
        zmax=1,
        colorscale=theme.ATTENTION,
        showscale=False,
        xgap=1,
        ygap=1,
        texttemplate="%{z:.0f}",
        hovertemplate="%{y}: %{z:.0f}<extra></extra>",
        row=1,
        col=1,
    )
    rows = {
        "zmin": -limit,
        "zmax": limit,
        "colorscale": theme.SIGNED,
        "hovertemplate": "%{y}, number %{x}: %{z:.4f}<extra></extra>",
    }
    figure.add_heatmap(
        z=found.table[:, :MOST_NUMBERS],
        colorbar={"title": "", "tickvals": [-limit * 0.999, 0, limit * 0.999], "tickformat": ".2f"},
        row=1,
        col=2,
        **rows,
    )
    own = names[found.around.index(found.id)]
    strip = found.product[None, :MOST_NUMBERS]
    figure.add_heatmap(z=strip, showscale=False, row=2, col=2, **rows)
    figure.update_xaxes(showgrid=False, showticklabels=False)
    figure.update_xaxes(title="number in the vector", showticklabels=True, row=2, col=2)
    figure.layout.annotations[1].update(x=figure.layout.xaxis2.domain[0] + 0.1, xanchor="left")
    figure.update_yaxes(autorange="reversed", showgrid=False, tickfont_family="monospace")
    figure.update_yaxes(tickvals=list(range(len(names))), ticktext=names, title="token", col=1)
    figure.update_xaxes(visible=False, row=2, col=1)
    figure.update_yaxes(visible=False, row=2, col=1)
    figure.update_yaxes(showticklabels=True, tickvals=[0], ticktext=[own], row=2, col=2)
    return theme.dressed(figure, 440)


def row_table(found: LookUp) -> pd.DataFrame:
    """Return the row's numbers, all of them."""
    return pd.DataFrame({"number": range(len(found.product)), "value": found.product})
