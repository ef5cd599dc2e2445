"""Three lenses side by side: a row for each boundary, a column for each lens."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from components.figures import theme
from components.figures.numbers import percent
from components.figures.once import drawn_once
from components.inspection.layers.three_lenses import LENSES, ThreeLenses


@drawn_once
def lenses_map(found: ThreeLenses, veiled: bool = False) -> go.Figure:
    """Draw what each lens reads after each block, the embedding below. `veiled`: only the logit
    lens, and the last row."""
    z = found.probabilities.T.astype(np.float64)
    rows, columns = z.shape
    hidden = np.zeros(z.shape, bool)
    hidden[:-1, 1:] = veiled
    text = [
        [
            ""
            if hidden[row, lens]
            else f"{theme.label(found.answers[lens][row], 12)} {percent(float(z[row, lens]))}"
            for lens in range(columns)
        ]
        for row in range(rows)
    ]
    hovered = [
        [
            f"{name}, after {boundary.said}<br>{text[row][lens]}<br>"
            f"{theme.label(found.answer)}, the final answer: "
            f"{percent(float(found.of_answer[lens, row]))}, rank {int(found.rank[lens, row]):,}"
            f"<br>KL divergence {found.divergence[lens, row]:.3g} bits"
            for lens, name in enumerate(LENSES.values())
        ]
        for row, boundary in enumerate(found.boundaries)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=np.where(hidden, np.nan, z),
            zmin=0,
            zmax=1,
            colorscale=[list(stop) for stop in theme.ATTENTION],
            xgap=3,
            ygap=2,
            text=text,
            texttemplate="%{text}",
            textfont={"size": theme.SMALLEST},
            hovertext=hovered,
            hovertemplate="%{hovertext}<extra></extra>",
            hoverongaps=False,
            colorbar={
                "thickness": 10,
                "title": "probability",
                "tickvals": [0, 1],
                "ticktext": ["0%", "100%"],
            },
        )
    )
    figure.update_xaxes(
        tickvals=list(range(columns)), ticktext=list(LENSES.values()), title="lens", showgrid=False
    )
    figure.update_yaxes(
        tickvals=list(range(rows)),
        ticktext=[one.name.removeprefix("block ") for one in found.boundaries],
        title="after block",
        showgrid=False,
    )
    return theme.dressed(figure, 380)


def lenses_table(found: ThreeLenses) -> pd.DataFrame:
    """Return a row for each boundary and lens."""
    return pd.DataFrame(
        {
            "after": boundary.name,
            "lens": name,
            "likeliest": theme.visible(found.answers[lens][row]),
            "probability": float(found.probabilities[lens, row]),
            "final answer's": float(found.of_answer[lens, row]),
            "its rank": int(found.rank[lens, row]),
            "KL divergence (bits)": float(found.divergence[lens, row]),
            "on held-out texts (bits)": float(found.held_out[lens, row]),
        }
        for row, boundary in enumerate(found.boundaries)
        for lens, name in enumerate(LENSES.values())
    )
