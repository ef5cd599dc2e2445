"""Grids of attributions: how far methods agree, and a sequence token by token."""

import numpy as np
import plotly.graph_objects as go

from components.figures import theme
from components.figures.attribution import LABEL, ROOMY, name_features, numbers, short
from components.figures.once import drawn_once
from components.inspection.attribution.agreement import Agreement
from components.inspection.attribution.digits import with_error
from components.inspection.attribution.phrase import PhraseAttribution


def agreement_grid(found: Agreement) -> go.Figure:
    """Draw the rank correlation of every two rankings."""
    figure = go.Figure(
        go.Heatmap(
            x=list(found.names),
            y=list(found.names),
            z=found.correlation,
            zmin=-1,
            zmax=1,
            colorscale=theme.SIGNED,
            xgap=2,
            ygap=2,
            texttemplate="%{z:.2f}",
            hovertemplate="%{y} and %{x}: %{z:.3f}<extra></extra>",
            colorbar={"title": "Spearman", "thickness": 12},
        )
    )
    figure.update_xaxes(showgrid=False, tickangle=-30, title={"text": "ranking", "standoff": 20})
    figure.update_yaxes(autorange="reversed", showgrid=False, title="ranking")
    return theme.dressed(figure, min(44 * len(found.names) + 220, 440))


@drawn_once
def phrase_table(found: PhraseAttribution) -> go.Figure:
    """Draw a row for each token of the sequence, a column for each token of the prompt."""
    labels = [short(token) for token in found.tokens]
    rows = [short(token) for token in found.phrase]
    most = float(np.abs(found.scores).max(initial=1e-9))
    few = found.scores.shape[1] <= 22
    sure = np.full(found.scores.shape, np.nan) if found.errors is None else found.errors
    told = [
        [with_error(float(a), float(b)) for a, b in zip(scores, errors, strict=True)]
        for scores, errors in zip(found.scores, sure, strict=True)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=found.scores,
            zmin=-most,
            zmax=most,
            colorscale=theme.SIGNED,
            xgap=1,
            ygap=2,
            customdata=[
                [(row, label, long) for label, long in zip(labels, line, strict=True)]
                for row, line in zip(rows, told, strict=True)
            ],
            hovertemplate="%{customdata[1]} → %{customdata[0]}: %{customdata[2]} nats"
            "<extra></extra>",
            text=[
                numbers(row, known.tolist(), most=most, roomy=len(rows) <= ROOMY)
                for row, known in zip(found.scores.astype(float), sure, strict=True)
            ]
            if few
            else None,
            texttemplate="%{text}" if few else None,
            colorbar={"title": "nats", "thickness": 12},
        )
    )
    name_features(figure, labels)
    figure.update_xaxes(title="token of the prompt")
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=rows,
        autorange="reversed",
        showgrid=False,
        title="token of the sequence",
        tickfont=LABEL,
    )
    # Sixteen rows, the most there are, need a little more than the others.
    return theme.dressed(figure, min(44 * len(rows) + 200, max(420, 17 * len(rows) + 200)))
