"""Kinds of cache side by side: memory, time, difference."""

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from components.figures import theme
from components.figures.kv_cache import WITH
from components.figures.once import drawn_once
from components.inspection.kv_cache.kinds import KindRow

ELSEWHERE = "rgba(138, 138, 134, 0.35)"
ROOM = 1.7
"""Times the longest bar: behind it stands its number, on a phone as well."""


@drawn_once
def memory_and_difference(rows: Sequence[KindRow], told: bool = True) -> go.Figure:
    """Draw three columns of bars: KiB held, milliseconds per step, largest difference of a logit.

    Not `told`: the last column is empty.

    What is held in the machine's memory instead of the GPU's is a paler bar behind the other.
    """
    titles = ("KiB<br>held", "ms per<br>step", "largest<br>difference")
    figure = make_subplots(cols=3, shared_yaxes=True, horizontal_spacing=0.04)
    places = list(range(len(rows)))
    columns = (
        ([row.held / 1024 for row in rows], "{:,.1f}", theme.RESIDUAL),
        ([row.median * 1e3 for row in rows], "{:,.2f}", WITH),
        ([row.difference if told else 0.0 for row in rows], "{:.2g}", theme.NEGATIVE),
    )
    for number, ((values, form, color), title) in enumerate(
        zip(columns, titles, strict=True), start=1
    ):
        figure.add_bar(
            x=values,
            y=places,
            orientation="h",
            marker_color=color,
            text=[form.format(value) if told or number < 3 else "?" for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{text}<extra></extra>",
            row=1,
            col=number,
        )
        most = max((row.held + row.elsewhere for row in rows), default=0) / 1024
        longest = most if number == 1 else max(values, default=0)
        figure.update_xaxes(
            title=title,
            showticklabels=False,
            showgrid=False,
            range=[0, (longest or 1) * ROOM],
            row=1,
            col=number,
        )
    if any(row.elsewhere for row in rows):
        figure.add_bar(
            name="in the machine's memory",
            x=[row.elsewhere / 1024 for row in rows],
            y=places,
            base=[row.held / 1024 for row in rows],
            orientation="h",
            marker_color=ELSEWHERE,
            text=[
                f"{row.elsewhere / 1024:,.1f} in the machine's memory" if row.elsewhere else ""
                for row in rows
            ],
            hovertemplate="%{text}<extra></extra>",
            row=1,
            col=1,
        )
    figure.update_yaxes(
        tickvals=places,
        ticktext=[row.name.replace(", ", ",<br>") for row in rows],
        autorange="reversed",
        showgrid=False,
        zeroline=False,
    )
    figure.update_yaxes(title="cache type", col=1)
    height = min(440, 60 * max(1, len(rows)) + 90)
    return theme.dressed(figure, height).update_layout(bargap=0.35, barmode="overlay")
