"""Pictures of clusters: a map, their words, kinds against them, and what other settings give."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from components.figures import theme
from components.figures.embeddings.sentences import sentence_label
from components.figures.once import drawn_once
from components.inspection.embeddings.other_settings import BySeed, BySize

HUES: Final = (theme.QUERY, theme.KEY, theme.VALUE, "#CC79A7", theme.HIGHLIGHT)
SHAPES: Final = ("circle", "square", "diamond", "triangle-up", "cross", "star", "triangle-down")
"""With five hues, 35 clusters that differ from one another by hue or shape."""
NOISE: Final = theme.RESIDUAL
NAMED: Final = 12
"""Clusters that are named on the map, the largest first; more would hide the points."""
READ: Final = 70
"""Characters of a sentence that a finger reads off the map; the table has it whole."""
WAYS: Final = {"after UMAP": (theme.QUERY, "solid"), "on the whole vectors": (theme.KEY, "dash")}
ROW: Final = 34
LETTER: Final = 0.013
"""Width of a letter on the map, as a share of its width."""
EDGE: Final = 0.25
"""Share of the map's width, left and right, where a name beside a cluster might be cut off."""
LINE: Final = 0.05
"""Height of a line, as a share of the map's height."""


def name_of(label: int, words: Sequence[str] = (), many: int = 3) -> str:
    """Return what a cluster is called.

    >>> name_of(2, ["rain", "wind"]), name_of(2), name_of(-1, ["and"])
    ('2: rain wind', '2', 'noise')
    """
    if label < 0:
        return "noise"
    said = " ".join(words[:many])
    return f"{label}: {said}" if said else str(label)


@drawn_once
def cluster_map(
    places: NDArray[np.float32],
    labels: NDArray[np.int32],
    sentences: tuple[str, ...],
    names: tuple[str, ...],
    told: bool = True,
) -> go.Figure:
    """Draw each sentence as a point, in its cluster's colour and shape; noise small and grey.

    `names` are those of the clusters, by label. Not `told`: all points are alike.
    """
    figure = go.Figure()
    inside = (labels >= 0) & told
    texts = np.array([sentence_label(each, READ) for each in sentences], dtype=object)
    for part in (~inside, inside):
        own = labels[part]
        coloured = told and bool(part is inside)
        figure.add_scatter(
            x=places[part, 0],
            y=places[part, 1],
            mode="markers",
            text=texts[part].tolist(),
            customdata=own if coloured else None,
            hovertemplate="%{text}<extra>"
            + ("cluster %{customdata}" if coloured else "noise" if told else "")
            + "</extra>",
            marker={
                "size": 7 if coloured or not told else 5,
                "opacity": 0.85 if coloured else 0.6 if not told else 0.4,
                "color": [HUES[each % len(HUES)] for each in own] if coloured else NOISE,
                "symbol": [SHAPES[each // len(HUES) % len(SHAPES)] for each in own]
                if coloured
                else "circle",
            },
        )
    if told:
        _name(figure, places, labels, names)
    bare = {"showticklabels": False, "showgrid": False, "zeroline": False}
    figure.update_xaxes(title="UMAP, first number", **bare)
    figure.update_yaxes(title="UMAP, second number", **bare)
    return theme.dressed(figure, height=420)


def _name(
    figure: go.Figure,
    places: NDArray[np.float32],
    labels: NDArray[np.int32],
    names: tuple[str, ...],
) -> None:
    """Write each large cluster's name beside it, where no other name stands."""
    sizes = np.bincount(labels[labels >= 0], minlength=len(names))
    low, span = places.min(0), np.maximum(np.ptp(places, axis=0), 1e-9)
    written: list[tuple[float, float, str]] = []
    sides = []
    for label in np.argsort(-sizes, kind="stable")[:NAMED].tolist():
        if not sizes[label]:
            break
        name = sentence_label(names[label], 40)
        own = (places[labels == label] - low) / span
        across, middle = np.median(own, axis=0).tolist()
        top, bottom = float(own[:, 1].max()), float(own[:, 1].min())
        # At the edge it is written inwards.
        side = (across < EDGE) - (across > 1 - EDGE)
        centre = across + side * LETTER * len(name) / 2
        for at in (top + 0.04, bottom - 0.04, middle, top + 0.1, bottom - 0.1):
            if all(_apart(centre, at, name, other) for other in written):
                written.append((centre, at, name))
                sides.append((across, ("middle center", "middle right", "middle left")[side]))
                break
    figure.add_scatter(
        x=[float(low[0] + span[0] * x) for x, _ in sides],
        y=[float(low[1] + span[1] * y) for _, y, _ in written],
        mode="text",
        text=[name for _, _, name in written],
        textposition=[side for _, side in sides],
        hoverinfo="skip",
        cliponaxis=False,
    )


def _apart(x: float, y: float, name: str, other: tuple[float, float, str]) -> bool:
    """Say whether two names, written around places from 0 to 1, stand clear of each other."""
    wide = LETTER * (len(name) + len(other[2])) / 2
    return abs(x - other[0]) > wide or abs(y - other[1]) > LINE


@drawn_once
def word_bars(words: tuple[str, ...], weights: NDArray[np.float32], label: int) -> go.Figure:
    """Draw the weight of each characteristic word of a cluster, the largest on top."""
    rows = list(range(len(words)))
    color = HUES[label % len(HUES)] if label >= 0 else NOISE
    bars = go.Bar(
        x=weights,
        y=rows,
        orientation="h",
        marker={"color": color, "cornerradius": 3},
        hovertemplate="%{x:.4f}<extra></extra>",
    )
    figure = go.Figure(bars).update_layout(
        xaxis={"title": "class-based TF-IDF", "showgrid": False, "fixedrange": True},
        yaxis={
            "title": "word",
            "tickvals": rows,
            "ticktext": [theme.label(word, 30) for word in words],
            "autorange": "reversed",
            "fixedrange": True,
        },
        bargap=0.3,
    )
    return theme.dressed(figure, height=max(180, ROW * len(words) + 70))


@drawn_once
def kinds_map(
    table: NDArray[np.int32], kinds: tuple[str, ...], clusters: tuple[str, ...]
) -> go.Figure:
    """Draw how many sentences of each kind are in each cluster."""
    return _cells(
        table,
        [[str(each) if each else "" for each in row] for row in table.tolist()],
        across=("cluster", [sentence_label(each, 30) for each in clusters]),
        down=("kind", [sentence_label(each, 30) for each in kinds]),
        scale=("sentences", None),
        tells="%{y}, cluster %{x}: %{z} sentences",
        height=max(260, ROW * len(kinds) + 130),
    )


@drawn_once
def size_lines(found: BySize, kinds: int, whole: bool = True) -> go.Figure:
    """Draw the number of clusters, and the share of noise, against the least size of a cluster.

    `kinds` are how many should be found, 0 if nobody knows; without `whole`, only after UMAP.
    """
    figure = go.Figure()
    for way, (name, (color, dash)) in list(enumerate(WAYS.items()))[: 1 + whole]:
        for axis, values, tells in (
            # A logarithm has no place for 0: there the line ends.
            ("y", np.where(found.count[way], found.count[way], np.nan), "%{y} clusters"),
            ("y2", found.noise[way], "%{y:.0%} noise"),
        ):
            figure.add_scatter(
                x=found.sizes,
                y=values.astype(np.float32),
                yaxis=axis,
                mode="lines+markers",
                name=name,
                showlegend=axis == "y",
                line={"color": color, "width": 2.5, "dash": dash},
                marker={"color": color, "size": 7},
                hovertemplate=f"{name}, %{{x}} or more: {tells}<extra></extra>",
            )
    if kinds:
        figure.add_hline(kinds, line={"color": theme.RESIDUAL, "dash": "dot", "width": 1.5})
    ticks = [1, 2, 5, 10, 20, 50, 100, 200]
    figure.update_layout(
        xaxis={
            "title": "least sentences of a cluster",
            "type": "log",
            "tickvals": list(found.sizes[::2]),
            "showgrid": False,
            "anchor": "y2",
        },
        yaxis={"title": "clusters", "domain": [0.48, 1], "type": "log", "tickvals": ticks},
        yaxis2={"title": "noise", "domain": [0, 0.4], "range": [-0.03, 1.03], "tickformat": ".0%"},
    )
    return theme.with_legend(theme.dressed(figure, height=440))


@drawn_once
def seed_map(found: BySeed) -> go.Figure:
    """Draw how well the clusterings with each two seeds agree."""
    names = [f"seed {seed}" for seed in found.seeds]
    return _cells(
        found.agreement,
        [[f"{each:.2f}" for each in row] for row in found.agreement.tolist()],
        across=("seed of UMAP", names),
        down=("seed of UMAP", names),
        scale=("adjusted Rand index", 1),
        tells="%{y} and %{x}: %{z:.4f}",
        height=80 * len(names) + 140,
    )


def _cells(
    values: NDArray[np.float32] | NDArray[np.int32],
    written: list[list[str]],
    *,
    across: tuple[str, list[str]],
    down: tuple[str, list[str]],
    scale: tuple[str, float | None],
    tells: str,
    height: int,
) -> go.Figure:
    """Draw a table as coloured cells, with what is `written` in each.

    `across` and `down` are an axis' title and the names along it; `scale` is what the colours
    count, from 0, and where they end (None: at the largest); `tells` is what a finger reads.
    """
    title, most = scale
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=across[1],
            y=down[1],
            colorscale=theme.ATTENTION,
            zmin=0,
            zmax=most,
            text=written,
            texttemplate="%{text}",
            colorbar={"title": title},
            hovertemplate=f"{tells}<extra></extra>",
            xgap=2,
            ygap=2,
        )
    )
    figure.update_xaxes(title=across[0], type="category")
    figure.update_yaxes(title=down[0], type="category", autorange="reversed")
    return theme.dressed(figure, height=height)
