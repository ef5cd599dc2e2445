"""Where norms stand in a block, as drawings; and the length of the stream along the layers."""

from typing import Final

import pandas as pd
import plotly.graph_objects as go

from components.figures import theme
from components.figures.layers.block_drawing import BLOCKS, Row, blocks_drawing
from components.figures.once import drawn_once
from components.inspection.layers.placement import SEEN_IN, WORDS, NormPlacement
from components.inspection.machine.streams import Placement

DRAWN: Final[tuple[Placement, ...]] = ("pre", "post", "parallel", "sandwich", "after the part")


@drawn_once
def placement_drawing(own: Placement) -> go.Figure:
    """Draw the ways in which blocks place their norms, one below the other; `own` is framed."""
    rows = []
    for placement in DRAWN:
        mark = "this model: " if placement == own else ""
        title = f"{mark}{WORDS[placement]} ({', '.join(SEEN_IN[placement])})"
        rows.append(Row(title, BLOCKS[placement], placement == own))
    return blocks_drawing(rows, 440)


@drawn_once
def length_lines(found: NormPlacement) -> go.Figure:
    """Draw the stream's length at each boundary: the middle token, the longest, the shortest."""
    assert found.lengths is not None and found.medians is not None
    boundaries = list(range(len(found.lengths)))
    figure = go.Figure()
    lines = (
        ("longest token", found.lengths.max(axis=1), theme.KEY, "dot"),
        ("middle token (median)", found.medians, theme.RESIDUAL, "solid"),
        ("shortest token", found.lengths.min(axis=1), theme.VALUE, "dot"),
    )
    for name, y, color, dash in lines:
        figure.add_scatter(
            x=boundaries,
            y=y,
            mode="lines+markers",
            line={"color": color, "dash": dash, "width": 3 if dash == "solid" else 2},
            name=name,
            hovertemplate=f"{name}, after %{{x}} blocks: %{{y:.4g}}<extra></extra>",
        )
    figure.update_xaxes(title="blocks that have written to the stream", rangemode="tozero")
    wide = found.lengths.max() > 30 * found.lengths.min()
    figure.update_yaxes(
        title="length of the stream (logarithmic)", type="log", dtick=1 if wide else None, nticks=8
    )
    return theme.with_legend(theme.dressed(figure, 440))


def placement_table(found: NormPlacement) -> pd.DataFrame:
    """Return the length of each token's stream at each boundary; else the drawn placements."""
    if found.lengths is None:
        return pd.DataFrame(
            {
                "placement": [WORDS[each] for each in DRAWN],
                "families": [", ".join(SEEN_IN[each]) for each in DRAWN],
            }
        )
    table = pd.DataFrame(
        found.lengths.T, columns=[f"{n} blocks" for n in range(len(found.lengths))]
    )
    table.insert(0, "token", list(found.tokens))
    return table
