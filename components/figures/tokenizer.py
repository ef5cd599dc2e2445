"""Tokenizers in figures: counts side by side, lengths, windows, and how numbers are written."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from components.figures import theme
from components.figures.numbers import percent
from components.figures.visible import label
from components.inspection.tokenizer.compare import Comparison
from components.inspection.tokenizer.statistics import (
    LONGEST_BIN,
    CountedToken,
    TextStatistics,
)

ROW = 40
"""Pixels of height for each bar."""
NUMBER_TINTS = ("#E8F1F1", "#9CCFCB", "#4E9C9E", "#1F6F72", "#0B4346", "#04282A")
"""One token, two, three ... in the teal of all counts; six or more share the last."""


def token_counts(comparison: Comparison) -> go.Figure:
    """Draw a bar for each tokenizer: how many tokens it makes of the text, the fewest on top.

    In grey among them: what the text would be in whole words, in characters and in bytes.
    """
    made = [
        (_name(each.title), each.tokens, f"{each.characters_per_token:.3f} characters per token")
        for each in comparison.readings
    ]
    plain = [
        ("words", comparison.words, "runs of characters that are not white space"),
        ("characters", comparison.characters, "no vocabulary, but one entry for each character"),
        ("bytes", comparison.bytes, "of the text in UTF-8: 256 entries write every text"),
    ]
    rows = sorted(made + plain, key=lambda row: row[1])
    traces = []
    for of, colour, unit in ((made, theme.PROBABILITY, " tokens"), (plain, theme.RESIDUAL, "")):
        places = [place for place, row in enumerate(rows) if row in of]
        counts = [rows[place][1] for place in places]
        traces.append(
            go.Bar(
                x=counts,
                y=places,
                orientation="h",
                marker={"color": colour, "cornerradius": 3},
                text=[f"{count:,}" for count in counts],
                textposition="outside",
                cliponaxis=False,
                customdata=[
                    f"{name}: {count:,}{unit},<br>{says}"
                    for name, count, says in (rows[place] for place in places)
                ],
                hovertemplate="%{customdata}<extra></extra>",
            )
        )
    figure = go.Figure(traces).update_layout(
        xaxis={
            "range": [0, max(*(count for _, count, _ in rows), 1) * 1.15],
            "title": "tokens, special ones not counted; in grey other ways to cut a text",
            "showticklabels": False,
            "fixedrange": True,
        },
        yaxis={
            "tickvals": list(range(len(rows))),
            "ticktext": [name for name, _, _ in rows],
            "autorange": "reversed",
            "fixedrange": True,
            "ticklabelstandoff": 8,
            "tickfont": {"size": 14},
        },
        barmode="overlay",
        bargap=0.35,
        showlegend=False,
    )
    return theme.dressed(figure, height=ROW * len(rows) + 70)


def length_histogram(statistics: TextStatistics) -> go.Figure:
    """Draw how many tokens of the text write 1, 2, 3 ... bytes; special tokens are left out."""
    counts = statistics.lengths
    filled = np.flatnonzero(counts)
    last = int(filled[-1]) if len(filled) else 1
    lengths = list(range(1, last + 1))
    names = [f"{length}+" if length == LONGEST_BIN else str(length) for length in lengths]
    share = counts / max(int(counts.sum()), 1)
    bars = go.Bar(
        x=lengths,
        y=[int(counts[length]) for length in lengths],
        marker={"color": theme.PROBABILITY, "cornerradius": 3},
        customdata=[[name, f"{share[n]:.2%}"] for name, n in zip(names, lengths, strict=True)],
        hovertemplate="%{customdata[0]} bytes: %{y:,} tokens (%{customdata[1]})<extra></extra>",
    )
    figure = go.Figure(bars).update_layout(
        xaxis={
            "title": "bytes that the token writes",
            "tickvals": lengths,
            "ticktext": names,
            "fixedrange": True,
        },
        yaxis={"title": "tokens", "fixedrange": True, "tickformat": ",d"},
        bargap=0.15,
    )
    return theme.dressed(figure, height=440)


def window_fit(tokens: int, windows: list[tuple[str, int]]) -> go.Figure:
    """Draw how much of each context window the text fills; `windows` are names and tokens."""
    places = list(range(len(windows)))
    shares = [tokens / size for _, size in windows]
    fits = [share <= 1 for share in shares]
    bars = go.Bar(
        x=[min(share, 1.0) for share in shares],
        y=places,
        orientation="h",
        marker={
            "color": [theme.PROBABILITY if fit else theme.NEGATIVE for fit in fits],
            "cornerradius": 3,
        },
        text=[
            f"fits, {_name(percent(share))} full" if fit else f"{share:,.1f} × the context window"
            for share, fit in zip(shares, fits, strict=True)
        ],
        textposition=["outside" if share < 0.6 else "inside" for share in shares],
        insidetextanchor="end",
        insidetextfont={"color": "#FFFFFF"},
        constraintext="none",
        customdata=[f"{tokens:,} of {size:,} tokens" for _, size in windows],
        hovertemplate="%{customdata}<extra></extra>",
        cliponaxis=False,
    )
    figure = go.Figure(bars).update_layout(
        xaxis={
            "range": [0, 1.04],
            "title": "share of the context window",
            "tickvals": [0, 0.25, 0.5, 0.75, 1],
            "tickformat": ".0%",
            "fixedrange": True,
        },
        yaxis={
            "tickvals": places,
            "ticktext": [f"{_name(name)}<br>{size:,}" for name, size in windows],
            "autorange": "reversed",
            "fixedrange": True,
            "ticklabelstandoff": 8,
        },
        bargap=0.4,
    )
    return theme.dressed(figure, height=ROW * len(windows) + 70)


def counted_tokens(tokens: Sequence[CountedToken], by: str) -> go.Figure:
    """Draw a bar for each token, the largest on top; `by` is "count" or "length"."""
    places = list(range(len(tokens)))
    bars = go.Bar(
        x=[getattr(token, by) for token in tokens],
        y=places,
        orientation="h",
        marker={"color": theme.PROBABILITY, "cornerradius": 3},
        customdata=[[label(token.text), token.id, token.count, token.length] for token in tokens],
        hovertemplate="%{customdata[0]} (id %{customdata[1]}): %{customdata[2]:,} times, "
        "%{customdata[3]} bytes<extra></extra>",
    )
    figure = go.Figure(bars).update_layout(
        xaxis={
            "title": "times in the text" if by == "count" else "bytes that the token writes",
            "tickformat": ",d",
            "fixedrange": True,
        },
        yaxis={
            "title": "token",
            "tickvals": places,
            "ticktext": [label(token.text, 24) for token in tokens],
            "autorange": "reversed",
            "fixedrange": True,
        },
        bargap=0.25,
    )
    return theme.dressed(figure, height=440)


def _name(name: str) -> str:
    """Return a name or a number letter by letter, for a figure."""
    return label(name, 30).replace("·", " ")


def number_grid(counts: NDArray[np.int8]) -> go.Figure:
    """Draw for each number from 0 to 9,999 in how many tokens it is written.

    `counts[hundreds, rest]`, so that number 4,207 stands in row 42, column 7.
    """
    most = len(NUMBER_TINTS)
    steps = [
        (edge, tint)
        for place, tint in enumerate(NUMBER_TINTS)
        for edge in (place / most, (place + 1) / most)
    ]
    numbers = np.arange(counts.size).reshape(counts.shape)
    grid = go.Heatmap(
        z=np.clip(counts, 1, most).astype(np.float32),
        zmin=0.5,
        zmax=most + 0.5,
        colorscale=steps,
        customdata=np.dstack([numbers, counts]),
        hovertemplate="%{customdata[0]}: %{customdata[1]} tokens<extra></extra>",
        colorbar={
            "title": "tokens",
            "tickvals": list(range(1, most + 1)),
            "ticktext": [*map(str, range(1, most)), f"{most}+"],
            "thickness": 14,
        },
    )
    rows = list(range(0, 100, 20))
    figure = go.Figure(grid).update_layout(
        xaxis={"title": "last two digits", "tickvals": rows},
        yaxis={"title": "hundreds", "tickvals": rows, "autorange": "reversed"},
    )
    return theme.dressed(figure, height=440)
