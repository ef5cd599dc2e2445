"""Pictures of what temperature does to a distribution."""

from collections.abc import Sequence

import plotly.graph_objects as go

from components.figures import theme
from components.figures.once import drawn_once
from components.inspection.sampling.temperature import TemperatureCurve

HUES = (theme.PROBABILITY, theme.QUERY, theme.VALUE, theme.KEY, "#CC79A7", "#B8860B")
HEIGHT = 400
TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5)


@drawn_once
def temperature_lines(found: TemperatureCurve, names: Sequence[str], marked: float) -> go.Figure:
    """Draw each token's probability above, the entropy below, over temperature; mark one."""
    figure = go.Figure()
    for name, row, hue in zip(names, found.probabilities.T, HUES, strict=True):
        label = theme.label(name)
        figure.add_scatter(
            x=found.temperatures,
            y=row,
            name=label,
            line={"color": hue, "width": 2.5},
            hovertemplate=f"{label}<br>temperature %{{x:.2f}}: %{{y:.1%}}<extra></extra>",
        )
    figure.add_scatter(
        x=found.temperatures,
        y=found.entropy,
        yaxis="y2",
        line={"color": theme.RESIDUAL, "width": 2.5},
        showlegend=False,
        hovertemplate="temperature %{x:.2f}: %{y:.2f} bits<extra></extra>",
    )
    figure.add_vline(marked, line={"color": theme.HIGHLIGHT, "width": 2})
    figure.update_xaxes(
        type="log",
        title="temperature (log scale)",
        tickvals=TICKS,
        ticktext=[f"{each:g}" for each in TICKS],
        anchor="y2",
    )
    figure.update_layout(
        yaxis={"title": "probability", "tickformat": ".0%", "domain": [0.42, 1], "range": [0, 1]},
        yaxis2={
            "title": "entropy (bits)",
            "domain": [0, 0.32],
            "range": [0, 1.05 * found.most],
            "anchor": "x",
        },
    )
    return theme.with_legend(theme.dressed(figure, HEIGHT))
