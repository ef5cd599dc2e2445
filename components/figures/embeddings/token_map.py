"""Maps of tokens, as figures that can be taken away; and what such maps get wrong."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from jaxtyping import Float32
from plotly.subplots import make_subplots

from components.figures import theme
from components.figures.embeddings.inks import Inks
from components.figures.once import drawn_once
from components.figures.visible import label, visible
from components.inspection.embeddings.faithful import Scores
from components.inspection.embeddings.other_maps import OtherSeed
from components.inspection.embeddings.table import KINDS
from components.inspection.embeddings.token_map import TokenMap

MOST_DRAWN = 3_000
"""Pairs that are drawn of those that are computed over."""


def map_figure(found: TokenMap, inks: Inks, chosen: int) -> go.Figure:
    """Draw a map of tokens with a name at each; lines lead from the chosen one to its neighbours
    in truth (blue) and in the picture (orange)."""
    figure = go.Figure(_points(found.places, found.tokens, inks))
    near, seen = found.faithful.true[chosen], found.faithful.seen[chosen]
    for others, colour, dash in ((near, theme.QUERY, "solid"), (seen, theme.KEY, "dot")):
        ends = np.full((3 * len(others), 2), np.nan, np.float32)
        ends[0::3], ends[1::3] = found.places[chosen], found.places[others]
        figure.add_scatter(
            x=ends[:, 0],
            y=ends[:, 1],
            mode="lines",
            line={"color": colour, "dash": dash, "width": 1.5},
            hoverinfo="skip",
        )
    first, second = axes_of(found)
    figure.update_xaxes(title=first, showgrid=False, zeroline=False)
    figure.update_yaxes(title=second, showgrid=False, zeroline=False, scaleanchor="x")
    return theme.dressed(figure, 640).update_layout(dragmode="pan")


def axes_of(found: TokenMap) -> tuple[str, str]:
    """Return what the two axes of a map are."""
    name = found.settings.method
    if name == "PCA":
        return "first principal axis", "second principal axis"
    return f"{name} 1 (no unit)", f"{name} 2 (no unit)"


def _points(
    places: Float32[np.ndarray, "point 2"], tokens: Sequence[str], inks: Inks, size: int = 5
) -> go.Scattergl:
    return go.Scattergl(
        x=places[:, 0],
        y=places[:, 1],
        mode="markers",
        text=[label(token, 40) for token in tokens],
        hovertemplate="%{text}<extra></extra>",
        marker={"size": size, "opacity": 0.7, "color": np.array(inks.light)[inks.levels]},
    )


@drawn_once
def pairs_figure(distances: Float32[np.ndarray, "pair 2"], metric: str) -> go.Figure:
    """Draw how far pairs of tokens are in truth, and in the picture."""
    some = distances[:MOST_DRAWN]
    figure = go.Figure(
        go.Scattergl(
            x=some[:, 0],
            y=some[:, 1],
            mode="markers",
            marker={"size": 4, "opacity": 0.45, "color": theme.QUERY},
            hovertemplate="in truth %{x:.3f}, in the picture %{y:.2f}<extra></extra>",
        )
    )
    figure.update_xaxes(title=f"{metric} distance in truth", showgrid=False)
    figure.update_yaxes(title="distance in the picture", showgrid=False, rangemode="tozero")
    return theme.dressed(figure, 400)


def pairs_table(distances: Float32[np.ndarray, "pair 2"]) -> pd.DataFrame:
    """Return the numbers of `pairs_figure`."""
    return pd.DataFrame(distances, columns=["in truth", "in the picture"])


def seeds_figure(
    found: OtherSeed, tokens: Sequence[str], inks: Inks, near: Sequence[int], chosen: int
) -> go.Figure:
    """Draw two maps side by side; rings mark one token (orange) and its neighbours in the first
    (blue) in both."""
    titles = [f"seed {seed}" for seed in found.seeds]
    figure = make_subplots(1, 2, subplot_titles=titles, horizontal_spacing=0.03)
    for column, places in enumerate((found.first, found.second), 1):
        figure.add_trace(_points(places, tokens, inks, 4), row=1, col=column)
        for points, colour, size in ((list(near), theme.QUERY, 8), ([chosen], theme.NEGATIVE, 13)):
            figure.add_scatter(
                x=places[points, 0],
                y=places[points, 1],
                mode="markers",
                text=[label(tokens[point], 40) for point in points],
                hovertemplate="%{text}<extra></extra>",
                marker={
                    "size": size,
                    "color": "rgba(0,0,0,0)",
                    "line": {"color": colour, "width": 2},
                },
                row=1,
                col=column,
            )
    for axis in (*figure.select_xaxes(), *figure.select_yaxes()):
        axis.update(showgrid=False, zeroline=False, showticklabels=False)
    figure.update_xaxes(title="no unit")
    figure.update_yaxes(title="no unit", col=1)
    dressed = theme.dressed(figure, 420)
    return dressed.update_layout(dragmode="pan", margin={**theme.MARGIN, "t": 40})


def seeds_table(found: OtherSeed, tokens: Sequence[str]) -> pd.DataFrame:
    """Return the numbers of `seeds_figure`."""
    one, other = found.seeds
    return pd.DataFrame(
        {
            "token": [visible(token) for token in tokens],
            f"x, seed {one}": found.first[:, 0],
            f"y, seed {one}": found.first[:, 1],
            f"x, seed {other}": found.second[:, 0],
            f"y, seed {other}": found.second[:, 1],
            "moved": found.moved,
            "neighbours that stay": found.stays,
        }
    )


@drawn_once
def scores_figure(scores: Sequence[tuple[str, Scores]]) -> go.Figure:
    """Draw how far several maps can be trusted, beside one by chance."""
    figure = go.Figure()
    names = [name for name, _ in scores]
    bars = (
        ("trustworthiness", theme.QUERY, [each.trustworthiness for _, each in scores]),
        ("continuity", theme.VALUE, [each.continuity for _, each in scores]),
        ("neighbours that are true", theme.KEY, [each.kept for _, each in scores]),
    )
    for name, colour, values in bars:
        figure.add_bar(
            name=name,
            x=names,
            y=values,
            marker={"color": colour},
            text=[f"{value:.2f}" for value in values],
            hovertemplate="%{x}: %{y:.3f}<extra></extra>",
        )
    figure.update_xaxes(title="method")
    figure.update_yaxes(title="share, 1 is best", range=[0, 1.08], showgrid=False)
    return theme.with_legend(theme.dressed(figure, 400))


def scores_table(scores: Sequence[tuple[str, Scores]]) -> pd.DataFrame:
    """Return the numbers of `scores_figure`."""
    return pd.DataFrame(
        [(name, each.trustworthiness, each.continuity, each.kept) for name, each in scores],
        columns=["method", "trustworthiness", "continuity", "neighbours that are true"],
    )


def map_table(found: TokenMap) -> pd.DataFrame:
    """Return each token, where it lies, and its true neighbours, the nearest first."""
    tokens = np.array([visible(token) for token in found.tokens], dtype=object)
    faithful = found.faithful
    columns = {
        "id": found.ids,
        "token": tokens,
        "kind": np.array(KINDS, dtype=object)[found.kinds],
        "x": found.places[:, 0],
        "y": found.places[:, 1],
        "norm": found.norms,
        "true neighbours in the picture": [faithful.kept(point) for point in range(len(found.ids))],
    }
    for place in range(faithful.near):
        columns[f"neighbour {place + 1}"] = tokens[faithful.true[:, place]]
        columns[f"distance {place + 1}"] = faithful.far[:, place]
    return pd.DataFrame(columns)
