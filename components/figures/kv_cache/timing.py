"""A measurement as points, medians and fitted lines."""

from typing import Final

import numpy as np
import plotly.graph_objects as go

from components.figures import theme
from components.figures.kv_cache import WAY_COLORS, WAY_NAMES
from components.figures.once import drawn_once
from components.inspection.kv_cache.summary import Summary, WaySummary
from components.inspection.kv_cache.timing import WAYS, Timing

ROOM: Final = 1.35
SYMBOLS: Final = {"with": "circle", "without": "diamond"}


@drawn_once
def step_times(timing: Timing, summary: Summary) -> go.Figure:
    """Draw the milliseconds of each step against the positions in the text at that step.

    Every measured point is drawn; a line joins the medians, a band spans the middle half of the
    points, a dotted line is the fit through the decode steps, a large mark is prefill.
    """
    figure = go.Figure()
    for way in summary.ways:
        _points(figure, timing, way)
        _line(figure, timing, way)
        _fit(figure, timing, way)
        _prefill(figure, timing, way)
    top = _top(summary) * 1e3
    figure.update_xaxes(
        title="tokens in the text when the step is computed",
        showgrid=False,
        zeroline=False,
        range=[timing.start - 2, timing.start + timing.new + max(8, timing.new * 0.26)],
    )
    figure.update_yaxes(title="milliseconds per step", range=[0, top], zeroline=True)
    return theme.dressed(figure, 440)


def beyond(timing: Timing, summary: Summary) -> int:
    """Count the points above the picture's upper edge."""
    return int((timing.seconds[np.isfinite(timing.seconds)] > _top(summary)).sum())


def _top(summary: Summary) -> float:
    """Return the axis' end: a few late steps must not press all others flat."""
    ends = [
        max(float(np.percentile(way.median, 98)), float(np.percentile(way.high, 80)), way.first)
        for way in summary.ways
    ]
    return max(ends, default=1.0) * ROOM


def running_totals(timing: Timing, summary: Summary) -> go.Figure:
    """Draw the seconds until each token was there, with the ratio at the end."""
    figure = go.Figure()
    for way in summary.ways:
        total = np.cumsum(way.median)
        figure.add_scatter(
            name=WAY_NAMES[way.way],
            x=np.arange(1, way.steps + 1),
            y=total,
            mode="lines",
            line={"color": WAY_COLORS[way.way], "width": 3},
            hovertemplate="%{x} tokens after %{y:.3f} s<extra>" + WAY_NAMES[way.way] + "</extra>",
        )
        figure.add_annotation(
            x=way.steps,
            y=float(total[-1]),
            text=f"{WAY_NAMES[way.way]}: {total[-1]:.2f} s",
            showarrow=False,
            xanchor="right",
            yanchor="bottom",
            xshift=-4,
            yshift=4 if way.way == "without" else 6,
            bgcolor="rgba(127,127,127,0.12)",
        )
    figure.update_xaxes(title="tokens written", showgrid=False, rangemode="tozero")
    figure.update_yaxes(title="seconds since the start", rangemode="tozero")
    return theme.dressed(figure, 440)


def _positions(timing: Timing, steps: int) -> np.ndarray:
    return timing.start + np.arange(steps)


def _points(figure: go.Figure, timing: Timing, way: WaySummary) -> None:
    seconds = timing.seconds[WAYS.index(way.way), :, 1 : way.steps]
    places = np.broadcast_to(_positions(timing, way.steps)[1:], seconds.shape)
    there = np.isfinite(seconds)
    figure.add_scatter(
        name=f"{WAY_NAMES[way.way]}, each measurement",
        x=places[there],
        y=seconds[there] * 1e3,
        mode="markers",
        hoverinfo="skip",
        marker={
            "color": WAY_COLORS[way.way],
            "size": 4,
            "opacity": 0.35,
            "symbol": SYMBOLS[way.way],
        },
    )


def _line(figure: go.Figure, timing: Timing, way: WaySummary) -> None:
    places, color = _positions(timing, way.steps)[1:], WAY_COLORS[way.way]
    for name, values, fill in (("high", way.high, None), ("low", way.low, "tonexty")):
        figure.add_scatter(
            name=f"{WAY_NAMES[way.way]}, {name} quartile",
            x=places,
            y=values[1:] * 1e3,
            mode="lines",
            line={"width": 0, "color": color},
            hoverinfo="skip",
            fill=fill,
            fillcolor=_faint(color),
        )
    figure.add_scatter(
        name=f"{WAY_NAMES[way.way]}, median",
        x=places,
        y=way.median[1:] * 1e3,
        mode="lines",
        line={"color": color, "width": 2.5},
        customdata=np.stack([way.low[1:] * 1e3, way.high[1:] * 1e3], axis=1),
        hovertemplate="%{y:.2f} ms (half of the points: %{customdata[0]:.2f} to "
        "%{customdata[1]:.2f})<extra>" + WAY_NAMES[way.way] + "</extra>",
    )
    if way.steps > 1:
        figure.add_annotation(
            x=places[-1],
            y=float(way.median[1:][-3:].mean()) * 1e3,
            showarrow=False,
            text=f"{WAY_NAMES[way.way]}",
            xanchor="left",
            xshift=6,
        )


def _fit(figure: go.Figure, timing: Timing, way: WaySummary) -> None:
    if np.isnan(way.slope):
        return
    ends = _positions(timing, way.steps)[[1, -1]]
    figure.add_scatter(
        name=f"{WAY_NAMES[way.way]}, fit",
        x=ends,
        y=(way.base + way.slope * ends) * 1e3,
        mode="lines",
        line={"color": "rgba(127,127,127,0.9)", "width": 1.5, "dash": "dot"},
        hoverinfo="skip",
    )


def _prefill(figure: go.Figure, timing: Timing, way: WaySummary) -> None:
    figure.add_scatter(
        name=f"{WAY_NAMES[way.way]}, prefill",
        x=[timing.start],
        y=[way.first * 1e3],
        mode="markers",
        marker={
            "color": WAY_COLORS[way.way],
            "size": 13,
            "symbol": SYMBOLS[way.way] + "-open",
            "line_width": 3,
        },
        hovertemplate=f"prefill of {timing.prompt} tokens: %{{y:.2f}} ms<extra>"
        + WAY_NAMES[way.way]
        + "</extra>",
    )


def _faint(color: str) -> str:
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.18)"
