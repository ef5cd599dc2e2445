"""Two rankings of sentences, the cosines of several queries, and passes of two kinds of encoder."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import plotly.graph_objects as go

from components.figures import theme
from components.figures.embeddings.sentences import sentence_label
from components.figures.once import drawn_once
from components.figures.visible import MOST
from components.inspection.embeddings.keywords import ByWords, marked
from components.inspection.embeddings.passes import Passes
from components.inspection.embeddings.search import ByMeaning

READ: Final = 84
"""Characters of a sentence that stand above its bars."""
MEANING: Final = theme.QUERY
WORDS: Final = theme.KEY
ANSWERED: Final = theme.QUERY
UNANSWERED: Final = theme.KEY
OWN: Final = theme.HIGHLIGHT


def ordinal(number: int) -> str:
    """Write a rank.

    >>> [ordinal(n) for n in (1, 2, 3, 4, 11, 22, 113)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd', '113th']
    """
    ends = {1: "st", 2: "nd", 3: "rd"}
    return f"{number:,}" + ("th" if number % 100 in (11, 12, 13) else ends.get(number % 10, "th"))


def two_rankings(
    sentences: Sequence[str],
    meant: ByMeaning,
    shared: ByWords,
    rows: Sequence[int],
    both: bool = True,
) -> go.Figure:
    """Draw where some sentences (`rows`) stand by meaning, and, if `both`, by words.

    The query's words stand between small brackets then.
    """
    place = {int(at): number for number, at in enumerate(meant.order, 1)}
    rank = {int(at): number for number, at in enumerate(shared.order, 1)}
    known = shared.known if both else ()
    return rankings(
        tuple(in_brackets(sentences[at], known) for at in rows),
        meant.scores[list(rows)],
        tuple(place[at] for at in rows),
        shared.scores[list(rows)],
        tuple(rank.get(at, 0) for at in rows) if both else None,
    )


def in_brackets(text: str, words: tuple[str, ...]) -> str:
    """Return a sentence with some words between small brackets.

    >>> in_brackets("The dog barks", ("dog",))
    'The ‹dog› barks'
    """
    return "".join(f"‹{piece}›" if among else piece for piece, among in marked(text, words))


@drawn_once
def rankings(
    texts: tuple[str, ...],
    cosines: np.ndarray,
    places: tuple[int, ...],
    scores: np.ndarray,
    ranks: tuple[int, ...] | None,
) -> go.Figure:
    """Draw a row for each of some sentences: its text, its cosine, and its score by words.

    `places` and `ranks` are where it stands by meaning and by words, from 1; 0: nowhere. Without
    `ranks` the ranking by words is left out.
    """
    rows = np.arange(len(texts))
    hover = [f"{sentence_label(text, MOST)}<br>" for text in texts]
    low = min(0.0, float(cosines.min(initial=0.0)))
    figure = go.Figure()
    for values, standing, axis, color, what in (
        (cosines, places, "x", MEANING, "cosine"),
        (scores, ranks, "x2", WORDS, "BM25"),
    ):
        if standing is None:
            continue
        said = [ordinal(at) if at else "not found" for at in standing]
        figure.add_bar(
            x=values.astype(np.float32),
            y=rows + 0.2,
            width=0.42,
            orientation="h",
            xaxis=axis,
            marker_color=color,
            text=[
                f"{how} · {value:.2f}" if at else how
                for how, value, at in zip(said, values, standing, strict=True)
            ],
            textposition="outside",
            constraintext="none",
            cliponaxis=False,
            hovertext=[
                f"{text}by {what}: {how}, {value:.4f}"
                for text, how, value in zip(hover, said, values, strict=True)
            ],
            hoverinfo="text",
        )
    _above(figure, texts, rows)
    most = max(float(cosines.max(initial=0.0)), 0.05)
    figure.update_layout(
        xaxis={"title": "cosine with the query", "domain": [0, 0.47]},
        xaxis2={"title": "BM25: words shared", "domain": [0.55, 1], "anchor": "y"},
        bargap=0,
    )
    figure.update_xaxes(showgrid=False, zeroline=True, nticks=4)
    figure.layout.xaxis.range = [low * 1.6, most * 1.6]
    figure.layout.xaxis2.visible = ranks is not None
    figure.layout.xaxis2.range = [0, 1.75 * max(float(scores.max(initial=0.0)), 0.1)]
    return _rowed(figure, len(texts))


@drawn_once
def spreads(
    queries: tuple[str, ...], groups: tuple[str, ...], spread: np.ndarray, named: dict[str, str]
) -> go.Figure:
    """Draw, for each query, where its cosines with all sentences lie.

    `spread` has the smallest, the quartiles and the largest of each; a group of queries has one
    color, and a name in `named`.
    """
    figure, rows = go.Figure(), np.arange(len(queries))
    for group, color in (("own", OWN), ("answered", ANSWERED), ("unanswered", UNANSWERED)):
        here = np.array([at for at, one in enumerate(groups) if one == group], int)
        if not len(here):
            continue
        least, first, middle, third, largest = spread[here].T.astype(np.float32)
        figure.add_box(
            lowerfence=least,
            q1=first,
            median=middle,
            q3=third,
            upperfence=third,
            y=(here + 0.2).astype(np.float32),
            orientation="h",
            width=0.35,
            line={"color": color, "width": 1.5},
            showlegend=False,
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=largest,
            y=here + 0.2,
            mode="markers",
            name=named[group],
            marker={"color": color, "size": 11, "symbol": "diamond"},
            hovertext=[
                f"{sentence_label(queries[at], MOST)}<br>nearest sentence {spread[at, 4]:.4f}, "
                f"middle {spread[at, 2]:.4f}"
                for at in here
            ],
            hoverinfo="text",
        )
    low, high = float(spread.min()), float(spread.max())
    figure.update_xaxes(
        title="cosine with each sentence; diamond: the nearest",
        range=[low - 0.03 * (high - low), high + 0.05 * (high - low)],
        showgrid=False,
        zeroline=False,
    )
    _above(figure, queries, rows)
    return theme.with_legend(_rowed(figure, len(queries)))


@drawn_once
def bars(texts: tuple[str, ...], cosines: np.ndarray) -> go.Figure:
    """Draw the cosine of each of a few sentences with a query, its text above it."""
    rows = np.arange(len(texts))
    figure = go.Figure(
        go.Bar(
            x=cosines.astype(np.float32),
            y=rows + 0.2,
            width=0.4,
            orientation="h",
            marker_color=MEANING,
            text=[f"{value:.3f}" for value in cosines],
            textposition="outside",
            constraintext="none",
            cliponaxis=False,
            hoverinfo="skip",
        )
    )
    low = min(0.0, float(cosines.min()))
    figure.update_xaxes(
        title="cosine with the query",
        range=[low * 1.2, max(0.05, float(cosines.max())) * 1.15],
        showgrid=False,
    )
    _above(figure, texts, rows)
    return _rowed(figure, len(texts), 300)


@drawn_once
def pass_lines(found: Passes) -> go.Figure:
    """Draw the passes of both ways against the number of sentences, each axis in powers of ten."""
    figure = go.Figure()
    for name, values, color, at in (
        ("cross-encoder: each pair", found.crossed, WORDS, found.pairs),
        ("bi-encoder: each sentence", found.numbers, MEANING, found.sentences),
    ):
        figure.add_scatter(
            x=found.numbers.astype(np.float32),
            y=values.astype(np.float32),
            mode="lines",
            name=name,
            line={"color": color, "width": 2.5},
            hovertemplate="%{x:,.0f} sentences: %{y:,.0f} passes<extra></extra>",
        )
        figure.add_scatter(
            x=[found.sentences],
            y=[at],
            mode="markers+text",
            marker={"color": color, "size": 10},
            text=[f"{at:,}"],
            textposition="top left",
            showlegend=False,
            hoverinfo="skip",
        )
    figure.update_xaxes(title="sentences", type="log", dtick=1, showgrid=False)
    figure.update_yaxes(title="passes", type="log", exponentformat="power", dtick=2)
    return theme.with_legend(theme.dressed(figure, 440))


def _above(figure: go.Figure, texts: Sequence[str], rows: np.ndarray) -> None:
    """Write each text above its row, from the left edge on.

    A few at a time, since of many a phone leaves out the text.
    """
    for start in range(0, len(texts), theme.FEW):
        some = slice(start, start + theme.FEW)
        figure.add_scatter(
            x=[0] * len(texts[some]),
            y=rows[some] - 0.25,
            xaxis="x9",
            mode="text",
            text=[sentence_label(text, READ) for text in texts[some]],
            textposition="middle right",
            hoverinfo="skip",
            showlegend=False,
            cliponaxis=False,
        )
    figure.update_layout(
        xaxis9={"overlaying": "x", "range": [0, 1], "visible": False, "anchor": "y"}
    )


def _rowed(figure: go.Figure, rows: int, height: int = 440) -> go.Figure:
    figure.update_yaxes(visible=False, range=[rows - 0.4, -0.6])
    return theme.dressed(figure, max(height, 42 * rows + 60))
