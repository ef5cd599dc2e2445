"""Walk-throughs: rows that are alike, softmaxes that are flat or peaked, one map in two layouts."""

from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from components.figures import theme
from components.figures.once import drawn_once
from components.inspection.architecture.conv1d import SameMap
from components.inspection.architecture.einsum_bug import Divided
from components.inspection.architecture.walk_through import CONDITIONS, Walked

MOST_NUMBERS: Final = 64
MOST_NAMES: Final = 24
DIVISIONS: Final = ("÷ √k", "÷ √d", "undivided")
COLORS: Final = (theme.PROBABILITY, theme.KEY, "#CC79A7")
OUTPUTS: Final = 24


@drawn_once
def walk_map(found: Walked, condition: int, head: int) -> go.Figure:
    """Draw what attention writes, a row for each token, and one head's weights beside it."""
    writes = found.writes[condition][:, :MOST_NUMBERS]
    limit = float(np.percentile(np.abs(writes), 98)) or 1.0
    names = [theme.label(token, 12) for token in found.tokens]
    figure = make_subplots(
        rows=1,
        cols=2,
        column_widths=[0.62, 0.38],
        shared_yaxes=True,
        horizontal_spacing=0.04,
        subplot_titles=("what attention writes", "weights"),
    )
    figure.add_heatmap(
        z=writes,
        zmin=-limit,
        zmax=limit,
        colorscale=theme.SIGNED,
        showscale=False,
        customdata=[[name] * writes.shape[1] for name in names],
        hovertemplate="%{customdata}, number %{x}: %{z:.4g}<extra></extra>",
        row=1,
        col=1,
    )
    figure.add_heatmap(
        z=found.weights[condition, head],
        zmin=0,
        zmax=1,
        colorscale=theme.ATTENTION,
        showscale=False,
        customdata=[[(reader, read) for read in names] for reader in names],
        hovertemplate="%{customdata[0]} attends to %{customdata[1]}: %{z:.1%}<extra></extra>",
        row=1,
        col=2,
    )
    named = len(names) <= MOST_NAMES
    ticks = {
        "tickvals": list(range(len(names))) if named else None,
        "ticktext": names if named else None,
        "tickfont_family": "monospace",
    }
    figure.update_xaxes(showgrid=False, title="number in the row", row=1, col=1)
    figure.update_xaxes(showgrid=False, title="key token", showticklabels=False, row=1, col=2)
    figure.update_yaxes(autorange="reversed", showgrid=False, **ticks)
    figure.update_yaxes(title="query token", row=1, col=1)
    return theme.dressed(figure, 440).update_layout(margin=theme.MARGIN | {"t": 36})


def walk_table(found: Walked) -> pd.DataFrame:
    """Return how alike the rows are, in all four ways."""
    return pd.DataFrame(
        {
            "norm": [norm for norm, _ in CONDITIONS],
            "causal mask": [mask for _, mask in CONDITIONS],
            "mean cosine of two rows written": found.alike,
            "largest difference of two rows of weights": found.apart,
        }
    )


@drawn_once
def division_lines(found: Divided, head: int, shown: tuple[int, ...]) -> go.Figure:
    """Draw one head's weights by falling size, its scores divided by some of three numbers."""
    order = np.argsort(-found.weights[0, head])
    names = [theme.label(found.keys[place], 14) for place in order]
    figure = go.Figure()
    for which in shown:
        entropy = found.entropies[which, head]
        says = f"{DIVISIONS[which]} = {found.divisors[which]:.3g}" if which < 2 else "undivided"
        figure.add_scatter(
            x=list(range(len(order))),
            y=found.weights[which, head][order],
            mode="lines+markers",
            name=f"{says}: {entropy:.2f} bits",
            line={"color": COLORS[which], "width": 2.5},
            marker={"color": COLORS[which], "size": 7},
            customdata=names,
            hovertemplate=f"{says}, key %{{customdata}}: %{{y:.2%}}<extra></extra>",
        )
    figure.update_xaxes(title="key tokens, the likeliest first", showgrid=False, zeroline=False)
    figure.update_yaxes(title="attention weight", rangemode="tozero", tickformat=".0%")
    return theme.with_legend(theme.dressed(figure, 400))


def division_table(found: Divided) -> pd.DataFrame:
    """Return each head's entropies in bits, and its largest weights."""
    table: dict[str, object] = {"head": range(found.weights.shape[1])}
    for which, name in enumerate(DIVISIONS):
        table[f"bits, {name}"] = found.entropies[which]
        table[f"largest weight, {name}"] = found.weights[which].max(-1)
    return pd.DataFrame(table)


@drawn_once
def layouts_map(found: SameMap, whole: bool) -> go.Figure:
    """Draw a corner of the weight in both layouts, and below what both give for the first row.

    Without the `whole`, not what a forgotten transposition gives.
    """
    limit = float(np.abs(found.weight).max()) or 1.0
    figure = make_subplots(
        rows=2,
        cols=2,
        specs=[[{}, {}], [{"colspan": 2}, None]],
        row_heights=[0.5, 0.5],
        vertical_spacing=0.34,
        horizontal_spacing=0.22,
        subplot_titles=("Conv1D's weight", "Linear's weight", ""),
    )
    for column, weight, across, down in (
        (1, found.weight, "output", "input"),
        (2, found.weight.T, "input", "output"),
    ):
        figure.add_heatmap(
            z=weight,
            zmin=-limit,
            zmax=limit,
            colorscale=theme.SIGNED,
            showscale=False,
            hovertemplate=f"{down} %{{y}}, {across} %{{x}}: %{{z:.4f}}<extra></extra>",
            row=1,
            col=column,
        )
        figure.update_xaxes(title=across, showgrid=False, row=1, col=column)
        figure.update_yaxes(title=down, autorange="reversed", showgrid=False, row=1, col=column)
    lines = [("Conv1D", found.conv1d, theme.RESIDUAL, "lines"), ("Linear, Wᵀ", found.linear,
              theme.PROBABILITY, "markers")]  # fmt: skip
    if whole and found.forgotten is not None:
        lines.append(("Linear, W", found.forgotten, theme.KEY, "lines"))
    for name, rows, color, mode in lines:
        figure.add_scatter(
            x=list(range(min(OUTPUTS, rows.shape[1]))),
            y=rows[0, :OUTPUTS],
            mode=mode,
            name=name,
            line={"color": color, "width": 2},
            marker={"color": color, "size": 8},
            hovertemplate=f"{name}, output %{{x}}: %{{y:.4f}}<extra></extra>",
            row=2,
            col=1,
        )
    figure.update_xaxes(title="output", showgrid=False, zeroline=False, row=2, col=1)
    figure.update_yaxes(title="value", row=2, col=1)
    figure = theme.dressed(figure, 540).update_layout(margin=theme.MARGIN | {"t": 36})
    return figure.update_layout(
        showlegend=True, legend={"orientation": "h", "y": 0.36, "yanchor": "bottom", "x": 0}
    )


def layouts_table(found: SameMap) -> pd.DataFrame:
    """Return what both layouts give for the first row."""
    table = {"Conv1D": found.conv1d[0], "Linear, transposed": found.linear[0]}
    if found.forgotten is not None:
        table["Linear, not transposed"] = found.forgotten[0]
    return pd.DataFrame(table)
