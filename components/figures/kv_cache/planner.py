"""Memory against length: weights, cache, activations; and which devices have so much."""

from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go

from components.figures import theme
from components.figures.kv_cache import WITH
from components.figures.once import drawn_once
from components.inspection.kv_cache.hardware import Hardware
from components.inspection.kv_cache.planner import Fit, Growth

ROOM: Final = 130
"""Pixels beside the picture, for the names of devices."""


@drawn_once
def memory_areas(grown: Growth, length: int, hardware: Sequence[Hardware], gpus: int) -> go.Figure:
    """Draw GiB against the length of the texts, with what `gpus` of each device have in all."""
    figure = go.Figure()
    parts = (
        ("weights", [grown.weights] * len(grown.lengths), "rgba(138,138,134,0.75)"),
        ("cache", grown.cache, WITH),
        ("activations", grown.activations, "rgba(86,180,233,0.75)"),
    )
    for name, sizes, color in parts:
        figure.add_scatter(
            name=name,
            x=grown.lengths,
            y=[float(size) / 2**30 for size in sizes],
            stackgroup="one",
            mode="lines",
            line={"width": 0.5, "color": color},
            fillcolor=color,
            hovertemplate=name + ": %{y:.3g} GiB<extra></extra>",
        )
    top = float(grown.weights + grown.cache[-1] + grown.activations[-1]) / 2**30
    longest = int(grown.lengths[-1])
    rooms = {gpus * each.usable / 2**30: _named(each.name, gpus) for each in hardware}
    over = min((room for room in rooms if room >= top), default=0.0)
    low = -1.0
    for room, name in sorted(rooms.items()):
        # Lines close together would be read as one: of those the lowest is drawn.
        if room > max(over, top * 1.05) or room - low < 0.06 * max(over, top):
            continue
        low = room
        figure.add_hline(y=room, line={"dash": "dash", "width": 1, "color": theme.NEGATIVE})
        figure.add_annotation(
            x=1,
            xref="paper",
            y=room,
            text=f" {name}",
            showarrow=False,
            xanchor="left",
            yanchor="middle",
            font={"color": theme.NEGATIVE, "size": theme.SMALLEST},
        )
    figure.add_vline(x=length, line={"width": 2, "color": theme.QUERY})
    late = length > longest / 2
    figure.add_annotation(
        x=length,
        y=1,
        yref="paper",
        text=f"{length:,} tokens",
        showarrow=False,
        yanchor="top",
        xanchor="right" if late else "left",
        xshift=-4 if late else 4,
        font={"color": theme.QUERY},
    )
    figure.update_xaxes(title="tokens in each text", showgrid=False, range=[0, longest])
    figure.update_yaxes(title="GiB", range=[0, max(over, top) * 1.1])
    return theme.with_legend(theme.dressed(figure, 380)).update_layout(margin_r=ROOM)


@drawn_once
def device_bars(fits: Sequence[Fit], fullest: float) -> go.Figure:
    """Draw what can be used of one device of each kind, and the bytes on the `fullest` of them."""
    places = list(range(len(fits)))
    rooms = [(fit.left + fullest) / 2**30 for fit in fits]
    figure = go.Figure(
        go.Bar(
            x=rooms,
            y=places,
            orientation="h",
            marker_color=[WITH if fit.fits else theme.RESIDUAL for fit in fits],
            text=[says(fit) for fit in fits],
            textposition="none",
            customdata=[fit.memory for fit in fits],
            hovertemplate="%{x:.1f} of %{customdata:.2f} GiB can be used<extra>%{text}</extra>",
        )
    )
    for place, fit in enumerate(fits):
        figure.add_annotation(
            x=1, xref="paper", y=place, text=f" {says(fit)}", xanchor="left", showarrow=False
        )
    wanted = fullest / 2**30
    figure.add_vline(x=wanted, line={"width": 2, "color": theme.QUERY})
    figure.update_xaxes(
        title="GiB that can be used of one; the line: what must lie on it",
        showgrid=False,
        range=[0, max(*rooms, wanted) * 1.03],
    )
    names = [_named(fit.gpu, fit.gpus) for fit in fits]
    figure.update_yaxes(tickvals=places, ticktext=names, autorange="reversed", showgrid=False)
    figure.update_yaxes(title="device")
    return theme.dressed(figure, 84 + 20 * len(fits)).update_layout(bargap=0.25, margin_r=ROOM + 20)


def says(fit: Fit) -> str:
    """Say in a few words whether the plan fits."""
    if fit.fits:
        return f"fits, {fit.left / 2**30:.1f} GiB left"
    return f"needs {fit.needed}" if fit.needed else "too small"


def _named(name: str, count: int) -> str:
    return name if count == 1 else f"{count} × {name}"
