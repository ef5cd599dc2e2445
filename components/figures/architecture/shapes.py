"""Shapes of tensors as rows of boxes: a box for each axis, the same colour for the same axis."""

from collections.abc import Sequence
from math import log2
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from components.figures import theme
from components.figures.once import drawn_once
from components.inspection.architecture.axes import Axis
from components.inspection.architecture.made import Made

COLORS: Final = {
    "batch": "#B9B6AF",
    "token": "#CC79A7",
    "encoder token": "#CC79A7",
    "decoder token": "#9B84C9",
    "width": theme.RESIDUAL,
    "embedding size": "#56B4E9",
    "head": theme.VALUE,
    "kv head": "#7FB33B",
    "head size": "#B8860B",
    "value size": "#B8860B",
    "neuron": theme.HIGHLIGHT,
    "expert": "#7F64B8",
    "vocabulary": theme.PROBABILITY,
    "class": theme.PROBABILITY,
}
"""By what an axis counts."""
OTHER: Final = "#55534E"
LAST: Final = {
    "token": "an id for each token",
    "width": "a vector as wide as the residual stream",
    "embedding size": "a row of the table",
    "head size": "a vector of one head",
    "value size": "a vector of one head",
    "query token": "a number for each query token",
    "key token": "a number for each key token",
    "encoder key token": "a number for each token of the encoder",
    "encoder token": "a number for each token of the encoder",
    "neuron": "a number for each neuron",
    "expert": "a logit for each expert",
    "vocabulary": "a logit for each token of the vocabulary",
    "class": "a logit for each class",
}
"""What stands along the last axis."""
PAIRS: Final = {"keys": "values", "scores": "weights"}
"""Made one after the other, and drawn as one row where they have the same axes."""
FLOOR: Final = 2.4
"""How wide a box is whose axis has the length 1; each doubling makes it wider by 1."""
GAP: Final = 0.15
LETTERS: Final = 60
"""That have room in the widest row of a page that is no phone."""
ROW: Final = 34


def rows_of(made: Sequence[Made]) -> list[tuple[str, Made]]:
    """Return the rows that are drawn, with their names."""
    rows: list[tuple[str, Made]] = []
    for one in made:
        kind = one.what.split()[-1]
        before = rows[-1] if rows else None
        if before and PAIRS.get(before[0].split()[-1]) == kind and before[1].axes == one.axes:
            rows[-1] = (f"{before[0]}, {kind}", before[1])
        else:
            rows.append((_short(one.what), one))
    return rows


def _short(what: str) -> str:
    for long, short in (
        ("cross-attention's ", "cross "),
        ("stream into the block", "stream in"),
        ("stream out of the block", "stream out"),
        ("'s ", " "),
    ):
        what = what.replace(long, short)
    return what


@drawn_once
def shape_boxes(made: tuple[Made, ...]) -> go.Figure:
    """Draw a row for each tensor and in it a box for each axis, as long as its logarithm."""
    rows = rows_of(made)
    boxes: dict[str, list[tuple[int, float, Axis]]] = {}
    for number, (_, one) in enumerate(rows):
        at = 0.0
        for axis in one.axes:
            boxes.setdefault(axis.counts or axis.name, []).append((number, at, axis))
            at += _wide(axis) + GAP
    figure = go.Figure()
    for counts, found in boxes.items():
        color = COLORS.get(counts, OTHER)
        figure.add_bar(
            x=[_wide(axis) for _, _, axis in found],
            y=[number for number, _, _ in found],
            base=[at for _, at, _ in found],
            orientation="h",
            name=counts,
            marker={"color": color, "opacity": 0.45, "line": {"color": color, "width": 1.5}},
            width=0.78,
            customdata=[
                [rows[number][0], rows[number][1].written, axis.name, axis.length]
                for number, _, axis in found
            ],
            hovertemplate="%{customdata[0]} %{customdata[1]}<br>%{customdata[2]}: "
            "%{customdata[3]:,}<extra></extra>",
        )
    said = [each for found in boxes.values() for each in found]
    across = max(at + _wide(axis) for _, at, axis in said) / LETTERS
    figure.add_scatter(
        x=[at + _wide(axis) / 2 for _, at, axis in said],
        y=[number for number, _, _ in said],
        text=[_text(axis, _wide(axis) / across) for _, _, axis in said],
        mode="text",
        hoverinfo="skip",
        showlegend=False,
    )
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(
        title="axis length, logarithmic",
        showticklabels=False,
        showgrid=False,
        zeroline=False,
    )
    figure.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=[f"{name}<br>{one.written}" for name, one in rows],
        autorange="reversed",
        showgrid=False,
        zeroline=False,
        title="",
    )
    # No legend: boxes bear their names, and on a phone it would take the room of the rows.
    return theme.dressed(figure, max(440, 90 + ROW * len(rows)))


def _wide(axis: Axis) -> float:
    return FLOOR + log2(max(axis.length, 1))


def _text(axis: Axis, room: float) -> str:
    """Return an axis's name and length, or what of it has room, in letters."""
    said = f"{axis.name} {axis.length:,}"
    shorter = [said, axis.name, axis.name.split()[0], str(axis.length)]
    return next((each for each in shorter if len(each) <= room), "")


def shape_table(made: Sequence[Made]) -> pd.DataFrame:
    """Return each tensor with its shape, its numbers and bytes, and what its last axis is."""
    lines = []
    for one in made:
        numbers = 1
        for length in one.shape:
            numbers *= length
        name = one.axes[-1].name
        lines.append(
            {
                "tensor": one.what,
                "shape": one.written,
                "axes": ", ".join(axis.name for axis in one.axes),
                "numbers": numbers,
                "bytes": one.bytes,
                "along the last axis": LAST.get(name.split(" × ")[-1], name),
            }
        )
    return pd.DataFrame(lines)
