"""Scores over shifts and distances, and how fast each pair turns."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import plotly.graph_objects as go

from components.figures import theme
from components.figures.once import drawn_once
from components.inspection.positions.relative import Decay, Shifts
from components.inspection.positions.rotation import Rope, places, still

BANDS: Final = ("#CC79A7", "#009E73", "#E69F00", "#56B4E9")
"""Quarters of the pairs, the fastest first."""
GREY: Final = "#8A8A86"


@drawn_once
def shift_lines(shifts: Shifts, query: int, key: int, together: bool = True) -> go.Figure:
    """Draw the score of a query and a key that move `together`, and where only the key moves."""
    figure = go.Figure()
    figure.add_scatter(
        x=shifts.shifts,
        y=shifts.key_only,
        mode="lines",
        name="only the key moves away",
        line={"color": theme.KEY, "width": 1.5},
        hovertemplate="key %{x} positions behind the query: %{y:.4f}<extra></extra>",
    )
    if together:
        figure.add_scatter(
            x=shifts.shifts,
            y=shifts.together,
            mode="lines",
            name="both move together",
            line={"color": theme.QUERY, "width": 3},
            hovertemplate=f"query at {query} + %{{x}}, key at {key} + %{{x}}: %{{y:.6f}}"
            "<extra></extra>",
        )
    figure.update_xaxes(title="positions moved", showgrid=False)
    figure.update_yaxes(title="score", zeroline=True)
    return theme.with_legend(theme.dressed(figure, 440))


def decay_lines(decay: Decay) -> go.Figure:
    """Draw scores against distance: of the head's own query-key pairs and of random ones, with the
    middle 80% shaded."""
    figure = go.Figure()
    series = (("real", decay.real, theme.QUERY), ("random", decay.random, GREY))
    for name, (mean, low, high), color in series:
        figure.add_scatter(
            x=np.concatenate([decay.distances, decay.distances[::-1]]),
            y=np.concatenate([high, low[::-1]]),
            fill="toself",
            mode="lines",
            line_width=0,
            fillcolor=_faint(color, 0.16),
            hoverinfo="skip",
            showlegend=False,
        )
        figure.add_scatter(
            x=decay.distances,
            y=mean,
            mode="lines",
            name=f"{name} query-key pairs, mean",
            line={"color": color, "width": 2.5},
            hovertemplate=f"{name}, distance %{{x}}: %{{y:.3f}}<extra></extra>",
        )
    figure.update_xaxes(title="distance in positions", showgrid=False)
    figure.update_yaxes(title="score", zeroline=True)
    return theme.with_legend(theme.dressed(figure, 440))


def band_lines(decay: Decay) -> go.Figure:
    """Draw what each quarter of the pairs adds to the mean score at each distance."""
    figure = go.Figure()
    for (first, last), band, color in zip(decay.band_pairs, decay.bands, BANDS, strict=False):
        figure.add_scatter(
            x=decay.distances,
            y=band,
            mode="lines",
            name=f"pairs {first} to {last}",
            line={"color": color, "width": 2},
            hovertemplate=f"pairs {first} to {last}, distance %{{x}}: %{{y:+.3f}}<extra></extra>",
        )
    figure.update_xaxes(title="distance in positions", showgrid=False)
    figure.update_yaxes(title="added to the score", zeroline=True)
    return theme.with_legend(theme.dressed(figure, 440))


def alike_line(decay: Decay) -> go.Figure:
    """Draw the score of a vector with itself, all pairs equally long, and the paper's bound."""
    figure = go.Figure()
    figure.add_scatter(
        x=decay.distances,
        y=decay.bound,
        mode="lines",
        name="upper bound of the RoPE paper",
        line={"color": GREY, "width": 1.5, "dash": "dot"},
        hovertemplate="bound, distance %{x}: %{y:.3f}<extra></extra>",
    )
    figure.add_scatter(
        x=decay.distances,
        y=decay.alike,
        mode="lines",
        name="mean cosine",
        line={"color": theme.HIGHLIGHT, "width": 2},
        hovertemplate="distance %{x}: %{y:.3f}<extra></extra>",
    )
    figure.update_xaxes(title="distance in positions", showgrid=False)
    figure.update_yaxes(title="cosine (1 at distance 0)", range=[-0.5, 1.05], zeroline=True)
    return theme.with_legend(theme.dressed(figure, 440))


@drawn_once
def wavelength_dots(
    rope: Rope, changed: Rope | None = None, length: int | None = None
) -> go.Figure:
    """Draw each pair's wavelength on a logarithmic scale, with the context as a line.

    With `changed`, its wavelengths beside the first; with `length`, a line for that as well.
    """
    pairs = np.arange(rope.pairs)
    slow = rope.wavelengths > rope.context
    colors = [GREY if changed else theme.HIGHLIGHT if each else theme.QUERY for each in slow]
    figure = go.Figure()
    figure.add_scatter(
        x=pairs,
        y=_drawable(rope.wavelengths),
        mode="markers",
        name="as trained",
        marker={
            "color": colors,
            "size": 9,
            "line": {"color": colors, "width": 2},
            "symbol": ["circle-open" if each else "circle" for each in slow],
        },
        customdata=np.stack([rope.frequencies, rope.context / rope.wavelengths], axis=1),
        hovertemplate="pair %{x}: %{customdata[0]:.4g} rad a position, a turn every %{y:,.4g} "
        "positions, %{customdata[1]:.2f} turns in the context<extra></extra>",
    )
    if changed is not None:
        figure.add_scatter(
            x=pairs,
            y=_drawable(changed.wavelengths),
            mode="markers",
            name="extended",
            marker={"color": theme.KEY, "size": 9, "symbol": "diamond"},
            customdata=rope.frequencies / np.maximum(changed.frequencies, 1e-30),
            hovertemplate="pair %{x}: a turn every %{y:,.4g} positions, %{customdata:.3g} times "
            "slower<extra></extra>",
        )
    _level(figure, rope.context, f"context: {rope.context:,} positions", "solid")
    if length is not None and length != rope.context:
        _level(figure, length, f"wanted: {length:,} positions", "dash")
    figure.update_xaxes(title="dimension pair", showgrid=False)
    figure.update_yaxes(title="wavelength (positions for a full turn)", type="log", dtick=1)
    dressed = theme.dressed(figure, 440)
    return theme.with_legend(dressed) if changed is not None else dressed


def rotated_strip(rope: Rope) -> go.Figure:
    """Draw the numbers of one head as boxes: which pair each belongs to, and which stand still."""
    owner = np.full(rope.size, -1)
    for pair, both in enumerate(places(rope)):
        owner[both] = pair if rope.frequencies[pair] else -1
    shade = np.where(owner < 0, np.nan, owner).astype(float)
    names = [f"pair {pair}" if pair >= 0 else "not rotated" for pair in owner]
    figure = go.Figure(
        go.Heatmap(
            z=shade[None],
            zmin=0,
            zmax=max(1, rope.pairs - 1),
            colorscale="Viridis",
            showscale=False,
            xgap=1,
            customdata=[names],
            hovertemplate="number %{x}: %{customdata}<extra></extra>",
        )
    )
    unrotated = still(rope)
    if len(unrotated):
        figure.add_shape(
            type="rect",
            x0=unrotated[0] - 0.5,
            x1=unrotated[-1] + 0.5,
            y0=-0.5,
            y1=0.5,
            line={"color": GREY, "width": 1, "dash": "dot"},
        )
        figure.add_annotation(
            x=(unrotated[0] + unrotated[-1]) / 2, y=0, text="not rotated", showarrow=False
        )
    figure.update_xaxes(
        title="number in the head's query", showgrid=False, range=[-0.5, rope.size - 0.5]
    )
    figure.update_yaxes(visible=False)
    return theme.dressed(figure, 130)


SCHEMES: Final = {
    "learned table": theme.VALUE,
    "RoPE": theme.QUERY,
    "RoPE, extended": theme.KEY,
}


def context_bars(models: Sequence[tuple[str, str, int]]) -> go.Figure:
    """Draw how many tokens each of `models` (name, how it marks positions, tokens) reads."""
    figure = go.Figure()
    for scheme, color in SCHEMES.items():
        rows = [(name, tokens) for name, of, tokens in models if of == scheme]
        figure.add_bar(
            x=[tokens for _, tokens in rows],
            y=[name for name, _ in rows],
            name=scheme,
            orientation="h",
            marker_color=color,
            text=[f"{tokens:,}" for _, tokens in rows],
            hovertemplate="%{y}: %{x:,} tokens<extra></extra>",
        )
    figure.update_xaxes(title="tokens of the longest text (logarithmic)", type="log", dtick=1)
    figure.update_yaxes(title="model", autorange="reversed", showgrid=False)
    return theme.with_legend(theme.dressed(figure, 440))


def _level(figure: go.Figure, value: float, words: str, dash: str) -> None:
    figure.add_hline(y=value, line={"color": theme.RESIDUAL, "width": 1.5, "dash": dash})
    # Plotly wants the logarithm where an annotation stands on a logarithmic axis.
    figure.add_annotation(
        x=0.01,
        xref="paper",
        xanchor="left",
        y=float(np.log10(value)),
        yshift=9,
        text=words,
        showarrow=False,
    )


def _drawable(wavelengths: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(wavelengths), wavelengths, np.nan)


def _faint(color: str, share: float) -> str:
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {share})"
