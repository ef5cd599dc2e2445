"""Pictures of a text's surprisal: how unexpected each of its tokens was."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from components.figures import theme
from components.figures.numbers import percent
from components.figures.once import drawn_once
from components.inspection.sampling.perplexity import Surprisals

HEIGHT: Final = 380
FEW: Final = 60
"""Tokens that have room for their names below the bars."""
LINE: Final = {"color": theme.RESIDUAL, "width": 3, "dash": "dot"}


def surprisal_bars(found: Surprisals, first: int, last: int) -> go.Figure:
    """Draw the surprisal of tokens `first` up to `last` in bits, and its mean so far.

    2 to the power of the mean is the perplexity, so one axis serves both.
    """
    bits = found.surprisal.astype(np.float64) / np.log(2)
    scored = ~np.isnan(bits)
    mean = np.cumsum(np.where(scored, bits, 0)) / np.maximum(np.cumsum(scored), 1)
    places = list(range(first, last))
    figure = go.Figure(
        [
            _bars(found, places),
            go.Scatter(
                name="mean so far",
                x=places,
                y=[mean[i] if scored[i] else None for i in places],
                mode="lines",
                line=LINE,
                customdata=np.exp2(np.minimum(mean[first:last], 1000)),
                hovertemplate="mean so far %{y:.2f} bits: perplexity %{customdata:,.4~g}"
                "<extra></extra>",
            ),
        ]
    )
    figure.update_layout(bargap=0.15)
    figure.update_yaxes(title="surprisal (bits)", rangemode="tozero")
    figure.update_xaxes(**_named(found, places))
    return theme.with_legend(theme.dressed(figure, HEIGHT))


@drawn_once
def two_texts(above: Surprisals, below: Surprisals) -> go.Figure:
    """Draw the surprisal of two texts on one scale, each with its mean as a line."""
    figure = go.Figure()
    most = max(float(np.nanmax(each.surprisal)) for each in (above, below)) / np.log(2)
    for row, found in enumerate((above, below)):
        ends = "" if row == 0 else "2"
        places = list(range(min(FEW, len(found.tokens))))
        figure.add_trace(_bars(found, places).update(xaxis=f"x{ends}", yaxis=f"y{ends}"))
        figure.add_hline(
            y=float(np.nanmean(found.surprisal)) / np.log(2),
            xref=f"x{ends}",
            yref=f"y{ends}",
            line=LINE,
        )
        figure.update_layout(
            {
                f"xaxis{ends}": _named(found, places)
                | {"anchor": f"y{ends}"}
                | ({} if row else {"title": None}),
                f"yaxis{ends}": {
                    "title": "bits",
                    "range": [0, 1.05 * most],
                    "domain": ([0.64, 1], [0.14, 0.5])[row],
                    "anchor": f"x{ends}",
                },
            }
        )
    return theme.dressed(figure.update_layout(bargap=0.15), HEIGHT + 60)


def surprisal_by_hand(shares: Sequence[float]) -> go.Figure:
    """Draw the surprisal of tokens whose probabilities were given, and their mean."""
    bits = -np.log2(np.array(shares))
    figure = go.Figure(
        go.Bar(
            x=list(range(1, len(shares) + 1)),
            y=bits,
            marker_color=theme.NEGATIVE,
            width=0.6,
            customdata=shares,
            hovertemplate="probability %{customdata}<br>%{y:.3f} bits<extra></extra>",
        )
    )
    figure.add_hline(y=float(bits.mean()), line=LINE)
    figure.update_xaxes(title="token number", dtick=1)
    figure.update_yaxes(title="surprisal (bits), dotted: the mean", rangemode="tozero")
    return theme.dressed(figure, 300)


def _bars(found: Surprisals, places: Sequence[int]) -> go.Bar:
    nats: NDArray[np.float64] = found.surprisal.astype(np.float64)
    return go.Bar(
        name="surprisal",
        x=list(places),
        y=nats[list(places)] / np.log(2),
        marker_color=theme.NEGATIVE,
        customdata=[
            (
                theme.label(found.tokens[i]),
                "" if np.isnan(nats[i]) else theme.label(percent(float(np.exp(-nats[i])))),
                int(found.rank[i]),
            )
            for i in places
        ],
        hovertemplate="%{customdata[0]}<br>%{y:.2f} bits (probability %{customdata[1]})"
        "<br>rank %{customdata[2]:,}<extra></extra>",
    )


def _named(found: Surprisals, places: Sequence[int]) -> dict[str, object]:
    few = len(places) <= FEW
    return {
        "tickvals": list(places) if few else None,
        "ticktext": [theme.label(found.tokens[i]) for i in places] if few else None,
        "tickfont_family": "monospace" if few else None,
        "tickangle": -45 if few else 0,
        "title": "token" if few else "token number",
    }
