"""Documents in the rows of a batch, and which token may attend to which."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from components.figures import theme
from components.figures.positions.context_extension import COLORS
from components.inspection.positions.packing import Packing


def packing_rows(packed: Packing) -> go.Figure:
    """Draw each row of the context with the documents in it."""
    figure = go.Figure()
    for row, documents in enumerate(packed.rows):
        start = 0
        for document in documents:
            length = packed.lengths[document]
            figure.add_bar(
                x=[length],
                y=[row],
                base=[start],
                orientation="h",
                text=str(document),
                marker={
                    "color": COLORS[1 + document % (len(COLORS) - 1)],
                    "opacity": 0.85,
                    "line": {"color": "#FFFFFF", "width": 1},
                },
                insidetextanchor="middle",
                textangle=0,
                hovertemplate=f"document {document}: {length} tokens, places {start} to "
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
    ticks = {"tickvals": list(range(len(labels))), "ticktext": labels, "showgrid": False}
    figure.update_xaxes(**ticks, tickangle=-60, tickfont_family="monospace", title="key token")
    figure.update_yaxes(
        **ticks, autorange="reversed", tickfont_family="monospace", title="query token"
    )
    return theme.dressed(figure, min(760, 20 * len(labels) + 120))
