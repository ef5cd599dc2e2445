"""Where the time goes: positions, operations, the machine's roof."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from components.figures import theme
from components.figures.kv_cache import WITH, WITHOUT
from components.figures.once import drawn_once
from components.inspection.kv_cache.arithmetic import Shares, positions
from components.inspection.kv_cache.roofline import Roofline

READ = "rgba(230, 159, 0, 0.22)"


@drawn_once
def positions_grid(start: int, new: int) -> go.Figure:
    """Draw for each step which positions are computed and which are looked up."""
    steps, last = np.arange(new)[:, None], start + new - 1
    place = np.arange(last)[None]
    there = place < start + steps
    computed = there & ((steps == 0) | (place == start + steps - 1))
    titles = [
        f"with the cache<br>{positions(start, new, 'with'):,} computed",
        f"without<br>{positions(start, new, 'without'):,} computed",
    ]
    figure = make_subplots(
        cols=2, subplot_titles=titles, shared_yaxes=True, horizontal_spacing=0.05
    )
    grids = (np.where(computed, 2, np.where(there, 1, 0)), np.where(there, 2, 0))
    for column, grid in enumerate(grids, start=1):
        full = WITH if column == 1 else WITHOUT
        figure.add_heatmap(
            z=grid,
            zmin=0,
            zmax=2,
            showscale=False,
            xgap=1 if last <= 90 else 0,
            ygap=1 if new <= 40 else 0,
            colorscale=[
                [0, "rgba(0,0,0,0)"],
                [0.33, "rgba(0,0,0,0)"],
                [0.33, READ],
                [0.67, READ],
                [0.67, full],
                [1, full],
            ],
            customdata=np.array(["not there yet", "looked up", "computed"])[grid],
            hovertemplate="step %{y}, position %{x}: %{customdata}<extra></extra>",
            row=1,
            col=column,
        )
    figure.update_xaxes(title="position", showgrid=False, zeroline=False)
    figure.update_yaxes(autorange="reversed", showgrid=False, zeroline=False)
    figure.update_yaxes(title="step", col=1)
    return theme.dressed(figure, 420).update_layout(margin={**theme.MARGIN, "t": 54})


@drawn_once
def roofline_chart(found: Roofline) -> go.Figure:
    """Draw the rates reached against operations per byte, below what the machine can do."""
    reached = [each.intensity for each in found.passes]
    low = min(*reached, found.ridge) / 4
    high = max(*reached, found.ridge) * 4
    line = np.geomspace(low, high, 60)
    figure = go.Figure()
    figure.add_scatter(
        name="roof",
        x=line,
        y=[found.roof(each) / 1e9 for each in line],
        mode="lines",
        line={"color": theme.RESIDUAL, "width": 3},
        hovertemplate="at most %{y:,.1f} GFLOP/s<extra></extra>",
    )
    for text, x, side, above in (
        (f"flat: {found.matrix_rate / 1e9:,.0f} GFLOP/s of matrix products", high, "right", True),
        (f"slope: {found.copy_rate / 1e9:,.1f} GB/s of copying", low, "left", False),
    ):
        figure.add_annotation(
            x=np.log10(x),
            y=np.log10(found.roof(x) / 1e9),
            text=text,
            showarrow=False,
            xanchor=side,
            yanchor="bottom" if above else "top",
            xshift=0 if above else 16,
            yshift=4 if above else -4,
        )
    symbols = ("circle-open", "circle", "diamond")
    colors = (WITH, WITH, WITHOUT)
    sides = ("bottom left", "middle right", "bottom left")
    for each, symbol, color, side in zip(found.passes, symbols, colors, sides, strict=True):
        figure.add_scatter(
            name=each.done.name,
            x=[each.intensity],
            y=[each.rate / 1e9],
            mode="markers+text",
            text=[f" {each.done.name} "],
            textposition=side,
            marker={"color": color, "size": 15, "symbol": symbol, "line_width": 3},
            hovertemplate=f"{each.done.name}: {each.seconds * 1e3:.2f} ms<br>"
            f"{each.done.operations / 1e6:,.1f} MFLOP, {each.done.matrix_bytes / 1e6:,.1f} MB<br>"
            "%{x:.2f} FLOP/byte, %{y:.2f} GFLOP/s<extra></extra>",
        )
    rates = [each.rate / 1e9 for each in found.passes]
    figure.update_xaxes(
        title="arithmetic intensity (operations per byte)",
        type="log",
        dtick=1,
        range=[np.log10(low), np.log10(high)],
    )
    figure.update_yaxes(
        title="GFLOP/s",
        type="log",
        dtick=1,
        range=[
            np.log10(min(*rates, found.roof(low) / 1e9)) - 0.5,
            np.log10(max(*rates, found.matrix_rate / 1e9)) + 0.75,
        ],
    )
    return theme.dressed(figure, 420)


def pass_times(found: Roofline) -> go.Figure:
    """Draw how long a pass takes against the positions in it, and a step with the cache."""
    x, y = np.array(found.lengths), np.array(found.seconds) * 1e3
    figure = go.Figure()
    figure.add_scatter(
        name="a pass without a cache",
        x=x,
        y=y,
        mode="lines+markers",
        line={"color": WITHOUT, "width": 2},
        marker={"symbol": "diamond", "size": 9},
        hovertemplate="%{x} positions: %{y:.2f} ms<extra></extra>",
    )
    proportional = y[0] * x
    inside = proportional <= y.max() * 1.2
    ends = [1, float(min(x[-1], y.max() * 1.2 / y[0]))]
    figure.add_scatter(
        name="if time went with positions",
        x=ends,
        y=[y[0], y[0] * ends[1]],
        mode="lines",
        line={"color": theme.NEGATIVE, "width": 1.5, "dash": "dot"},
        hoverinfo="skip",
    )
    figure.add_annotation(
        x=ends[1],
        y=y[0] * ends[1],
        text="if time went<br>with positions",
        showarrow=False,
        xanchor="left" if inside.sum() < len(x) else "right",
        xshift=8,
        font={"color": theme.NEGATIVE},
        yanchor="top",
    )
    step = found.passes[1]
    figure.add_scatter(
        name=step.done.name,
        x=[1],
        y=[step.seconds * 1e3],
        mode="markers",
        marker={"color": WITH, "size": 14},
        hovertemplate="a step with the cache: %{y:.2f} ms<extra></extra>",
    )
    figure.add_annotation(
        x=1,
        y=step.seconds * 1e3,
        text="a step with the cache",
        showarrow=False,
        xanchor="left",
        xshift=8,
        yanchor="top",
        yshift=-12,
    )
    figure.update_xaxes(title="positions in the pass", rangemode="tozero", showgrid=False)
    figure.update_yaxes(title="milliseconds", range=[0, y.max() * 1.25])
    return theme.dressed(figure, 420)


def first_positions(step: float, more: float, average: float) -> go.Figure:
    """Draw the seconds of a pass of 1 to `average` positions: `step`, and `more` for each more."""
    figure = go.Figure()
    figure.add_scatter(
        x=[1, average],
        y=[step * 1e3, (step + more * (average - 1)) * 1e3],
        mode="lines+markers",
        line={"color": WITHOUT, "width": 2},
        marker={"size": 12, "color": [WITH, WITHOUT], "symbol": ["circle", "diamond"]},
        hovertemplate="%{x:.1f} positions: %{y:.0f} ms<extra></extra>",
    )
    for x, y, text, side in (
        (1, step, "with the cache: one position", "left"),
        (average, step + more * (average - 1), "without, on average", "right"),
    ):
        figure.add_annotation(
            x=x,
            y=y * 1e3,
            text=text,
            showarrow=False,
            xanchor=side,
            yanchor="top" if side == "left" else "bottom",
            xshift=10 if side == "left" else -10,
        )
    figure.update_xaxes(title="positions in the pass", rangemode="tozero", showgrid=False)
    figure.update_yaxes(title="milliseconds", rangemode="tozero")
    return theme.dressed(figure, 340)


@drawn_once
def share_areas(found: Shares) -> go.Figure:
    """Draw a token's operations in one block against the length, and where they cross."""
    figure = go.Figure()
    flat = np.ones(len(found.lengths))
    for name, values, color in (
        ("MLP", found.mlp * flat, "#B9B9B5"),
        ("projections", found.projections * flat, "#9A9A96"),
        ("scores and weighted sum", found.scores_and_sum, "#B3A0D8"),
    ):
        figure.add_scatter(
            name=name,
            x=found.lengths,
            y=values / 1e6,
            stackgroup="one",
            mode="lines",
            line={"width": 0.5, "color": color},
            fillcolor=color,
            hovertemplate=name + ": %{y:,.2f} MFLOP<extra></extra>",
        )
    longest = int(found.lengths[-1])
    for length, says in (
        (found.equals_projections, "as much as the projections"),
        (found.equals_weights, "as much as all weights"),
    ):
        if length < longest:
            figure.add_vline(x=length, line={"dash": "dash", "width": 1, "color": theme.RESIDUAL})
            figure.add_annotation(
                x=length,
                y=1,
                yref="paper",
                text=f"{says}<br>at {length:,.0f}",
                showarrow=False,
                xanchor="right" if length > longest * 0.6 else "left",
                yanchor="top",
                align="left",
            )
    top = float(found.mlp + found.projections)
    for text, y in (("MLP", found.mlp / 2), ("projections", found.mlp + found.projections / 2)):
        figure.add_annotation(
            x=longest * 0.03,
            y=y / 1e6,
            text=f"{text}",
            showarrow=False,
            xanchor="left",
            font={"color": "#1D1D1B"},
        )
    figure.add_annotation(
        x=longest * 0.97,
        y=(top + float(found.scores_and_sum[-1]) * 0.35) / 1e6,
        showarrow=False,
        text="scores and weighted sum",
        xanchor="right",
        font={"color": "#1D1D1B"},
    )
    figure.update_xaxes(title="tokens before it", showgrid=False, range=[0, longest])
    figure.update_yaxes(title="MFLOP in a block", rangemode="tozero")
    return theme.dressed(figure, 420)
