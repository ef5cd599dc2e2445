"""One square of attention: who attends to whom, with a scale and numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from components.figures import theme
from components.figures.attention.axes import KEY, MOST_ROWS, QUERY, label, token_axis
from components.figures.numbers import pointed
from components.figures.once import drawn_once

FAINTEST: Final = 1e-4
"""On the logarithmic scale, smaller weights look like this one."""
MOST_WRITTEN: Final = 16
"""Up to so many tokens, each cell has its number in it."""
LEAST_WRITTEN: Final = 0.005
"""What would be written as 0.00 is not: its colour says it."""


@dataclass(frozen=True)
class Look:
    """How a heat map is drawn. `floor`: smaller numbers are left blank. `hidden_columns` are left
    blank too. `top` is the number with the darkest colour; None: the largest shown."""

    log: bool = False
    floor: float = 0.0
    hidden_columns: tuple[int, ...] = ()
    top: float | None = 1.0
    unit: str = "attention weight"


@drawn_once
def heat_map(
    weights: NDArray[np.float32],
    readers: Sequence[str],
    read: Sequence[str],
    visible: NDArray[np.bool_],
    look: Look,
    first_row: int = 0,
    first_column: int = 0,
) -> go.Figure:
    """Draw `weights[reader, read]`, a row for each query token.

    Cells that the mask hides (`visible` False) stay empty. The numbers of the figure's `z` are
    the weights themselves, or their decimal logarithm; hovering tells the weight.
    """
    shown = np.where(visible & (weights >= look.floor), weights.astype(np.float64), np.nan)
    for column in look.hidden_columns:
        if 0 <= column - first_column < shown.shape[1]:
            shown[:, column - first_column] = np.nan
    largest = float(np.nanmax(shown)) if np.isfinite(shown).any() else 1.0
    top = look.top or largest or 1.0
    z = np.log10(np.maximum(shown, FAINTEST)) if look.log else shown
    low, high = (float(np.log10(FAINTEST)), float(np.log10(top))) if look.log else (0.0, top)
    rows = [f"{place}: {label(token)}" for place, token in enumerate(readers, first_row)]
    columns = [f"{place}: {label(token)}" for place, token in enumerate(read, first_column)]
    written = max(len(readers), len(read)) <= MOST_WRITTEN
    grid = go.Heatmap(
        z=z,
        x=list(range(first_column, first_column + len(read))),
        y=list(range(first_row, first_row + len(readers))),
        zmin=low,
        zmax=high,
        colorscale=[list(stop) for stop in theme.ATTENTION],
        xgap=1 if len(read) <= 64 else 0,
        ygap=1 if len(readers) <= 64 else 0,
        customdata=np.array([[(row, column) for column in columns] for row in rows]),
        text=[[_brief(x) for x in row] for row in shown] if written else None,
        texttemplate="%{text}" if written else None,
        hovertext=[[f"{x:.6f}" if np.isfinite(x) else "" for x in row] for row in shown],
        hovertemplate="%{customdata[0]} attends to %{customdata[1]}<br>%{hovertext}<extra></extra>",
        hoverongaps=False,
        # Where the cells say their numbers, the height is theirs.
        showscale=look.log or not written,
        colorbar=_bar(look, low, high),
    )
    figure = go.Figure(grid).update_layout(
        xaxis=token_axis(read, first_column, KEY) | {"tickangle": -60},
        yaxis=token_axis(readers, first_row, QUERY, MOST_ROWS)
        | {"range": [first_row + len(readers) - 0.5, first_row - 0.5]},
    )
    return theme.dressed(figure, 440 if written else 460)


def _brief(weight: float) -> str:
    """Return a weight in at most three letters: so there is room for type that can be read.

    >>> [_brief(weight) for weight in (0.284, 0.9999, 0.004, float("nan"))]
    ['.28', '1', '', '']
    """
    return pointed(f"{weight:.2f}").replace("1.00", "1") if weight >= LEAST_WRITTEN else ""


def _bar(look: Look, low: float, high: float) -> dict[str, object]:
    bar: dict[str, object] = {
        "title": {"text": look.unit, "side": "right"},
        "thickness": 14,
        "len": 0.9,
        "outlinewidth": 0,
    }
    if look.log:
        ticks = [*np.arange(np.ceil(low), high), high]
        bar |= {"tickvals": ticks, "ticktext": [f"{10**tick:.2g}" for tick in ticks]}
    else:
        bar |= {"tickformat": ".2g", "nticks": 3}
    return bar
