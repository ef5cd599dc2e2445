"""Pictures of whether scores hold: deletion and insertion curves, and attention beside them."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from components.figures import theme
from components.figures.once import drawn_once
from components.inspection.attribution.faithfulness import Curves, area
from components.inspection.attribution.features import Features

LINES: Final = {
    "Integrated gradients": ("#0072B2", "solid"),
    "Gradient SHAP": ("#56B4E9", "dash"),
    "Input × gradient": ("#009E73", "solid"),
    "Saliency": ("#CC79A7", "dot"),
    "Feature ablation": ("#D55E00", "solid"),
    "Occlusion": ("#E69F00", "dash"),
    "Shapley values": ("#A08C00", "solid"),
    "Attention, last layer": ("#9B84C9", "dot"),
    "Attention rollout": ("#9B84C9", "dash"),
}
"""The same method has the same colour and dash everywhere on the page."""


@drawn_once
def deletion_and_insertion(curves: Curves) -> go.Figure:
    """Draw both curves of each ranking over the middle nine tenths of the random orders."""
    figure = make_subplots(
        cols=2,
        shared_yaxes=True,
        horizontal_spacing=0.09,
    )
    pieces = curves.removed[-1]
    shares = (curves.removed / pieces).tolist()
    random = (curves.random_deletion, curves.random_insertion)
    for column, (found, orders) in enumerate(
        zip((curves.deletion, curves.insertion), random, strict=True), start=1
    ):
        low, high = np.percentile(orders, [5, 95], axis=0)
        figure.add_scatter(
            x=[*shares, *shares[::-1]],
            y=[*high, *low[::-1]],
            fill="toself",
            mode="lines",
            line_width=0,
            fillcolor="rgba(138, 138, 134, 0.22)",
            hoverinfo="skip",
            name="random orders",
            legendgroup="random",
            showlegend=column == 1,
            row=1,
            col=column,
        )
        figure.add_scatter(
            x=shares,
            y=orders.mean(0),
            mode="lines",
            name="their mean",
            legendgroup="mean",
            line={"color": theme.RESIDUAL, "width": 2, "dash": "dot"},
            showlegend=column == 1,
            hovertemplate="random orders, mean: %{y:.3f}<extra></extra>",
            row=1,
            col=column,
        )
        for name, values in zip(curves.names, found, strict=True):
            color, dash = LINES[name]
            figure.add_scatter(
                x=shares,
                y=values,
                mode="lines+markers",
                name=name,
                legendgroup=name,
                line={"color": color, "dash": dash, "width": 2.5},
                marker_size=5,
                customdata=curves.removed,
                showlegend=column == 1,
                hovertemplate=f"{name}<br>%{{customdata}} of {pieces}: %{{y:.3f}}<extra></extra>",
                row=1,
                col=column,
            )
    figure.update_xaxes(tickformat=".0%", title="deletion: share removed", col=1)
    figure.update_xaxes(tickformat=".0%", title="insertion: share put back", col=2)
    figure.update_yaxes(title="target (logits)", col=1)
    return theme.with_legend(theme.dressed(figure, 400))


@drawn_once
def areas(curves: Curves) -> go.Figure:
    """Draw the area under both curves of each ranking, and the mean of random orders."""
    figure = go.Figure()
    for name, found, orders, color in (
        ("deletion", curves.deletion_area, curves.random_deletion, theme.NEGATIVE),
        ("insertion", curves.insertion_area, curves.random_insertion, theme.POSITIVE),
    ):
        figure.add_bar(
            x=list(curves.names),
            y=found.astype(float),
            name=name,
            marker_color=color,
            hovertemplate=f"%{{x}}, {name}: %{{y:.3f}}<extra></extra>",
        )
        figure.add_scatter(
            x=list(curves.names),
            y=[float(area(orders, curves.removed).mean())] * len(curves.names),
            name=f"random orders, {name}",
            mode="lines+markers",
            line={"color": color, "width": 2, "dash": "dot"},
            hovertemplate="random orders, mean: %{y:.3f}<extra></extra>",
        )
    figure.update_xaxes(title="ranking", showgrid=False)
    figure.update_yaxes(title="area under the curve (logits)", zeroline=True)
    return theme.with_legend(theme.dressed(figure, 400))


@drawn_once
def beside_attention(
    names: Sequence[str],
    rows: NDArray[np.float32],
    signs: NDArray[np.float32],
    features: Features,
    unit: str = "word",
) -> go.Figure:
    """Draw a strip of columns for each ranking: its shares [ranking, unit], coloured by sign.

    `signs` [ranking, unit] is -1, 0 (no sign: attention) or 1.
    """
    labels = [theme.label(features.texts[place], 24) for place in features.free]
    figure = make_subplots(
        rows=len(names), shared_xaxes=True, vertical_spacing=0.09, subplot_titles=list(names)
    )
    tints = {-1: theme.NEGATIVE, 0: "#9B84C9", 1: theme.POSITIVE}
    for place, name in enumerate(names):
        values = rows[place, features.free]
        figure.add_bar(
            x=list(range(len(labels))),
            y=values,
            name=name,
            marker_color=[tints[int(sign)] for sign in signs[place, features.free]],
            customdata=labels,
            hovertemplate="%{customdata}: %{y:.2%}<extra></extra>",
            row=place + 1,
            col=1,
        )
    few = len(labels) <= 70
    figure.update_xaxes(
        tickvals=list(range(len(labels))) if few else None,
        ticktext=labels if few else None,
        tickangle=-45,
        tickfont={"family": "monospace", "size": 13},
        showgrid=False,
        title=f"{unit} of the prompt",
        row=len(names),
    )
    figure.update_yaxes(tickformat=".0%", nticks=3, rangemode="tozero", title="share")
    figure.update_annotations(x=0, xanchor="left", font_size=14)
    figure = theme.dressed(figure, 400)
    return figure.update_layout(bargap=0.2, margin={**theme.MARGIN, "t": 30})
