"""Lengths and angles of a table's vectors, and how they spread in ever more dimensions."""

from typing import Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from components.figures import theme
from components.figures.once import drawn_once
from components.inspection.embeddings.concentration import Concentration
from components.inspection.embeddings.geometry import Angles, Near
from components.inspection.embeddings.lengths import Norms

BINS = 80
Spread = Literal["cosine", "distance"]


@drawn_once
def norm_bars(found: Norms) -> go.Figure:
    """Draw how many tokens have which length."""
    sets = {"input": found.input} | ({} if found.output is None else {"output": found.output})
    low = min(float(each.min()) for each in sets.values())
    high = max(float(each.max()) for each in sets.values())
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    figure = go.Figure()
    for (name, lengths), color in zip(sets.items(), (theme.QUERY, theme.KEY), strict=False):
        _bars(figure, lengths, edges, color, name)
    for (token, length), side in ((found.shortest[0], 0), (found.longest[0], 1)):
        figure.add_annotation(
            x=length,
            y=0,
            text=theme.label(token, 16),
            ax=0,
            ay=-40,
            xanchor="left" if side else "right",
            font_family="monospace",
            arrowcolor=theme.RESIDUAL,
        )
    room = 0.18 * (edges[-1] - edges[0])
    around = [edges[0] - room, edges[-1] + room]
    figure.update_xaxes(title="length of the vector", showgrid=False, range=around)
    figure.update_yaxes(title="tokens")
    figure.update_layout(barmode="overlay", bargap=0)
    theme.dressed(figure, 440)
    return theme.with_legend(figure) if len(sets) > 1 else figure


@drawn_once
def angle_bars(found: Angles) -> go.Figure:
    """Draw how many random pairs of tokens have which cosine, with and without the mean."""
    edges = np.linspace(
        min(found.before.min(), found.after.min()), max(found.before.max(), found.after.max()), 101
    )
    figure = go.Figure()
    _bars(figure, found.before, edges, theme.QUERY, "as they are")
    _bars(figure, found.after, edges, theme.KEY, "with the mean taken away")
    for mean, color in zip(found.means, (theme.QUERY, theme.KEY), strict=True):
        figure.add_vline(x=mean, line={"color": color, "width": 2, "dash": "dash"})
    figure.update_xaxes(title="cosine of two random tokens", showgrid=False)
    figure.update_yaxes(title="pairs")
    figure.update_layout(barmode="overlay", bargap=0)
    return theme.with_legend(theme.dressed(figure, 440))


@drawn_once
def near_bars(found: Near) -> go.Figure:
    """Draw the nearest tokens by cosine, and by distance; those of both lists in one colour."""
    figure = make_subplots(
        rows=1, cols=2, subplot_titles=("by cosine", "by distance"), horizontal_spacing=0.3
    )
    for column, named in enumerate((found.by_cosine, found.by_distance), 1):
        places = list(range(len(named)))
        figure.add_bar(
            x=np.array([value for _, value in named], np.float32),
            y=places,
            orientation="h",
            marker_color=[theme.QUERY if name in found.both else theme.KEY for name, _ in named],
            hovertemplate="%{x:.3f}<extra></extra>",
            row=1,
            col=column,
        )
        figure.update_yaxes(
            tickvals=places,
            ticktext=[theme.label(name, 11) for name, _ in named],
            tickfont_family="monospace",
            autorange="reversed",
            row=1,
            col=column,
        )
    figure.update_xaxes(title="cosine", col=1).update_xaxes(title="distance", col=2)
    figure.update_yaxes(title="token", col=1)
    return theme.dressed(figure, 440).update_layout(margin=theme.MARGIN | {"t": 36})


@drawn_once
def spread_lines(found: Concentration, shown: Spread) -> go.Figure:
    """Draw how much cosines or distances differ, by the number of dimensions."""
    cosine = shown == "cosine"
    lines = (
        ("this table", found.cosine_spread if cosine else found.distance_spread, theme.QUERY),
        ("Gaussian", found.gaussian_cosine if cosine else found.gaussian_distance, theme.KEY),
    )
    figure = go.Figure()
    figure.add_scatter(
        x=found.dimensions,
        y=found.by_formula if cosine else found.distance_by_formula,
        mode="lines",
        name="1 / √d" if cosine else "chi distribution",
        line={"color": theme.RESIDUAL, "width": 2, "dash": "dash"},
        hovertemplate="%{x} dimensions: %{y:.3f}<extra></extra>",
    )
    for name, values, color in lines:
        figure.add_scatter(
            x=found.dimensions,
            y=values,
            mode="lines+markers",
            name=name,
            line={"color": color, "width": 2},
            hovertemplate="%{x} dimensions: %{y:.3f}<extra></extra>",
        )
    ticks = found.dimensions if len(found.dimensions) <= 8 else found.dimensions[::2]
    figure.update_xaxes(title="dimensions d", type="log", tickvals=ticks, showgrid=False)
    figure.update_yaxes(
        title="spread of the cosine" if cosine else "spread of the distance, share of its mean",
        type="log",
        tickvals=[0.02, 0.05, 0.1, 0.2, 0.5],
    )
    return theme.with_legend(theme.dressed(figure, 440))


def _bars(figure: go.Figure, values: np.ndarray, edges: np.ndarray, color: str, name: str) -> None:
    counts, _ = np.histogram(values, edges)
    figure.add_bar(
        x=((edges[1:] + edges[:-1]) / 2).astype(np.float32),
        y=counts.astype(np.int32),
        marker={"color": color, "opacity": 0.6, "line": {"width": 0}},
        name=name,
        hovertemplate="about %{x:.3f}: %{y:,}<extra></extra>",
    )


def norm_table(found: Norms) -> pd.DataFrame:
    """Return the shortest and the longest tokens."""
    rows = [("shortest", *each) for each in found.shortest]
    rows += [("longest", *each) for each in found.longest]
    return pd.DataFrame(rows, columns=["end", "token", "length"])


def angle_table(found: Angles) -> pd.DataFrame:
    """Return what the cosines are on average, and how they spread."""
    drawn = (found.before, found.after)
    return pd.DataFrame(
        {
            "vectors": ["as they are", "with the mean taken away"],
            "mean cosine of all pairs": found.means,
            "mean of the pairs drawn": [float(each.mean()) for each in drawn],
            "spread of the pairs drawn": [float(each.std()) for each in drawn],
        }
    )


def near_table(found: Near) -> pd.DataFrame:
    """Return both lists, side by side."""
    table = pd.DataFrame(found.by_cosine, columns=["by cosine", "cosine"])
    other = pd.DataFrame(found.by_distance, columns=["by distance", "distance"])
    return pd.concat([table, other], axis=1)


def spread_table(found: Concentration) -> pd.DataFrame:
    """Return all lines, of cosines and of distances."""
    return pd.DataFrame(
        {
            "dimensions": found.dimensions,
            "cosine, table": found.cosine_spread,
            "cosine, Gaussian": found.gaussian_cosine,
            "1 / sqrt(d)": found.by_formula,
            "distance, table": found.distance_spread,
            "distance, Gaussian": found.gaussian_distance,
            "distance, chi distribution": found.distance_by_formula,
        }
    )
