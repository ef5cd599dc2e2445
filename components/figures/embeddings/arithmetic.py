"""The tokens nearest to a - b + c, as bars."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from components.figures import theme
from components.figures.once import drawn_once
from components.inspection.embeddings.arithmetic import MOST, Arithmetic


@drawn_once
def ranking_bars(found: Arithmetic, left_out: bool) -> go.Figure:
    """Draw the nearest tokens, the words themselves in another colour, or left out."""
    kept = np.flatnonzero(~found.own if left_out else np.ones_like(found.own))[:MOST]
    figure = go.Figure(
        go.Bar(
            x=found.cosines[kept],
            y=np.arange(len(kept), dtype=np.int32),
            orientation="h",
            marker_color=[theme.HIGHLIGHT if found.own[at] else theme.QUERY for at in kept],
            hovertemplate="cosine %{x:.4f}<extra></extra>",
        )
    )
    figure.update_xaxes(title="cosine with the sum")
    figure.update_yaxes(
        tickvals=list(range(len(kept))),
        ticktext=[theme.label(found.tokens[at], 20) for at in kept],
        tickfont_family="monospace",
        autorange="reversed",
        showgrid=False,
        title="token",
    )
    return theme.dressed(figure, 440)


def ranking_table(found: Arithmetic) -> pd.DataFrame:
    """Return the ranking, with the words themselves marked."""
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(found.ids) + 1),
            "token": found.tokens,
            "id": found.ids,
            "cosine": found.cosines,
            "one of the words": found.own,
        }
    )
