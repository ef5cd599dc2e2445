"""Sentences: the table of their cosines, poolings compared, padding, and the tokens behind one."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from components.figures import theme
from components.figures.once import drawn_once
from components.inspection.embeddings.padding import PaddingSides
from components.inspection.embeddings.pooling import WAYS
from components.inspection.embeddings.similarity import Pooled, Similarity, alike, numbers_of
from components.inspection.embeddings.token_vectors import TokenVectors

SHORT = 22
"""Characters of a sentence beside a row."""
ROW = 19
"""Pixels of a row that carries a sentence."""
FEW = 12
"""Sentences whose cosines are written into the cells."""
NUMBERS = 48
"""Of a vector that are drawn: a part is enough to see where they come from."""
BINS = 40


def sentence_label(sentence: str, most: int = SHORT) -> str:
    """Return a sentence as a figure writes it: not too long, and shown letter by letter.

    >>> sentence_label("a <b> & c"), sentence_label("one two three", 8)
    ('a &lt;b&gt; &amp; c', 'one two…')
    """
    return theme.label(sentence, most).replace("·", " ")


@drawn_once
def similarity_map(found: Similarity, hidden: bool = False) -> go.Figure:
    """Draw the cosine of each two sentences; with `hidden`, none yet.

    Colours go from the lowest to the highest cosine of two different sentences.
    """
    count = len(found.cosines)
    others = ~np.eye(count, dtype=bool)
    low, high = extremes(found)
    places = list(range(count))
    labels = [sentence_label(each) for each in found.sentences]
    written = count <= FEW and not hidden
    grid = go.Heatmap(
        z=np.where(others, np.nan, 1.0) if hidden else found.cosines,
        zmin=low,
        zmax=high,
        colorscale=[list(stop) for stop in theme.ATTENTION],
        xgap=1,
        ygap=1,
        texttemplate="%{z:.2f}" if written else None,
        hovertext=[
            sentence_label(f"{place + 1}: {each}", 80) for place, each in enumerate(found.sentences)
        ],
        hovertemplate="sentences %{y} and %{x}: %{z:.4f}<extra></extra>",
        hoverongaps=False,
        colorbar={
            "title": "cosine",
            "tickvals": [low, high],
            "ticktext": [f"{low:.2f}", f"{high:.2f}"],
        },
        x=places,
        y=places,
    )
    figure = go.Figure(grid)
    figure.update_yaxes(tickvals=places, ticktext=labels, autorange="reversed", showgrid=False)
    if found.kinds is None:
        figure.update_xaxes(
            tickvals=places,
            ticktext=[str(place + 1) for place in places],
            title="sentence",
            showgrid=False,
        )
        figure.update_yaxes(ticktext=[f"{place + 1} {each}" for place, each in enumerate(labels)])
    else:
        blocks = _blocks(found.kinds)
        figure.update_xaxes(
            tickvals=[(first + last) / 2 for _, first, last in blocks],
            ticktext=[sentence_label(kind, 12) for kind, _, _ in blocks],
            title="kind of sentence",
            showgrid=False,
        )
        for _, first, _ in blocks[1:]:
            line = {"color": theme.RESIDUAL, "width": 1}
            figure.add_vline(first - 0.5, line=line)
            figure.add_hline(first - 0.5, line=line)
    return theme.dressed(figure, max(300, ROW * count + 60))


def extremes(found: Similarity) -> tuple[float, float]:
    """Return the lowest and the highest cosine of two different sentences, never the same."""
    pairs = found.cosines[~np.eye(len(found.cosines), dtype=bool)]
    low, high = float(pairs.min()), float(pairs.max())
    return (low, high) if high - low > 1e-3 else (low - 1e-3, high + 1e-3)


@drawn_once
def pooling_panels(found: tuple[Pooled, ...], kinds: tuple[str, ...] | None) -> go.Figure:
    """Draw, for each pooling, how often each cosine is there: within kinds and between them."""
    titles = [WAYS[each.way] for each in found]
    figure = make_subplots(
        len(found), 1, shared_xaxes=True, vertical_spacing=0.1, row_titles=titles
    )
    lowest = min(float(each.cosines.min()) for each in found)
    edges = np.linspace(min(lowest, 0.0), 1.0, BINS + 1)
    middles = ((edges[1:] + edges[:-1]) / 2).astype(np.float32)
    for row, each in enumerate(found, 1):
        for name, color, pairs in _series(each, kinds):
            share = np.histogram(pairs.clip(edges[0], 1.0), edges)[0] / max(len(pairs), 1)
            figure.add_bar(
                x=middles,
                y=share.astype(np.float32),
                name=name,
                marker_color=color,
                opacity=0.75,
                showlegend=row == 1,
                hovertemplate=f"{name}: %{{y:.1%}} near %{{x:.2f}}<extra></extra>",
                row=row,
                col=1,
            )
        figure.update_yaxes(tickformat=".0%", nticks=3, row=row, col=1)
    figure.update_xaxes(title="cosine of two sentences", row=len(found), col=1)
    figure.update_yaxes(title="share of pairs", row=(len(found) + 1) // 2, col=1)
    figure.update_layout(barmode="overlay", bargap=0)
    return theme.with_legend(theme.dressed(figure, 440))


@drawn_once
def padding_bars(found: PaddingSides) -> go.Figure:
    """Draw how far each way to pad and read leads from the sentence alone."""
    figure = go.Figure(
        go.Bar(
            x=np.array([side.apart for side in found.sides], np.float32),
            y=[side.name.replace("; ", "<br>") for side in found.sides],
            orientation="h",
            marker_color=[theme.VALUE if side.sound else theme.KEY for side in found.sides],
            text=[f" {side.apart:.2g}" if side.apart > 1e-9 else " 0" for side in found.sides],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.3g}<extra></extra>",
        )
    )
    most = max(max(side.apart for side in found.sides), 1e-6)
    figure.update_xaxes(title="largest 1 − cosine to the sentence alone", range=[0, 1.2 * most])
    figure.update_yaxes(autorange="reversed", title="padding, and what is read")
    return theme.dressed(figure, 400)


@drawn_once
def token_map(found: TokenVectors, ways: Sequence[str]) -> go.Figure:
    """Draw the first numbers of each token's vector, and below them those of the pooled ones."""
    shown = min(NUMBERS, found.vectors.shape[1])
    top = float(np.quantile(np.abs(found.vectors[:, :shown]), 0.98)) or 1.0
    pools = [found.pooled[way] for way in found.pooled if way in ways]
    rows: NDArray[np.float32] = np.concatenate(
        [
            found.vectors[:, :shown],
            np.full((1, shown), np.nan, np.float32),
            np.stack(pools)[:, :shown],
        ]
    ).astype(np.float32)
    labels = [f"{place}: {theme.label(token, 16)}" for place, token in enumerate(found.tokens)]
    labels += ["", *(WAYS[way] for way in found.pooled if way in ways)]
    places = list(range(len(labels)))
    figure = go.Figure(
        go.Heatmap(
            z=rows,
            y=places,
            zmin=-top,
            zmax=top,
            colorscale=[list(stop) for stop in theme.SIGNED],
            hovertemplate="number %{x} of row %{y}: %{z:.4f}<extra></extra>",
            hoverongaps=False,
            colorbar={"title": "value"},
        )
    )
    title = f"the first {shown} of {found.vectors.shape[1]:,} numbers"
    figure.update_xaxes(title=title, showgrid=False)
    figure.update_yaxes(
        tickvals=places, ticktext=labels, autorange="reversed", title="token", showgrid=False
    )
    return theme.dressed(figure, max(300, 22 * len(labels) + 60))


def _series(
    found: Pooled, kinds: tuple[str, ...] | None
) -> list[tuple[str, str, NDArray[np.float32]]]:
    if kinds is None or found.means.within is None:
        return [("two sentences", theme.QUERY, numbers_of(found.cosines))]
    same = alike(kinds)
    return [
        ("of different kinds", theme.RESIDUAL, numbers_of(found.cosines, ~same)),
        ("of one kind", theme.QUERY, numbers_of(found.cosines, same)),
    ]


def _blocks(kinds: tuple[str, ...]) -> list[tuple[str, int, int]]:
    """Return each kind with the places of its first and its last sentence, which stand together."""
    found: list[tuple[str, int, int]] = []
    for place, kind in enumerate(kinds):
        if found and found[-1][0] == kind:
            found[-1] = (kind, found[-1][1], place)
        else:
            found.append((kind, place, place))
    return found
