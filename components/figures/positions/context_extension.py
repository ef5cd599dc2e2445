"""What context extension changes: positions on a line, attention, perplexity of longer texts."""

from typing import Final

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from components.figures import theme
from components.figures.once import drawn_once
from components.inspection.positions.extended_attention import ExtendedAttention
from components.inspection.positions.growth import Growth

COLORS: Final = (
    "#8A8A86",
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#B8860B",
    "#8C6BD1",
)


@drawn_once
def number_line(context: int, length: int, position: int) -> go.Figure:
    """Draw the positions that were trained, those beyond, and where interpolation puts them."""
    figure = go.Figure()
    beyond = max(length, context)
    rows = (
        ("trained", 0, context, theme.QUERY, 2),
        ("never seen", context, beyond, theme.KEY, 2),
        ("interpolated", 0, context, theme.VALUE, 1),
    )
    for words, start, end, color, y in rows:
        if end > start:
            figure.add_scatter(
                x=[start, end],
                y=[y, y],
                mode="lines",
                line={"color": color, "width": 12},
                hovertemplate=f"{words}: {start:,} to {end:,}<extra></extra>",
            )
            figure.add_annotation(
                x=start,
                y=y,
                text=words,
                xanchor="left",
                yshift=18,
                showarrow=False,
                font_size=14,
            )
    to = position * min(1.0, context / beyond)
    figure.add_annotation(
        x=to,
        y=1.12,
        ax=position,
        ay=1.9,
        axref="x",
        ayref="y",
        arrowhead=2,
        arrowwidth=1.5,
        arrowcolor=theme.RESIDUAL,
        text="",
        showarrow=True,
    )
    figure.add_scatter(
        x=[position, to],
        y=[2, 1],
        mode="markers+text",
        text=[f"{position:,}", f"{to:,.1f}"],
        textposition=["bottom center", "bottom center"],
        marker={"color": theme.HIGHLIGHT, "size": 13, "line": {"color": "#FFFFFF", "width": 1.5}},
        hovertemplate="%{x:,.1f}<extra></extra>",
    )
    figure.update_xaxes(title="position", range=[-beyond * 0.02, beyond * 1.03], showgrid=False)
    figure.update_yaxes(visible=False, range=[0.4, 2.8])
    return theme.dressed(figure, 230)


@drawn_once
def attention_change(result: ExtendedAttention) -> go.Figure:
    """Draw one head's attention as trained, extended, and the difference.

    Columns are the tokens of the rows, in the same order, and not named again.
    """
    labels = [theme.label(token) for token in result.tokens]
    places = list(range(len(labels)))
    change = result.changed - result.trained
    limit = max(0.01, float(np.abs(change).max()))
    figure = make_subplots(
        rows=1,
        cols=3,
        shared_yaxes=True,
        horizontal_spacing=0.03,
        subplot_titles=("as trained", "extended", f"change, up to ±{limit:.0%}"),
    )
    for column, z in enumerate((result.trained, result.changed, change), start=1):
        signed = column == 3
        figure.add_heatmap(
            z=z,
            zmin=-limit if signed else 0,
            zmax=limit if signed else 1,
            row=1,
            col=column,
            colorscale=theme.SIGNED if signed else theme.ATTENTION,
            showscale=False,
            customdata=[[(reader, read) for read in labels] for reader in labels],
            hovertemplate="%{customdata[0]} attends to %{customdata[1]}: %{z:"
            + ("+.1%" if signed else ".1%")
            + "}<extra></extra>",
        )
    show = len(labels) <= 40
    ticks = {"tickvals": places if show else None, "ticktext": labels if show else None}
    figure.update_xaxes(showticklabels=False, showgrid=False)
    figure.update_yaxes(**ticks, autorange="reversed", showgrid=False, tickfont_family="monospace")
    figure.update_xaxes(title="key token").update_yaxes(title="query token", col=1)
    height = min(700, max(300, theme.CELL * len(labels) + 80))
    return theme.dressed(figure, height).update_layout(margin=theme.MARGIN | {"t": 36})


def growth_lines(growth: Growth) -> go.Figure:
    """Draw perplexity against the tokens read, one line for each rotation."""
    figure = go.Figure()
    for extension, row, color in zip(
        growth.extensions, growth.perplexity, COLORS[: len(growth.extensions)], strict=True
    ):
        figure.add_scatter(
            x=growth.lengths,
            y=row,
            mode="lines+markers",
            name=extension.name,
            line={"color": color, "width": 2.5},
            hovertemplate=f"{extension.name}<br>%{{x:,}} tokens: perplexity %{{y:.2f}}"
            "<extra></extra>",
        )
    figure.add_vline(
        x=growth.context,
        line={"color": theme.RESIDUAL, "dash": "dash"},
        annotation={"text": f"trained for {growth.context:,}", "yanchor": "bottom", "y": 0.93},
    )
    low, high = float(np.nanmin(growth.perplexity)), float(np.nanmax(growth.perplexity))
    figure.update_xaxes(title="tokens read", showgrid=False, rangemode="tozero")
    figure.update_yaxes(title="perplexity of the same last tokens")
    if high > 8 * low:
        figure.update_yaxes(type="log")
    return theme.with_legend(theme.dressed(figure, 440))
