"""The residual stream: its norms, what is written to it, its likeness, and life without it."""

from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from components.figures import theme
from components.figures.attention.axes import token_axis
from components.figures.once import drawn_once
from components.figures.visible import label
from components.inspection.layers.fact import NAMES, PartName
from components.inspection.layers.residual_stream import ResidualStream
from components.inspection.layers.residual_stream_similarity import StreamSimilarity
from components.inspection.layers.without_residual import WithoutResidual

HEIGHT: Final = 440
INKS: Final[dict[PartName, str]] = {
    "attention": theme.PARTS["attention"],
    "cross": "#CC79A7",
    "mlp": theme.PARTS["MLP"],
}
"""Each is told from the ground on a light page and on a dark one."""
WIDE_RANGE: Final = 10.0
"""From so many times the median on, norms are drawn on a logarithmic scale."""
MOST_WRITTEN: Final = 12
"""With more rows or columns no numbers stand in the cells."""
MOST_NAMED: Final = 16
BOUNDARY: Final = "boundary (0: the embedding)"


@drawn_once
def norm_map(found: ResidualStream, known: bool = True) -> go.Figure:
    """Draw the norm of the stream: a row for each boundary from below, a column for each token.

    Unless `known`, only what enters the first block.
    """
    norms = found.norms.astype(np.float64)
    shown = norms if known else np.where(np.arange(len(norms))[:, None] == 0, norms, np.nan)
    wide = is_wide(norms)
    few = norms.shape[1] <= MOST_WRITTEN and len(norms) <= MOST_WRITTEN
    low, high = float(norms.min()), float(norms.max())
    figure = go.Figure(
        go.Heatmap(
            z=np.log10(np.maximum(shown, 1e-30)) if wide else shown,
            zmin=np.log10(max(low, 1e-30)) if wide else 0,
            zmax=np.log10(high) if wide else high,
            colorscale=theme.STRENGTH,
            xgap=1 if few else 0,
            ygap=1 if few else 0,
            text=[["" if np.isnan(one) else short(one) for one in row] for row in shown],
            texttemplate="%{text}" if few else None,
            textfont={"size": theme.SMALLEST},
            customdata=np.broadcast_to(np.array([label(t) for t in found.tokens]), norms.shape),
            colorbar={"thickness": 10, "title": "norm"} | (_marks(low, high) if wide else {}),
            hovertemplate="boundary %{y}, %{customdata}: norm %{text}<extra></extra>",
        )
    )
    figure.update_xaxes(token_axis(found.tokens, 0, "token", MOST_NAMED))
    figure.update_yaxes(title=BOUNDARY, showgrid=False, tickvals=_ticks(len(norms)))
    return theme.dressed(figure, HEIGHT)


def is_wide(norms: np.ndarray) -> bool:
    """Say whether some norm is so much larger than most that it would drown the others."""
    return float(norms.max()) > WIDE_RANGE * float(np.median(norms))


def _marks(low: float, high: float) -> dict[str, Any]:
    """Return the marks of a scale of colours whose numbers are logarithms."""
    steps = [10.0**power for power in range(-6, 9) if low <= 10.0**power <= high]
    steps = steps if len(steps) > 1 else [low, high * (1 - 1e-9)]
    return {"tickvals": np.log10(steps).tolist(), "ticktext": [short(each) for each in steps]}


def _ticks(count: int) -> list[int]:
    return list(range(0, count, max(1, count // 12)))


@drawn_once
def write_lines(found: ResidualStream, token: int, cosines: bool) -> go.Figure:
    """Draw for each layer what each part writes at a token: its norm, or its cosine with the
    stream that it is added to; a dot is a head."""
    figure, named = go.Figure(), "cosine" if cosines else "norm"
    if not cosines:
        figure.add_scatter(
            x=np.arange(len(found.norms) - 1),
            y=found.norms[:-1, token],
            mode="lines",
            name="stream",
            line={"color": theme.RESIDUAL, "width": 4},
            hovertemplate="stream into layer %{x}: norm %{y:.3f}<extra></extra>",
        )
    if found.heads is not None:
        values = (found.heads.cosines if cosines else found.heads.norms)[:, :, token]
        layers, heads = values.shape
        figure.add_scatter(
            x=np.repeat(np.arange(layers), heads),
            y=values.reshape(-1),
            mode="markers",
            name="one head",
            marker={"color": INKS["attention"], "size": 6, "opacity": 0.55},
            customdata=np.tile(np.arange(heads), layers),
            hovertemplate=f"layer %{{x}}, head %{{customdata}}: {named} %{{y:.3f}}<extra></extra>",
        )
    for name, rows in (found.cosines if cosines else found.writes).items():
        figure.add_scatter(
            x=np.arange(len(rows)),
            y=rows[:, token],
            mode="lines+markers",
            name=NAMES[name],
            line={"color": INKS[name], "width": 2},
            marker={"color": INKS[name], "size": 8},
            hovertemplate=f"layer %{{x}}, {NAMES[name]}: {named} %{{y:.3f}}<extra></extra>",
        )
    figure.update_xaxes(title="layer", showgrid=False, tickvals=_ticks(len(found.norms) - 1))
    if cosines:
        figure.update_yaxes(
            title="cosine with the stream it is added to", range=[-1.05, 1.05], zeroline=True
        )
    elif any(is_wide(rows[:, token]) for rows in (found.norms, *found.writes.values())):
        figure.update_yaxes(title="norm (logarithmic)", type="log", dtick=1, exponentformat="none")
    else:
        figure.update_yaxes(title="norm", rangemode="tozero")
    return theme.with_legend(theme.dressed(figure, HEIGHT))


@drawn_once
def likeness(
    found: StreamSimilarity, token: int | None, without: bool, known: bool = True
) -> go.Figure:
    """Draw the cosine of the stream at each two boundaries, of one token or the mean over all;
    `without` the giant dimensions. Unless `known`, of each boundary with itself alone."""
    z = cosines_of(found, token, without)
    z = z if known else np.where(np.eye(len(z)) == 1, z, np.nan)
    few = len(z) <= MOST_WRITTEN
    figure = go.Figure(
        go.Heatmap(
            z=z,
            zmin=-1,
            zmax=1,
            colorscale=theme.SIGNED,
            text=[["" if np.isnan(one) else f"{one:.2f}" for one in row] for row in z],
            texttemplate="%{text}" if few else None,
            textfont={"size": theme.SMALLEST},
            colorbar={"thickness": 10, "title": "cosine", "tickvals": [-1, 0, 1]},
            hovertemplate="boundaries %{y} and %{x}: cosine %{z:.3f}<extra></extra>",
        )
    )
    ticks = _ticks(len(z))
    figure.update_xaxes(title=BOUNDARY, showgrid=False, tickvals=ticks, constrain="domain")
    figure.update_yaxes(title="boundary", showgrid=False, tickvals=ticks)
    return theme.dressed(figure, HEIGHT)


def cosines_of(found: StreamSimilarity, token: int | None, without: bool) -> np.ndarray:
    """Return the cosines of one token, or their mean over all tokens: [boundary, boundary]."""
    cosines = found.without if without else found.cosines
    return cosines.mean(0) if token is None else cosines[token]


@drawn_once
def without_lines(found: WithoutResidual, token: int, known: bool = True) -> go.Figure:
    """Draw the norm of a token's stream at each boundary, with and without the connections."""
    figure = go.Figure()
    rows = [("with residual connections", theme.RESIDUAL, found.norms)]
    rows += [("without", theme.KEY, found.norms_without)] if known else []
    for name, color, norms in rows:
        figure.add_scatter(
            x=np.arange(len(norms)),
            y=norms[:, token],
            mode="lines+markers",
            name=name,
            line={"color": color, "width": 3},
            hovertemplate=f"boundary %{{x}}, {name}: norm %{{y:.3f}}<extra></extra>",
        )
    figure.update_xaxes(title=BOUNDARY, showgrid=False, tickvals=_ticks(len(found.norms)))
    figure.update_yaxes(title="norm (logarithmic)", type="log", dtick=1, exponentformat="none")
    return theme.with_legend(theme.dressed(figure, HEIGHT)).update_layout(showlegend=True)


def norm_table(found: ResidualStream) -> pd.DataFrame:
    """Return a row for each token: the norm of its stream at each boundary."""
    table = pd.DataFrame(found.norms.T, columns=[f"boundary {n}" for n in range(len(found.norms))])
    table.insert(0, "token", list(found.tokens))
    return table


def write_table(found: ResidualStream, token: int) -> pd.DataFrame:
    """Return a row for each layer: norm and cosine of each part's and each head's write."""
    columns: dict[str, Any] = {"layer": range(len(found.norms) - 1)}
    columns["norm of the stream"] = found.norms[:-1, token]
    for name in found.writes:
        columns[f"norm of {NAMES[name]}"] = found.writes[name][:, token]
        columns[f"cosine of {NAMES[name]}"] = found.cosines[name][:, token]
    if found.heads is not None:
        for head in range(found.heads.norms.shape[1]):
            columns[f"norm of head {head}"] = found.heads.norms[:, head, token]
            columns[f"cosine of head {head}"] = found.heads.cosines[:, head, token]
    return pd.DataFrame(columns)


def likeness_table(found: StreamSimilarity, token: int | None, without: bool) -> pd.DataFrame:
    """Return the drawn cosines, a row and a column for each boundary."""
    z = cosines_of(found, token, without)
    table = pd.DataFrame(z, columns=[f"boundary {number}" for number in range(len(z))])
    table.insert(0, "boundary", range(len(z)))
    return table


def without_table(found: WithoutResidual) -> pd.DataFrame:
    """Return a row for each boundary and token: both norms."""
    boundaries, tokens = found.norms.shape
    return pd.DataFrame(
        {
            "boundary": np.repeat(np.arange(boundaries), tokens),
            "token": list(found.tokens) * boundaries,
            "norm": found.norms.reshape(-1),
            "norm without residual connections": found.norms_without.reshape(-1),
        }
    )


def short(number: float) -> str:
    """Write a norm with three digits that count.

    >>> short(22712.3), short(144.92), short(1.757), short(0.0312)
    ('22,712', '145', '1.76', '0.0312')
    """
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"
