"""Which label or kind sentences took, and how the score grows with what is learned from."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import plotly.graph_objects as go

from components.figures import theme
from components.figures.embeddings.sentences import sentence_label
from components.figures.once import drawn_once

LONGEST: Final = 28
"""Characters of a name beside a table."""


@drawn_once
def counts_map(
    kinds: tuple[str, ...], labels: tuple[str, ...], counts: np.ndarray, across: str
) -> go.Figure:
    """Draw how many sentences of each kind took each label; a row is a kind."""
    return _map(
        counts.astype(np.float32),
        _named(kinds),
        _named(labels),
        across,
        "known kind",
        "share of the kind",
        counts / np.maximum(counts.sum(1, keepdims=True), 1),
        "%{text}",
        [[f"{value}" for value in row] for row in counts],
    )


@drawn_once
def cosines_map(
    sentences: tuple[str, ...], labels: tuple[str, ...], scores: np.ndarray, chosen: tuple[int, ...]
) -> go.Figure:
    """Draw the cosine of each of some sentences with each label; the chosen one is marked."""
    texts = [
        [f"{value:.2f}" + (" ✓" if at == took else "") for at, value in enumerate(row)]
        for row, took in zip(scores, chosen, strict=True)
    ]
    return _map(
        scores, _named(sentences), _named(labels), "label", "sentence", "cosine", None, "", texts
    )


@drawn_once
def learning_curve(
    sizes: np.ndarray, scores: np.ndarray, baseline: float, kind: str, held: int
) -> go.Figure:
    """Draw the share that is right against the number of sentences learned from."""
    figure = go.Figure()
    figure.add_scatter(
        x=np.concatenate([sizes, sizes[::-1]]),
        y=np.concatenate([scores.max(1), scores.min(1)[::-1]]).astype(np.float32),
        mode="lines",
        fill="toself",
        fillcolor=theme.PROBABILITY_FAINT,
        line={"width": 0},
        hoverinfo="skip",
        name=f"worst to best of {scores.shape[1]}",
    )
    figure.add_scatter(
        x=sizes,
        y=scores.mean(1).astype(np.float32),
        mode="lines+markers",
        line={"color": theme.PROBABILITY, "width": 2.5},
        name="mean",
        hovertemplate=f"learned from %{{x}}: %{{y:.1%}} of {held} right<extra></extra>",
    )
    figure.add_scatter(
        x=sizes[[0, -1]],
        y=[baseline, baseline],
        mode="lines",
        line={"color": theme.RESIDUAL, "dash": "dash"},
        name=f"always {sentence_label(kind, LONGEST)}",
        hoverinfo="skip",
    )
    figure.update_xaxes(title="sentences learned from", showgrid=False, rangemode="tozero")
    figure.update_yaxes(title=f"right, of {held} held out", tickformat=".0%", range=[0, 1.03])
    return theme.with_legend(theme.dressed(figure, 440))


def _named(names: Sequence[str]) -> list[str]:
    return [sentence_label(name, LONGEST) for name in names]


def _map(
    values: np.ndarray,
    down: list[str],
    across: list[str],
    x_title: str,
    y_title: str,
    bar: str,
    shares: np.ndarray | None,
    template: str,
    texts: list[list[str]],
) -> go.Figure:
    # By place, since two names may be alike once they are cut.
    colored = values if shares is None else shares
    figure = go.Figure(
        go.Heatmap(
            z=colored.astype(np.float32),
            colorscale=theme.ATTENTION,
            zmin=0 if shares is not None else None,
            zmax=1 if shares is not None else None,
            text=texts,
            texttemplate=template or "%{text}",
            colorbar={"title": bar, "tickformat": ".0%" if shares is not None else ".2f"},
            hovertemplate=f"{y_title}: %{{y}}<br>{x_title}: %{{x}}<br>%{{text}}<extra></extra>",
        )
    )
    figure.update_xaxes(
        title=x_title,
        tickvals=list(range(len(across))),
        ticktext=across,
        showgrid=False,
    )
    figure.update_yaxes(
        title=y_title,
        tickvals=list(range(len(down))),
        ticktext=down,
        autorange="reversed",
        showgrid=False,
    )
    return theme.dressed(figure, max(440, 26 * len(down) + 140))
