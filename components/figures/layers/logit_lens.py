"""The logit lens as a grid of answers, and tokens followed over the layers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from components.figures import theme
from components.figures.numbers import percent
from components.figures.once import drawn_once
from components.inspection.layers.logit_lens import LogitLens
from components.inspection.layers.logit_lens_followed import Followed
from components.inspection.layers.logit_lens_read import Cells

MOST_WRITTEN: Final = 16
"""Columns whose cells have room for a token."""
MOST_ROWS: Final = 40
"""Rows that are high enough for one."""
ROOM: Final = 480
"""Pixels that all columns have together on a desk."""
LETTER: Final = 7.5
"""Pixels of a letter that can be read: Plotly fits the longest word into its cell."""
ROW: Final = 15
"""Pixels of the lowest row with words in it."""
AROUND: Final = 150
"""Pixels above and below the rows."""
TALLEST: Final = 690
INKS: Final = (
    theme.QUERY,
    theme.KEY,
    theme.VALUE,
    "#CC79A7",
    "#B8860B",
    theme.PROBABILITY,
    theme.RESIDUAL,
    theme.HIGHLIGHT,
)


@dataclass(frozen=True)
class Measure:
    """What the colour of a cell may tell."""

    title: str
    of: Callable[[Cells], NDArray[np.floating]]
    scale: tuple[tuple[float, str], ...]


MEASURES: Final = {
    "probability": Measure(
        "probability", lambda cells: cells.probabilities[..., 0], theme.ATTENTION
    ),
    "rank": Measure(
        "rank of the answer",
        lambda cells: -np.log10(cells.rank),
        theme.ATTENTION,
    ),
    "entropy": Measure("bits", lambda cells: cells.entropy, theme.STRENGTH),
    "KL divergence": Measure("bits", lambda cells: cells.divergence, theme.STRENGTH),
}


@drawn_once
def lens_map(
    found: LogitLens, measure: str, boundary: int, place: int, veiled: bool = False
) -> go.Figure:
    """Draw a row for each boundary, the embedding below, and a column for each token; the cell of
    `boundary` and `place` is framed. `veiled`: only the first and the last row."""
    cells, one = found.cells, MEASURES[measure]
    z = one.of(cells).astype(np.float64)
    rows, columns = z.shape
    top = 1.0 if measure == "probability" else float(np.abs(z[np.isfinite(z)]).max(initial=0.0))
    low, high = (-(top or 1.0), 0.0) if measure == "rank" else (0.0, top or 1.0)
    hidden = np.zeros(rows, bool)
    hidden[1:-1] = veiled
    written = columns <= MOST_WRITTEN and rows <= MOST_ROWS
    most = max(3, int(ROOM / columns / LETTER))
    names = [each.name.removeprefix("block ") for each in found.boundaries]
    grid = go.Heatmap(
        z=np.where(hidden[:, None], np.nan, z),
        zmin=low,
        zmax=high,
        colorscale=[list(stop) for stop in one.scale],
        xgap=1 if columns <= 64 else 0,
        ygap=1,
        text=_answers(found, hidden, most) if written else None,
        texttemplate="%{text}" if written else None,
        textfont={"size": theme.SMALLEST},
        hovertext=_hovered(found, hidden),
        hovertemplate="%{hovertext}<extra></extra>",
        hoverongaps=False,
        colorbar={"thickness": 10, "title": one.title} | _marks(measure, low, high),
    )
    figure = go.Figure(grid)
    at = place - found.first
    figure.add_shape(
        type="rect",
        x0=at - 0.5,
        x1=at + 0.5,
        y0=boundary - 0.5,
        y1=boundary + 0.5,
        line={"color": theme.HIGHLIGHT, "width": 3},
    )
    height = 440 if rows <= 18 else min(TALLEST, AROUND + ROW * rows)
    every = max(1, -(-16 * rows // (height - AROUND)))
    figure.update_yaxes(
        tickvals=list(range(0, rows, every)),
        ticktext=names[::every],
        title="after block",
        showgrid=False,
        range=[-0.5, rows - 0.5],
    )
    beside = max(1, -(-columns // 48))
    figure.update_xaxes(
        tickvals=list(range(0, columns, beside)),
        ticktext=[theme.label(found.tokens[place], 9) for place in found.columns[::beside]],
        tickangle=None if columns <= theme.FEW else -60,
        title="token",
        showgrid=False,
        tickfont_family="monospace",
        range=[-0.5, columns - 0.5],
    )
    return theme.dressed(figure, height)


def _answers(found: LogitLens, hidden: NDArray[np.bool_], most: int) -> list[list[str]]:
    # Plotly counts the letters of a sign such as &lt;, and would write all words smaller for it.
    angles = str.maketrans("<>", "‹›")
    return [
        ["" if veil else theme.label(found.texts[token].translate(angles), most) for token in row]
        for row, veil in zip(found.cells.top[..., 0].tolist(), hidden, strict=True)
    ]


def _hovered(found: LogitLens, hidden: NDArray[np.bool_]) -> list[list[str]]:
    cells = found.cells
    listed = cells.top.shape[2] if cells.rank.shape[1] <= 64 else 1
    said: list[list[str]] = []
    for row, boundary in enumerate(found.boundaries):
        said.append([])
        for column, place in enumerate(found.columns):
            answers = [
                f"{theme.label(found.texts[int(cells.top[row, column, number])])} "
                f"{percent(float(cells.probabilities[row, column, number]))}"
                for number in range(listed)
            ]
            final = theme.label(found.texts[int(cells.final[column])])
            entropy, divergence = cells.entropy[row, column], cells.divergence[row, column]
            told = [
                f"after {boundary.said}, at {theme.label(found.tokens[place])}",
                *answers,
                f"{final}, the final answer: rank {int(cells.rank[row, column]):,}",
                f"entropy {entropy:.3g} bits, KL divergence {divergence:.3g} bits",
            ]
            said[-1].append("" if hidden[row] else "<br>".join(told))
    return said


def _marks(measure: str, low: float, high: float) -> dict[str, object]:
    # Rounded, a mark at the very end would be outside, and left out.
    ends = [low * (1 - 1e-6), high * (1 - 1e-6)]
    if measure == "rank":
        return {"tickvals": ends, "ticktext": [f"{round(10**-low):,}", "1"]}
    if measure == "probability":
        return {"tickvals": ends, "ticktext": ["0%", "100%"]}
    return {"tickvals": ends, "ticktext": ["0", f"{high:.3g}"]}


@drawn_once
def followed_lines(found: Followed, logarithmic: bool) -> go.Figure:
    """Draw a line for each token: its probability at each boundary, the embedding first."""
    names = [each.name for each in found.boundaries]
    figure = go.Figure()
    for number, answer in enumerate(found.answers):
        share = found.probabilities[:, number].astype(np.float64)
        ink = INKS[number % len(INKS)]
        figure.add_scatter(
            x=list(range(len(names))),
            y=found.logs[:, number] / np.log(10) if logarithmic else share,
            mode="lines+markers",
            name=theme.label(answer, 16),
            line={"color": ink, "width": 2},
            customdata=list(zip(names, map(percent, share.tolist()), strict=True)),
            hovertemplate=f"{theme.label(answer)} after %{{customdata[0]}}: %{{customdata[1]}}"
            "<extra></extra>",
        )
    every = max(1, -(-len(names) // 9))
    figure.update_xaxes(
        tickvals=list(range(0, len(names), every)),
        ticktext=[name.replace(", ", ",<br>") for name in names[::every]],
        title="after",
        showgrid=False,
    )
    if logarithmic:
        low = int(np.floor(min(-1.0, float(found.logs.min()) / np.log(10))))
        ticks = list(range(low, 1, max(1, -(-(1 - low) // 8))))
        figure.update_yaxes(
            title="probability (logarithmic)",
            tickvals=ticks,
            ticktext=[f"1e{tick}" if tick < -3 else f"{10.0**tick:g}" for tick in ticks],
        )
    else:
        figure.update_yaxes(title="probability", range=[-0.02, 1.02], tickformat=".0%")
    return theme.with_legend(theme.dressed(figure, 440))


def lens_table(found: LogitLens) -> pd.DataFrame:
    """Return a row for each cell of the grid."""
    cells = found.cells
    return pd.DataFrame(
        {
            "after": boundary.name,
            "token": theme.visible(found.tokens[place]),
            "likeliest": theme.visible(found.texts[int(cells.top[row, column, 0])]),
            "probability": float(cells.probabilities[row, column, 0]),
            "final answer": theme.visible(found.texts[int(cells.final[column])]),
            "its probability": float(np.exp(cells.log_final[row, column])),
            "its rank": int(cells.rank[row, column]),
            "entropy (bits)": float(cells.entropy[row, column]),
            "KL divergence (bits)": float(cells.divergence[row, column]),
        }
        for row, boundary in enumerate(found.boundaries)
        for column, place in enumerate(found.columns)
    )


def followed_table(found: Followed) -> pd.DataFrame:
    """Return a row for each boundary, a column for each token."""
    table = pd.DataFrame(
        {theme.visible(name): found.probabilities[:, at] for at, name in enumerate(found.answers)}
    )
    table.insert(0, "after", [each.name for each in found.boundaries])
    return table
