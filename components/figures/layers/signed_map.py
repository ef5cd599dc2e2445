"""A heat map of what is added, in one colour, and taken away, in another."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from components.figures import theme


def signed_map(
    z: Float[np.ndarray, "row column"],
    measured: str,
    named: Sequence[Sequence[Any]],
    hover: str,
    written: bool = True,
) -> go.Heatmap:
    """Return a map whose colours are even about 0, with the numbers `written` in the cells.

    `measured` stands at the scale, `named` is what `hover` says of each cell. NaN is left empty.
    """
    limit = float(np.nanmax(np.abs(z))) or 1.0
    numbers = [["" if np.isnan(one) else _written(one) for one in row] for row in z]
    return go.Heatmap(
        z=z,
        zmin=-limit,
        zmax=limit,
        colorscale=theme.SIGNED,
        xgap=1,
        ygap=1,
        text=numbers,
        texttemplate="%{text}" if written else None,
        colorbar={"thickness": 10, "title": measured},
        customdata=named,
        hovertemplate=hover,
    )


def _written(number: float) -> str:
    return f"{number:.2f}".replace("-0.00", "0.00")
