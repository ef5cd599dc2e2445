"""Documents in the rows of a batch, and which token may attend to which."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import plotly.graph_objects as go

from components.figures import theme
from components.figures.once import drawn_once
from components.figures.positions.context_extension import COLORS
from components.inspection.positions.packing import Packing

NEIGHBOURS: Final = ("#0072B2", "#56B4E9")
"""Two colours that only tell neighbours apart."""
INK: Final = ("#FFFFFF", "#1D1D1B")
"""What is written on them."""


@drawn_once
def packing_rows(packed: Packing) -> go.Figure:
    """Draw each row of the context with the lengths of the documents in it."""
    figure = go.Figure()
    for row, documents in enumerate(packed.rows):
        start = 0
        for place, document in enumerate(documents):
            length = packed.lengths[document]
            figure.add_bar(
                x=[length],
                y=[row],
                base=[start],
                orientation="h",
                text=f"{length:,}",
                marker={
                    "color": NEIGHBOURS[place % 2],
                    "line": {"color": "#FFFFFF", "width": 1},
                },
                insidetextanchor="middle",
                insidetextfont={"size": theme.SMALLEST, "color": INK[place % 2]},
                textangle=0,
                hovertemplate=f"document {document}: {length:,} tokens, places {start} to "
                f"{start + length - 1}<extra></extra>",
            )
            start += length
    figure.add_vline(
        x=packed.row,
        line={"color": theme.RESIDUAL, "dash": "dash"},
        annotation={
            "text": f"{packed.row:,} tokens",
            "yanchor": "bottom",
            "xanchor": "right",
            "y": 1.0,
        },
    )
    figure.update_layout(barmode="overlay", bargap=0.25)
    figure.update_xaxes(title="position in the row", range=[0, packed.row * 1.02], showgrid=False)
    figure.update_yaxes(
        title="row", autorange="reversed", tickvals=list(range(len(packed.rows))), showgrid=False
    )
    return theme.dressed(figure, min(520, 90 + 30 * len(packed.rows)))


@drawn_once
def mask_map(mask: np.ndarray, document: Sequence[int], tokens: Sequence[str]) -> go.Figure:
    """Draw which token may attend to which, in the colour of its document."""
    owner = np.where(mask, np.asarray(document)[:, None] + 1, 0).astype(float)
    count = max(document) + 1
    steps = [
        "rgba(138, 138, 134, 0.10)",
        *(COLORS[1 + d % (len(COLORS) - 1)] for d in range(count)),
    ]
    scale = []
    for at, color in enumerate(steps):
        scale += [(at / len(steps), color), ((at + 1) / len(steps), color)]
    labels = [theme.label(token) for token in tokens]
    said = [
        [(a, b, "attends to" if mask[i, j] else "does not attend to") for j, b in enumerate(labels)]
        for i, a in enumerate(labels)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=owner,
            zmin=-0.5,
            zmax=count + 0.5,
            colorscale=scale,
            showscale=False,
            xgap=1,
            ygap=1,
            customdata=said,
            hovertemplate="%{customdata[0]} %{customdata[2]} %{customdata[1]}<extra></extra>",
        )
    )
    owners = np.asarray(document)
    centres = [float(np.flatnonzero(owners == each).mean()) for each in range(count)]
    figure.update_xaxes(
        tickvals=centres,
        ticktext=[str(each) for each in range(count)],
        showgrid=False,
        title="key token, by document",
    )
    figure.update_yaxes(
        tickvals=list(range(len(labels))),
        ticktext=labels,
        showgrid=False,
        autorange="reversed",
        tickfont_family="monospace",
        title="query token",
    )
    return theme.dressed(figure, min(660, 20 * len(labels) + 80))
