"""Two sets of sizes beside each other: parameters by part, cache and operations of a token."""

from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from components.figures import theme
from components.figures.once import drawn_once
from components.inspection.architecture.module_tree import PARTS
from components.inspection.architecture.sizes import Sizes, Weighed

CACHE, WORK = "#0072B2", "#8A8A86"


@drawn_once
def sizes_bars(names: Sequence[str], found: Sequence[Weighed]) -> go.Figure:
    """Draw three pairs of bars, one of each pair for each of `names`."""
    figure = make_subplots(rows=3, cols=1, row_heights=[0.5, 0.25, 0.25], vertical_spacing=0.2)
    for part in PARTS:
        if not any(part in one.parameters for one in found):
            continue
        figure.add_bar(
            name=part,
            y=list(names),
            x=[one.parameters.get(part, 0) for one in found],
            orientation="h",
            marker_color=theme.PARTS[part],
            hovertemplate=f"{part}: %{{x:,}} parameters<extra>%{{y}}</extra>",
            row=1,
            col=1,
        )
    for row, colour, values, says in (
        (2, CACHE, [one.cache_bytes for one in found], "%{x:,} bytes for each token"),
        (3, WORK, [one.operations for one in found], "%{x:,} operations"),
    ):
        figure.add_bar(
            y=list(names),
            x=values,
            orientation="h",
            marker_color=colour,
            showlegend=False,
            hovertemplate=f"{says}<extra>%{{y}}</extra>",
            row=row,
            col=1,
        )
    titles = (
        "parameters",
        "cache bytes of a token, in 16 bit",
        "operations for the next token",
    )
    for row, title in enumerate(titles, 1):
        figure.update_xaxes(title=title, rangemode="tozero", showgrid=False, row=row, col=1)
        figure.update_yaxes(autorange="reversed", row=row, col=1)
    figure.update_yaxes(title="model", row=1, col=1)
    figure.update_layout(barmode="stack", bargap=0.25)
    return theme.with_legend(theme.dressed(figure, 440))


def sizes_table(
    names: Sequence[str], sizes: Sequence[Sizes], found: Sequence[Weighed]
) -> pd.DataFrame:
    """Return a row for each size and each number that follows, a column for each of `names`."""
    columns = {}
    for name, one, weighed in zip(names, sizes, found, strict=True):
        columns[name] = (
            asdict(one)
            | {"head size": one.head_size}
            | {f"parameters: {part}": count for part, count in weighed.parameters.items()}
            | {
                "parameters": weighed.total,
                "parameters that a token meets": weighed.met,
                "cache bytes for each token": weighed.cache_bytes,
                "operations for the next token": weighed.operations,
            }
        )
    table = pd.DataFrame(columns).rename_axis("").reset_index()
    return table.astype(str)
