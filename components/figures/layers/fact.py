"""What an answer's probability is with each part switched off."""

from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from components.figures import theme
from components.figures.layers.residual_stream import HEIGHT, INKS
from components.figures.numbers import percent
from components.figures.once import drawn_once
from components.figures.visible import label
from components.inspection.layers.fact import NAMES, Ablation

MOST_LAYERS: Final = 8
"""With more, what is said instead is told on hover and in the table."""
LONGEST: Final = 12


@drawn_once
def fact_bars(found: Ablation, known: bool = True) -> go.Figure:
    """Draw the answer's probability with each part switched off, beside that with none.

    Unless `known`, only the latter. Above a bar: what the model says instead.
    """
    figure, layers = go.Figure(), found.off.shape[1]
    few = layers <= MOST_LAYERS
    for row, name in enumerate(found.parts):
        says = found.says[row]
        figure.add_bar(
            x=np.arange(layers),
            y=found.off[row] if known else np.full(layers, np.nan),
            name=f"without {NAMES[name]}",
            marker_color=INKS[name],
            text=[label(each, LONGEST) if few and each != found.likeliest else "" for each in says]
            if known
            else None,
            textposition="outside",
            textangle=-90,
            textfont={"size": theme.SMALLEST},
            constraintext="none",
            cliponaxis=False,
            customdata=[
                [label(each), percent(float(share))]
                for each, share in zip(says, found.said[row], strict=True)
            ],
            hovertemplate=f"layer %{{x}} without {NAMES[name]}: %{{y:.2%}}<br>"
            "likeliest: %{customdata[0]} (%{customdata[1]})<extra></extra>",
        )
    top = max(found.probability, float(found.off.max()) if known else 0.0)
    figure.add_scatter(
        x=[-0.5, layers - 0.5],
        y=[found.probability] * 2,
        mode="lines",
        name="nothing switched off",
        line={"color": theme.PROBABILITY, "width": 2, "dash": "dash"},
        hovertemplate="nothing switched off: %{y:.2%}<extra></extra>",
    )
    step = max(1, layers // 12)
    figure.update_xaxes(
        title="layer of the part that is switched off",
        tickvals=list(range(0, layers, step)),
        range=[-0.5, layers - 0.5],
        showgrid=False,
    )
    figure.update_yaxes(
        title=f"probability of “{label(found.answer, 20)}”",
        tickformat=".0%" if top > 0.05 else ".2%",
        range=[0, 1.12 * (top or 1.0)],
    )
    figure.update_layout(bargap=0.25)
    return theme.with_legend(theme.dressed(figure, HEIGHT))


def fact_table(found: Ablation) -> pd.DataFrame:
    """Return a row for each part of each layer."""
    rows = [
        {
            "part": NAMES[name],
            "layer": layer,
            "probability of the answer": float(found.off[row, layer]),
            "likeliest instead": found.says[row][layer],
            "its probability": float(found.said[row, layer]),
        }
        for row, name in enumerate(found.parts)
        for layer in range(found.off.shape[1])
    ]
    return pd.DataFrame(rows)
