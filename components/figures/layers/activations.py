"""Activation functions, what a model gives them, and how many neurons stay silent."""

from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from components.figures import theme
from components.figures.once import drawn_once
from components.inspection.layers.activations import CURVES, Activations, curves
from components.inspection.layers.activations_checked import WORDS

COLORS: Final = {
    "ReLU": "#CC79A7",
    "GELU (exact)": theme.VALUE,
    "GELU (tanh)": "#B8860B",
    "SiLU": theme.KEY,
}


@drawn_once
def activation_curves(found: Activations, threshold: int, known: bool = True) -> go.Figure:
    """Draw the functions, this model's thick, above what goes into it; silent outputs in grey.

    Without `known`, neither this model's function nor its numbers are told.
    """
    heights = {"row_heights": [0.62, 0.38]} if known else {}
    figure = make_subplots(
        rows=1 + known, cols=1, shared_xaxes=True, vertical_spacing=0.06, **heights
    )
    x = found.edges
    usual = [WORDS[name] for name in CURVES]
    own_name = () if not known or found.name in usual else (found.activation,)
    for name, y in curves(x, (*CURVES, *own_name)).items():
        words = WORDS.get(name, name)
        own = known and words == found.name
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines",
            line={
                "color": COLORS.get(words, theme.QUERY),
                "width": 5 if own else 2,
                "dash": "dash" if words == "GELU (tanh)" and not own else "solid",
            },
            name=f"{words}: this model" if own else words,
            hovertemplate=f"{words}: %{{x:.2f}} → %{{y:.4f}}<extra></extra>",
            row=1,
            col=1,
        )
    figure.update_yaxes(title="output", row=1, col=1)
    if known:
        _histogram(figure, found, threshold)
    figure.update_xaxes(title="pre-activation: what goes in", row=1 + known, col=1)
    return theme.with_legend(theme.dressed(figure, 440)).update_layout(legend_traceorder="normal")


def _histogram(figure: go.Figure, found: Activations, threshold: int) -> None:
    quiet = found.silent_counts[threshold]
    total = max(int(found.counts.sum()) + found.beyond, 1)
    middles = (found.edges[1:] + found.edges[:-1]) / 2
    parts = (
        ("active", found.counts - quiet, theme.QUERY),
        ("silent", quiet, theme.RESIDUAL),
    )
    for name, counts, color in parts:
        figure.add_bar(
            x=middles,
            y=counts / total,
            marker={"color": color, "line": {"width": 0}},
            name=f"{name} outputs",
            hovertemplate=f"about %{{x:.2f}}: %{{y:.2%}} of all, {name}<extra></extra>",
            row=2,
            col=1,
        )
    figure.update_layout(barmode="stack", bargap=0)
    figure.update_yaxes(title="share", tickformat=".0%", nticks=4, row=2, col=1)


@drawn_once
def silent_bars(found: Activations, threshold: int) -> go.Figure:
    """Draw which share of the outputs is silent in each layer; the layer looked at stands out."""
    shares, never = found.silent(threshold), found.never(threshold)
    layers = list(range(len(shares)))
    figure = go.Figure(
        go.Bar(
            x=layers,
            y=shares,
            marker_color=[theme.QUERY if one == found.layer else theme.RESIDUAL for one in layers],
            name="silent outputs",
            hovertemplate="layer %{x}: %{y:.1%} of all outputs silent<extra></extra>",
        )
    )
    figure.add_scatter(
        x=layers,
        y=never,
        mode="markers",
        marker={"color": theme.KEY, "size": 10, "symbol": "diamond"},
        name="neurons silent at every token",
        hovertemplate="layer %{x}: %{y:.1%} of the neurons silent throughout<extra></extra>",
    )
    figure.update_xaxes(title="layer", dtick=max(1, len(layers) // 10), showgrid=False)
    figure.update_yaxes(title="share of the layer", tickformat=".0%", rangemode="tozero")
    return theme.with_legend(theme.dressed(figure, 440))


def histogram_table(found: Activations, threshold: int) -> pd.DataFrame:
    """Return the histogram's numbers, and the function's value in the middle of each bin."""
    middles = (found.edges[1:] + found.edges[:-1]) / 2
    return pd.DataFrame(
        {
            "from": found.edges[:-1],
            "to": found.edges[1:],
            found.name: curves(middles, (found.activation,))[found.activation],
            "outputs": found.counts,
            "of them silent": found.silent_counts[threshold],
        }
    )


def silence_table(found: Activations, threshold: int) -> pd.DataFrame:
    """Return each layer's share of silent outputs and neurons."""
    shares = found.silent(threshold)
    return pd.DataFrame(
        {
            "layer": np.arange(len(shares)),
            "silent outputs": shares,
            "neurons silent at every token": found.never(threshold),
        }
    )
