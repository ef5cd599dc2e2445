"""One attention score as a map of what met what; the scores of its row; and a table."""

from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from components.figures import theme
from components.figures.layers.signed_map import signed_map
from components.figures.once import drawn_once
from components.inspection.layers.score_parts import ScoreParts

MOST: Final = 9
"""Parts of each side that are drawn by themselves; the others are summed."""
HEIGHT: Final = 440
OTHERS: Final = "others"


@drawn_once
def parts_map(found: ScoreParts) -> go.Figure:
    """Draw a row for each part of the query's side, a column for each of the key's.

    Sums stand with the names; parts that matter least to either side are summed into one.
    """
    matrix = found.matrix.astype(np.float64)
    rows, row_names = _gathered(matrix, found)
    shown, column_names = _gathered(rows.T, found)
    z = shown.T
    figure = go.Figure(
        signed_map(
            z,
            "added",
            [[(row, column) for column in column_names] for row in row_names],
            "%{customdata[0]} met %{customdata[1]}: %{z:+.4f}<extra></extra>",
        )
    )
    query, key = (theme.label(found.tokens[at]) for at in (found.query, found.key))
    figure.update_xaxes(
        title=f"written at the key token {key}",
        tickvals=list(range(len(column_names))),
        ticktext=[f"{name}  {by:+.2f}" for name, by in zip(column_names, z.sum(0), strict=True)],
        tickangle=-90,
        showgrid=False,
    )
    figure.update_yaxes(
        title=f"written at the query token {query}",
        tickvals=list(range(len(row_names))),
        ticktext=[f"{name}  {by:+.2f}" for name, by in zip(row_names, z.sum(1), strict=True)],
        autorange="reversed",
        showgrid=False,
    )
    return theme.dressed(figure, HEIGHT)


def _gathered(matrix: np.ndarray, found: ScoreParts) -> tuple[np.ndarray, list[str]]:
    """Return the rows that matter most in their order, the others summed in one more; and names."""
    names = [part.short for part in found.parts]
    there = [row for row in range(len(matrix)) if np.abs(matrix[row]).any()]
    weight = np.abs(matrix).sum(1)
    kept = sorted(sorted(there, key=lambda row: -weight[row])[:MOST]) or [0]
    rest = [row for row in there if row not in kept]
    rows = [matrix[row] for row in kept] + ([matrix[rest].sum(0)] if rest else [])
    others = [f"{len(rest)} {OTHERS}"] if rest else []
    return np.stack(rows), [names[row] for row in kept] + others


@drawn_once
def score_bars(found: ScoreParts) -> go.Figure:
    """Draw the scores of the query token with each key token, the one asked about in colour."""
    names = [theme.label(token) for token in found.tokens]
    figure = go.Figure(
        go.Bar(
            x=list(range(len(names))),
            y=found.scores,
            marker_color=[
                theme.KEY if place == found.key else theme.RESIDUAL for place in range(len(names))
            ],
            customdata=names,
            hovertemplate="%{customdata}: %{y:.3f}<extra></extra>",
        )
    )
    figure.update_xaxes(
        title="key token",
        tickvals=list(range(len(names))) if len(names) <= 40 else None,
        ticktext=names if len(names) <= 40 else None,
        tickangle=-60,
        showgrid=False,
        tickfont_family="monospace",
    )
    figure.update_yaxes(title="score before the softmax", zeroline=True)
    return theme.dressed(figure, HEIGHT)


def parts_table(found: ScoreParts) -> pd.DataFrame:
    """Return the whole matrix: a row for each part of the query's side."""
    names = [part.short for part in found.parts]
    table = pd.DataFrame(found.matrix, columns=names)
    table.insert(0, "query side", names)
    table["sum"] = found.matrix.sum(1)
    return table
