"""One word in several sentences: how alike it is at a layer, layer by layer, and its ways."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from components.figures import theme
from components.figures.embeddings.sentences import sentence_label
from components.figures.once import drawn_once
from components.inspection.embeddings.in_context import WordInContext, stage_name
from components.inspection.embeddings.paths import Paths

HUES = (theme.QUERY, theme.KEY, theme.VALUE, theme.HIGHLIGHT, "#CC79A7")
DASHES = ("solid", "dot", "dashdot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross")
FEW = 12
"""Places of the word whose cosines are written into the cells."""
MOST_LINES = 15
"""Pairs that are drawn as lines: those of the first places."""


def cosine_map(found: WordInContext, stage: int) -> go.Figure:
    """Draw how alike the word's vectors are at one stage."""
    labels = [halved(each) if len(found.found) <= FEW else each for each in names(found)]
    figure = go.Figure(
        go.Heatmap(
            z=found.cosines[stage],
            zmin=-1,
            zmax=1,
            colorscale=theme.SIGNED,
            xgap=2,
            ygap=2,
            texttemplate="%{z:.2f}" if len(labels) <= FEW else None,
            hovertemplate="place %{y} and %{x}: %{z:.4f}<extra></extra>",
            colorbar={"title": "cosine", "tickvals": [-1, 0, 1]},
        )
    )
    places = list(range(len(labels)))
    figure.update_xaxes(
        tickvals=places,
        ticktext=[str(each + 1) for each in places],
        title=f"place of the word, {stage_name(stage, len(found.cosines))}",
        title_standoff=20,  # of two labels, the title would stand between them
        showgrid=False,
    )
    figure.update_yaxes(tickvals=places, ticktext=labels, autorange="reversed", showgrid=False)
    return theme.dressed(figure, 440)


@drawn_once
def layer_lines(found: WordInContext) -> go.Figure:
    """Draw the cosine of each two places of the word through the layers."""
    stages = len(found.cosines)
    figure = go.Figure()
    for number, (one, other) in enumerate(pairs(found)):
        figure.add_scatter(
            x=np.arange(stages, dtype=np.int32),
            y=found.cosines[:, one, other],
            mode="lines+markers",
            name=f"{one + 1} and {other + 1}",
            **look(number),
            hovertemplate="%{y:.3f}",
        )
    if found.to_table is not None:
        figure.add_scatter(
            x=np.arange(1, stages, dtype=np.int32),
            y=found.to_table.mean(axis=1),
            mode="lines",
            name="with its own row, mean",
            line={"color": theme.RESIDUAL, "width": 2, "dash": "dash"},
            hovertemplate="%{y:.3f}",
        )
    shown = range(0, stages, max(1, -(-stages // 8)))
    words = ["table", "in", *map(str, range(stages - 2))]
    figure.update_xaxes(
        title="the table, entering layer 0, after layer 0, 1, ...",
        tickvals=list(shown),
        ticktext=[words[stage] for stage in shown],
        showgrid=False,
    )
    figure.update_yaxes(title="cosine")
    return theme.with_legend(theme.dressed(figure, 440)).update_layout(
        hovermode="x",
        legend_itemwidth=44,  # a dash is seen beside the marker
    )


@drawn_once
def path_lines(found: Paths) -> go.Figure:
    """Draw the word's way from the table to the last layer, a line for each place."""
    stages, last = len(found.of.cosines), len(found.stages) - 1
    words = [stage_name(stage, stages) for stage in found.stages]
    figure = go.Figure()
    for number, (label, points) in enumerate(zip(names(found.of), found.points, strict=True)):
        figure.add_scatter(
            x=points[:, 0],
            y=points[:, 1],
            mode="lines+markers+text",
            name=label,
            **look(number, [6] * last + [13]),
            text=[""] * last + [str(number + 1)],
            textposition="top center",
            customdata=words,
            hovertemplate="%{customdata}<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(title="first direction of PCA", showgrid=False, zeroline=False)
    figure.update_yaxes(title="second direction", showgrid=False, zeroline=False, scaleanchor="x")
    return theme.with_legend(theme.dressed(figure, 480))


def look(number: int, size: int | Sequence[int] = 7) -> dict[str, Any]:
    """Return how a line of many looks, with markers of a `size`, in pixels.

    Of the first fifteen no two share a hue and a dash. Those of one hue differ in the marker, too,
    and hues that a colour-blind eye may take for one another (orange and vermilion, green and pink)
    never share both dash and marker.

    >>> look(1)["line"]["dash"], look(6)["line"]["dash"], look(6)["marker"]["symbol"]
    ('dot', 'solid', 'square')
    """
    color = HUES[number % len(HUES)]
    # Three and five have no common divisor: hue and dash come together again after 15 lines.
    dash = DASHES[number % len(DASHES)]
    symbol = SYMBOLS[number // len(HUES) % len(SYMBOLS)]
    return {
        "line": {"color": color, "width": 2, "dash": dash},
        "marker": {"size": size, "color": color, "symbol": symbol},
    }


def names(found: WordInContext) -> list[str]:
    """Return for each place of the word its number and what stands around it."""
    shown = [sentence_label(one.words(34), 48) for one in found.found]
    return [f"{at} {one}" for at, one in enumerate(shown, 1)]


def halved(label: str) -> str:
    """Return a long label on two lines, so that a phone has room for the cells beside it.

    >>> halved("1 They liked to [play] in the garden."), halved("2 A [bank]")
    ('1 They liked to<br>[play] in the garden.', '2 A [bank]')
    """
    spaces = [at for at, letter in enumerate(label) if letter == " "]
    if len(label) <= 20 or not spaces:
        return label
    at = min(spaces, key=lambda place: abs(place - len(label) / 2))
    return f"{label[:at]}<br>{label[at + 1 :]}"


def pairs(found: WordInContext) -> list[tuple[int, int]]:
    """Return the pairs of places that are drawn, counted from 0."""
    count = len(found.found)
    every = [(one, other) for one in range(count) for other in range(one + 1, count)]
    return every[:MOST_LINES]


def cosine_table(found: WordInContext, stage: int) -> pd.DataFrame:
    """Return the cosines at one stage, with what stands around each place."""
    table = pd.DataFrame(
        found.cosines[stage], columns=[str(at) for at in range(1, len(found.found) + 1)]
    )
    table.insert(0, "sentence", [one.words() for one in found.found])
    return table


def layer_table(found: WordInContext) -> pd.DataFrame:
    """Return the cosine of each pair at each stage, and with the word's own row."""
    stages = len(found.cosines)
    table = pd.DataFrame({"stage": [stage_name(stage, stages) for stage in range(stages)]})
    for one, other in pairs(found):
        table[f"{one + 1} and {other + 1}"] = found.cosines[:, one, other]
    if found.to_table is not None:
        for at, values in enumerate(found.to_table.T, 1):
            table[f"{at} with its row"] = [1.0, *values]
    return table


def path_table(found: Paths) -> pd.DataFrame:
    """Return the points of each way."""
    stages = len(found.of.cosines)
    rows = [
        (at, one.words(), stage_name(stage, stages), *map(float, point))
        for at, (one, way) in enumerate(zip(found.of.found, found.points, strict=True), 1)
        for stage, point in zip(found.stages, way, strict=True)
    ]
    return pd.DataFrame(rows, columns=["place", "sentence", "stage", "first", "second"])
