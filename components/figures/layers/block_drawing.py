"""Blocks drawn from left to right: the residual stream, what branches off it, and what is added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import plotly.graph_objects as go

from components.figures import theme
from components.inspection.machine.streams import Placement

RIGHT: Final = 100.0
NORM, ATTENTION, MLP = "norm", "attention", "MLP"
WIDTHS: Final[Mapping[str, float]] = {NORM: 13.0, ATTENTION: 22.0, MLP: 12.0}
FILLS: Final[Mapping[str, str]] = {  # of `theme.PARTS`, thin
    NORM: "rgba(240, 228, 66, 0.30)",
    ATTENTION: "rgba(155, 132, 201, 0.35)",
    MLP: "rgba(184, 134, 11, 0.30)",
}
SAYS: Final[Mapping[str, str]] = {
    NORM: "a norm, of each token's vector by itself",
    ATTENTION: "attention: fetches from other tokens",
    MLP: "MLP: computes at each token",
}


@dataclass(frozen=True)
class Drawn:
    """One block: branches that leave the stream, and norms that stand on it."""

    branches: tuple[tuple[float, float, float, tuple[str, ...]], ...]
    """From where on the stream, to where, how high above it, and what stands on the way."""
    on_stream: tuple[float, ...] = ()
    """Where the middles of norms on the stream are."""


BLOCKS: Final[Mapping[Placement, Drawn]] = {
    "pre": Drawn(((4, 47, 1.15, (NORM, ATTENTION)), (54, 90, 1.15, (NORM, MLP)))),
    "post": Drawn(((4, 33, 1.15, (ATTENTION,)), (55, 77, 1.15, (MLP,))), (44, 88)),
    "parallel": Drawn(((12, 64, 1.15, (NORM, ATTENTION)), (12, 64, -1.15, (NORM, MLP)))),
    "sandwich": Drawn(((2, 53, 1.15, (NORM, ATTENTION, NORM)), (56, 97, 1.15, (NORM, MLP, NORM)))),
    "after the part": Drawn(((4, 47, 1.15, (ATTENTION, NORM)), (54, 90, 1.15, (MLP, NORM)))),
}


@dataclass(frozen=True)
class Row:
    """One block of a drawing, with what is written above it."""

    title: str
    block: Drawn
    framed: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    """What stands in the boxes instead of "norm", "attention" and "MLP"."""


def blocks_drawing(rows: Sequence[Row], height: int) -> go.Figure:
    """Draw blocks one below the other."""
    figure = go.Figure()
    stream: list[tuple[float | None, float | None]] = []
    branches: list[tuple[float | None, float | None]] = []
    sums: list[tuple[float, float]] = []
    boxes: list[tuple[str, float, float, str]] = []
    frames: list[tuple[str, list[tuple[float, float]]]] = []
    base = 0.0
    for row in rows:
        block = row.block
        below = 1.75 if any(height < 0 for *_, height, _ in block.branches) else 0.75
        top, level = base, base - 2.75
        stream += _broken(0, RIGHT, level, [(NORM, middle) for middle in block.on_stream])
        laid = [(NORM, middle, level) for middle in block.on_stream]
        for begin, end, height_of, parts in block.branches:
            over, there = level + height_of, _laid(begin, end, parts)
            branches += [(begin, level), *_broken(begin, end, over, there)[:-1], (end, level)]
            branches.append((None, None))
            sums.append((end, level))
            laid += [(name, middle, over) for name, middle in there]
        boxes += [(*box, row.names.get(box[0], box[0])) for box in laid]
        figure.add_annotation(
            x=0, y=top - 0.5, text=row.title, showarrow=False, xanchor="left", align="left"
        )
        if row.framed:
            frames.append((row.title, _frame(-1.5, RIGHT + 1.5, level - below, top)))
        base = level - below - 0.2
    for lines, width, name in ((branches, 1.5, "branch"), (stream, 4, "residual stream")):
        if lines:
            x, y = zip(*lines, strict=True)
            line = {"color": theme.RESIDUAL, "width": width}
            figure.add_scatter(x=x, y=y, mode="lines", line=line, name=name, hoverinfo="skip")
    for name, middle, level, written in boxes:
        half = WIDTHS[name] / 2
        _box(figure, middle - half, middle + half, level - 0.48, level + 0.48, FILLS[name])
        figure.add_annotation(x=middle, y=level, text=written, showarrow=False)
    _points(figure, [box[:3] for box in boxes], sums)
    for title, corners in frames:
        x, y = zip(*corners, strict=True)
        line = {"color": theme.QUERY, "width": 2.5}
        figure.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", name=title)
    figure.update_xaxes(visible=False, range=[-2, RIGHT + 2], fixedrange=True)
    figure.update_yaxes(visible=False, range=[base, 0.1], fixedrange=True)
    return theme.dressed(figure, height).update_layout(margin=dict.fromkeys("lrtb", 4))


def _laid(begin: float, end: float, parts: Sequence[str]) -> list[tuple[str, float]]:
    """Return the middle of each part, side by side in the middle of a branch."""
    left = (begin + end - sum(WIDTHS[name] for name in parts) - (len(parts) - 1)) / 2
    found = []
    for name in parts:
        found.append((name, left + WIDTHS[name] / 2))
        left += WIDTHS[name] + 1
    return found


def _broken(
    begin: float, end: float, level: float, parts: Sequence[tuple[str, float]]
) -> list[tuple[float | None, float | None]]:
    """Return the points of a level line that stops where parts stand on it."""
    points: list[tuple[float | None, float | None]] = [(begin, level)]
    for name, middle in parts:
        half = WIDTHS[name] / 2
        points += [(middle - half, level), (None, None), (middle + half, level)]
    return [*points, (end, level), (None, None)]


def _frame(left: float, right: float, bottom: float, top: float) -> list[tuple[float, float]]:
    return [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]


def _box(
    figure: go.Figure, left: float, right: float, bottom: float, top: float, fill: str
) -> None:
    figure.add_shape(
        type="rect",
        x0=left,
        x1=right,
        y0=bottom,
        y1=top,
        fillcolor=fill,
        line={"color": "rgba(138, 138, 134, 0.8)", "width": 1},
    )


def _points(
    figure: go.Figure, boxes: list[tuple[str, float, float]], sums: list[tuple[float, float]]
) -> None:
    """Add the sums, and what a finger or a mouse is told of each box."""
    figure.add_scatter(
        x=[x for x, _ in sums],
        y=[y for _, y in sums],
        mode="markers",
        marker={"symbol": "circle-cross-open", "size": 15, "color": theme.RESIDUAL},
        name="sum",
        hovertemplate="added to the residual stream<extra></extra>",
    )
    figure.add_scatter(
        x=[x for _, x, _ in boxes],
        y=[y for _, _, y in boxes],
        mode="markers",
        marker={"size": 24, "color": theme.RESIDUAL, "opacity": 0},
        name="part",
        customdata=[SAYS[name] for name, *_ in boxes],
        hovertemplate="%{customdata}<extra></extra>",
    )
