"""Pictures of drawing one token, and of many draws."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from components.figures import theme
from components.figures.once import drawn_once
from components.inspection.sampling.draws import Draws
from components.inspection.sampling.generation import Step

BARS = 14
CANDIDATES = 10
ENOUGH = 0.995
"""Rows end where those shown hold so much of the probability, if there are `FEWEST`."""
FEWEST = 5
PERCENT = ".3~%"
"""Percent with no more digits than the number needs."""
LINE = 120
"""Pixels for the line from 0 to 1, its numbers and its name."""
LETTERS = 64
"""Letters that the whole line from 0 to 1 has room for."""


def enough(*shares: Sequence[float] | NDArray[np.float64]) -> int:
    """Return how many of the first rows hold `ENOUGH` of the probability in each of `shares`.

    >>> enough([0.9, 0.05, 0.02, 0.01, 0.01, 0.006, 0.004])
    6
    """
    ends = [int(np.searchsorted(np.cumsum(each), ENOUGH)) + 1 for each in shares]
    return max(FEWEST, *ends)


@drawn_once
def why_taken(step: Step) -> go.Figure:
    """Draw where the random number fell, if there is one, and below it the candidates."""
    bars = candidate_bars(step)
    if step.number is None:
        return bars
    line = draw_line(step)
    for trace in line.data:
        trace.update(xaxis="x2", yaxis="y2")
    for mark in (*line.layout.shapes, *line.layout.annotations):
        mark.update(xref="x2", yref=str(mark.yref).replace("y", "y2", 1))
    rows = len(bars.data[0].y) * theme.CELL
    whole = rows + LINE
    figure = go.Figure([*bars.data, *line.data], bars.layout)
    figure.update_layout(
        bargap=0,
        yaxis_domain=[0, rows / whole],
        xaxis2=line.layout.xaxis.to_plotly_json() | {"anchor": "y2"},
        yaxis2=line.layout.yaxis.to_plotly_json()
        | {"anchor": "x2", "domain": [1 - LINE * 0.34 / whole, 1]},
        shapes=line.layout.shapes,
        annotations=line.layout.annotations,
    )
    return theme.dressed(figure, whole + 75)


def candidate_bars(step: Step) -> go.Figure:
    """Draw what could have been taken: each token's share before and after the settings."""
    likeliest = step.candidates[:CANDIDATES]
    rows = enough([each.before for each in likeliest], [each.after for each in likeliest])
    shown = list(likeliest[:rows])
    if step.chosen not in shown:
        shown.append(step.chosen)
    labels = [theme.label(each.text) for each in shown]
    places = list(range(len(shown)))
    hover = [
        f"{label}<br>rank {each.rank:,}<br>before {each.before:.4%}<br>after {each.after:.4%}"
        for label, each in zip(labels, shown, strict=True)
    ]
    taken = [theme.HIGHLIGHT if each == step.chosen else theme.PROBABILITY for each in shown]
    figure = go.Figure(
        [
            go.Bar(
                name="before",
                x=[each.before for each in shown],
                y=places,
                orientation="h",
                marker_color="rgba(138, 138, 134, 0.45)",
                width=0.86,
                hovertext=hover,
                hovertemplate="%{hovertext}<extra></extra>",
            ),
            go.Bar(
                name="after",
                x=[each.after for each in shown],
                y=places,
                orientation="h",
                marker_color=taken,
                width=0.5,
                hovertext=hover,
                hovertemplate="%{hovertext}<extra></extra>",
            ),
        ]
    )
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(
        title="probability: grey by the model, coloured after the settings", tickformat=PERCENT
    )
    figure.update_yaxes(
        tickvals=places,
        ticktext=labels,
        autorange="reversed",
        showgrid=False,
        tickfont_family="monospace",
    )
    return theme.dressed(figure, theme.CELL * len(shown) + 90)


def draw_line(step: Step) -> go.Figure:
    """Lay the tokens left end to end from 0 to 1, and mark where the random number fell."""
    left = sorted((each for each in step.candidates if each.after > 0), key=lambda each: each.low)
    # The faint ground stands for the tokens too many to show.
    figure = go.Figure(
        go.Bar(
            x=[1],
            y=[0],
            orientation="h",
            hoverinfo="skip",
            marker={"color": theme.PROBABILITY_FAINT, "line_width": 0},
        )
    )
    names = [theme.label(each.text) for each in left]
    wide = [each.high - each.low for each in left]
    colors = [theme.PROBABILITY, "rgba(15, 139, 141, 0.62)"]
    figure.add_bar(
        x=wide,
        base=[each.low for each in left],
        y=[0] * len(left),
        orientation="h",
        marker={
            "color": [
                theme.HIGHLIGHT if each == step.chosen else colors[place % 2]
                for place, each in enumerate(left)
            ],
            "line_width": 0,
        },
        text=[
            name if share * LETTERS > len(name) else ""
            for name, share in zip(names, wide, strict=True)
        ],
        textposition="inside",
        insidetextanchor="middle",
        textfont={
            "family": "monospace",
            "color": ["#1D1D1B" if each == step.chosen else "#FFFFFF" for each in left],
        },
        hovertemplate=[
            f"{name}<br>{each.low:.4f} to {each.high:.4f}<extra></extra>"
            for name, each in zip(names, left, strict=True)
        ],
    )
    if step.number is not None:
        figure.add_vline(x=step.number, line={"width": 2, "color": theme.KEY})
        figure.add_annotation(
            x=step.number,
            y=0.62,
            yref="y",
            text=f"{step.number:.4f}",
            showarrow=False,
            yshift=12,
            xanchor="left" if step.number < 0.9 else "right",
        )
    figure.update_layout(barmode="overlay", bargap=0)
    figure.update_xaxes(range=[0, 1], title="cumulative probability, likeliest first")
    figure.update_yaxes(visible=False, range=[-0.5, 0.95])
    return theme.dressed(figure, 130)


def draws_against_exact(draws: Draws, texts: Mapping[int, str]) -> go.Figure:
    """Draw how often each of the likeliest tokens came up beside how often it should.

    The whiskers span two standard deviations of such a count: 19 of 20 should be inside.
    """
    order = np.argsort(-draws.probabilities, kind="stable")[:BARS]
    order = order[: enough(draws.probabilities[order])]
    order = order[draws.probabilities[order] > 0]
    share = draws.probabilities[order]
    seen = draws.counts[order] / draws.drawn
    spread = 2 * draws.deviation(draws.drawn)[order]
    labels = [theme.label(texts.get(int(token), f"#{token}")) for token in order]
    places = list(range(len(order)))
    figure = go.Figure(
        [
            go.Bar(
                name="relative frequency",
                x=seen,
                y=places,
                orientation="h",
                marker_color=theme.PROBABILITY,
                width=0.7,
                customdata=draws.counts[order],
                hovertemplate="drawn %{customdata} times: %{x:.3%}<extra></extra>",
            ),
            go.Scatter(
                name="probability, with two standard deviations",
                x=share,
                y=places,
                mode="markers",
                marker={"symbol": "line-ns-open", "size": 16, "color": theme.KEY, "line_width": 3},
                error_x={"type": "data", "array": spread, "color": theme.KEY, "thickness": 1.5},
                hovertemplate="exactly %{x:.3%}<extra></extra>",
            ),
        ]
    )
    figure.update_xaxes(
        title="relative frequency, probability",
        tickformat=PERCENT,
        rangemode="tozero",
    )
    figure.update_yaxes(
        tickvals=places,
        ticktext=labels,
        autorange="reversed",
        showgrid=False,
        tickfont_family="monospace",
    )
    return theme.with_legend(theme.dressed(figure, theme.CELL * len(order) + 120))
