"""Norms: the numbers that go in and come out, of a few by hand and of a model's own vectors."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from components.figures import theme
from components.figures.once import drawn_once
from components.inspection.layers.norms import NormsByHand
from components.inspection.layers.norms_of_model import NormAt

DRAWN = 16
"""Numbers of a model's vector that are drawn; all are in the table."""


@drawn_once
def hand_bars(found: NormsByHand) -> go.Figure:
    """Draw the numbers and what two norms make of them: as typed, and as changed."""
    moved = (found.times, found.add) != (1, 0)
    figure = make_subplots(
        rows=3,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.1,
        subplot_titles=("the numbers", "after LayerNorm", "after RMSNorm"),
    )
    series = {"as typed": (found.typed, theme.RESIDUAL)}
    if moved:
        series["changed"] = (found.changed, theme.QUERY)
    places = [str(place) for place in range(1, len(found.typed.given) + 1)]
    for name, (one, color) in series.items():
        for row, numbers in enumerate((one.given, one.layer, one.rms), start=1):
            figure.add_bar(
                x=places,
                y=numbers,
                text=[f"{number:.4g}" if row == 1 else f"{number:.4f}" for number in numbers],
                textposition="outside",
                cliponaxis=False,
                textangle=0,
                marker_color=color,
                name=name,
                showlegend=row == 1,
                hovertemplate=f"number %{{x}}, {name}: %{{y:.6f}}<extra></extra>",
                row=row,
                col=1,
            )
    for row in (1, 2, 3):
        drawn = [numbers for one, _ in series.values() for numbers in _rows(one)[row - 1]]
        low, high = min(0.0, *drawn), max(0.0, *drawn)
        room = 0.3 * (high - low or 1.0)
        # Room for the numbers written at the ends of the bars.
        figure.update_yaxes(range=[low - room * (low < 0), high + room], row=row, col=1)
    figure.update_xaxes(showgrid=False).update_xaxes(title="number in the vector", row=3, col=1)
    figure.update_yaxes(title="", nticks=4, zeroline=True)
    figure.update_yaxes(title="value", row=2, col=1)
    theme.dressed(figure, 440)
    return theme.with_legend(figure).update_layout(
        bargroupgap=0.1, margin=theme.MARGIN | {"t": 56}, legend_y=1.09
    )


def _rows(one: object) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return one.given, one.layer, one.rms  # type: ignore[attr-defined]


@drawn_once
def norm_bars(norm: NormAt, known: bool = True) -> go.Figure:
    """Draw the largest numbers that go in; the same divided; and, if `known`, as they come out."""
    places = np.argsort(-np.abs(norm.given), kind="stable")[:DRAWN]
    names = [f"{place:,}" for place in places]
    divided = "÷ root mean square" if norm.one.kind == "rms" else "− mean, ÷ standard deviation"
    figure = make_subplots(
        rows=2 + known,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.1,
        subplot_titles=("what goes in", divided, "× gain: what comes out")[: 2 + known],
    )
    rows = (norm.given, norm.divided, norm.gives)[: 2 + known]
    colors = (theme.RESIDUAL, theme.QUERY, theme.VALUE)
    for row, (numbers, color) in enumerate(zip(rows, colors, strict=False), start=1):
        figure.add_bar(
            x=names,
            y=numbers[places],
            marker_color=color,
            customdata=norm.one.gain[places],
            hovertemplate="number %{x}: %{y:.4g}; its gain: %{customdata:.4g}<extra></extra>",
            row=row,
            col=1,
        )
    figure.update_xaxes(type="category", showgrid=False, tickangle=-60)
    figure.update_xaxes(title="number of the vector", row=2 + known, col=1)
    figure.update_yaxes(nticks=4).update_yaxes(title="value", row=2, col=1)
    return theme.dressed(figure, 440)


def hand_table(found: NormsByHand) -> pd.DataFrame:
    """Return all numbers of the figure by hand."""
    columns: dict[str, np.ndarray] = {}
    for name, one in (("typed", found.typed), ("changed", found.changed)):
        columns |= {name: one.given, f"{name}: LayerNorm": one.layer, f"{name}: RMSNorm": one.rms}
    return pd.DataFrame(columns).round(6)


def norm_table(norm: NormAt) -> pd.DataFrame:
    """Return the whole vector."""
    table = {
        "number": np.arange(len(norm.given)),
        "goes in": norm.given,
        "divided": norm.divided.astype(np.float32),
        "gain": norm.one.gain,
    }
    if norm.one.shift is not None:
        table["shift"] = norm.one.shift
    return pd.DataFrame(table | {"comes out": norm.gives})
