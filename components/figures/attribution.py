"""Pictures of attributions: a bridge from baseline to answer, methods side by side, a phrase."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from components.figures import theme
from components.inspection.attribution.agreement import Agreement
from components.inspection.attribution.completeness import Completeness
from components.inspection.attribution.methods import Attribution
from components.inspection.attribution.phrase import PhraseAttribution
from components.inspection.attribution.units import Units

MOST_LABELS = 70
"""More pieces than this are not named on the axis, only on hover."""
_STRENGTH = ((0.0, "#F5F4F0"), (1.0, "#6B6B68"))
_LABEL = {"family": "monospace", "size": 13}
Floats = NDArray[np.float32]


def labels_of(units: Units) -> list[str]:
    """Return how each scored piece is written on an axis."""
    return [_short(units.texts[place]) for place in units.free]


def bridge(found: Attribution) -> go.Figure:
    """Draw the way from the target at the baseline to that at the text, a step for each piece.

    What the steps leave over is the last step, hatched: the gap.
    """
    labels = labels_of(found.units)
    scores = found.scores[found.units.free].astype(float)
    steps = [found.at_baseline, *scores.tolist(), found.gap, found.at_input]
    reached = found.at_baseline + np.cumsum([0.0, *scores, found.gap])
    last = len(steps) - 1
    starts = [0.0, *reached[:-1].tolist(), 0.0]
    tints = [theme.POSITIVE if score > 0 else theme.NEGATIVE for score in scores]
    ends = [*reached.tolist(), found.at_input]
    figure = go.Figure(
        [
            go.Bar(
                x=list(range(last + 1)),
                y=steps,
                base=starts,
                marker={
                    "color": [theme.RESIDUAL, *tints, theme.RESIDUAL, theme.RESIDUAL],
                    "pattern_shape": [*[""] * (last - 1), "/", ""],
                },
                customdata=list(
                    zip(["the baseline", *labels, "not accounted for", "the text"], steps, ends,
                        strict=True)
                ),
                hovertemplate="%{customdata[0]}<br>%{customdata[1]:+.4f}, then at "
                "%{customdata[2]:.4f}<extra></extra>",
            ),
            _connectors(reached.tolist()),
        ]
    )  # fmt: skip
    if len(scores) <= 24:
        figure.add_scatter(
            x=list(range(last + 1)),
            y=[max(start, start + step) for start, step in zip(starts, steps, strict=True)],
            text=[
                f"{found.at_baseline:.2f}", *[f"{score:+.2f}" for score in scores],
                _gap(found.gap), f"{found.at_input:.2f}",
            ],
            mode="text", textposition="top center", hoverinfo="skip", cliponaxis=False,
        )  # fmt: skip
    named = ["baseline", *labels, "gap", "text"]
    few = len(scores) <= MOST_LABELS
    places = list(range(last + 1)) if few else [0, last]
    figure.update_xaxes(
        tickvals=places, ticktext=[named[place] for place in places], tickangle=-45,
        tickfont=_LABEL, showgrid=False,
    )  # fmt: skip
    figure.update_yaxes(title="target (logits)", zeroline=True)
    return theme.dressed(figure, 400).update_layout(bargap=0.2)


def _connectors(reached: list[float]) -> go.Scatter:
    """Join the end of each step to the start of the next."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for place, height in enumerate(reached):
        xs += [place + 0.4, place + 0.6, None]
        ys += [height, height, None]
    return go.Scatter(
        x=xs, y=ys, mode="lines", hoverinfo="skip", line={"color": theme.RESIDUAL, "width": 1}
    )


def strengths(found: Attribution) -> go.Figure:
    """Draw scores that have no direction as columns."""
    labels = labels_of(found.units)
    figure = go.Figure(
        go.Bar(
            x=list(range(len(labels))),
            y=found.scores[found.units.free].astype(float),
            marker_color=theme.RESIDUAL,
            customdata=labels,
            hovertemplate="%{customdata}<br>%{y:.4g}<extra></extra>",
        )
    )
    _name_pieces(figure, labels)
    figure.update_yaxes(title="length of the gradient")
    return theme.dressed(figure, 400)


def approach(found: Completeness) -> go.Figure:
    """Draw how the gap shrinks with the steps, against the bound."""
    shares = found.shares.astype(float)
    figure = go.Figure(
        go.Scatter(
            x=found.steps.tolist(),
            # A gap of exactly 0 has no place on a logarithmic axis.
            y=[max(share, 1e-7) for share in shares],
            mode="lines+markers",
            line={"color": theme.POSITIVE, "width": 2},
            marker={"size": 9},
            customdata=found.gaps,
            hovertemplate="%{x} steps<br>gap %{customdata:.3g} logits, %{y:.2%}<extra></extra>",
        )
    )
    figure.add_hline(
        y=found.bound,
        line={"color": theme.HIGHLIGHT, "width": 2, "dash": "dash"},
        annotation_text=f"your bound, {found.bound:.1%}",
        annotation_position="top right",
    )
    figure.update_xaxes(
        type="log", title="steps", tickvals=found.steps.tolist(), showgrid=False,
        ticktext=[str(steps) for steps in found.steps],
    )  # fmt: skip
    figure.update_yaxes(type="log", title="gap, as a share of the change", tickformat=".0e")
    return theme.dressed(figure, 260)


def side_by_side(
    titles: Sequence[str], scores: Floats, signed: Sequence[bool], units: Units
) -> go.Figure:
    """Draw a row for each method: each row's colours span its own largest score.

    Methods without a sign are drawn in grey: they speak neither for nor against.
    """
    labels = labels_of(units)
    free = scores[:, units.free].astype(float)
    largest = np.abs(free).max(1, keepdims=True)
    scaled = free / np.where(largest > 0, largest, 1)
    few = len(labels) <= 18
    figure = go.Figure()
    for with_sign, scale in ((True, theme.SIGNED), (False, _STRENGTH)):
        rows = [place for place, sign in enumerate(signed) if sign is with_sign]
        if not rows:
            continue
        figure.add_heatmap(
            y=rows,
            z=scaled[rows],
            zmin=-1 if with_sign else 0,
            zmax=1,
            colorscale=scale,
            xgap=1,
            ygap=3,
            customdata=[
                [
                    (titles[row], label, score)
                    for label, score in zip(labels, free[row], strict=True)
                ]
                for row in rows
            ],
            hovertemplate="%{customdata[0]}<br>%{customdata[1]}: %{customdata[2]:.4f}"
            "<extra></extra>",
            showscale=with_sign,
            colorbar={
                "title": "of the row's<br>largest", "tickvals": [-1, 0, 1],
                "ticktext": ["against", "0", "for"], "thickness": 12,
            },
            text=[[_brief(score) for score in free[row]] for row in rows] if few else None,
            texttemplate="%{text}" if few else None,
        )  # fmt: skip
    _name_pieces(figure, labels)
    figure.update_yaxes(
        tickvals=list(range(len(titles))), ticktext=list(titles), autorange="reversed",
        showgrid=False,
    )  # fmt: skip
    return theme.dressed(figure, 44 * len(titles) + 130)


def agreement_grid(found: Agreement) -> go.Figure:
    """Draw the rank correlation of every two rankings."""
    figure = go.Figure(
        go.Heatmap(
            x=list(found.names),
            y=list(found.names),
            z=found.correlation,
            zmin=-1,
            zmax=1,
            colorscale=theme.SIGNED,
            xgap=2,
            ygap=2,
            texttemplate="%{z:.2f}",
            hovertemplate="%{y} and %{x}: %{z:.3f}<extra></extra>",
            colorbar={"title": "Spearman", "thickness": 12},
        )
    )
    figure.update_xaxes(showgrid=False, tickangle=-30)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return theme.dressed(figure, 38 * len(found.names) + 150)


def phrase_table(found: PhraseAttribution) -> go.Figure:
    """Draw a row for each token of the phrase, a column for each token of the text."""
    labels = [_short(token) for token in found.tokens]
    rows = [_short(token) for token in found.phrase]
    most = float(np.abs(found.scores).max(initial=1e-9))
    few = found.scores.shape[1] <= 22
    figure = go.Figure(
        go.Heatmap(
            z=found.scores,
            zmin=-most,
            zmax=most,
            colorscale=theme.SIGNED,
            xgap=1,
            ygap=2,
            customdata=[[(row, label) for label in labels] for row in rows],
            hovertemplate="%{customdata[1]} → %{customdata[0]}: %{z:.4f} nats<extra></extra>",
            texttemplate="%{z:.2f}" if few else None,
            colorbar={"title": "nats", "thickness": 12},
        )
    )
    _name_pieces(figure, labels)
    figure.update_xaxes(title="token of the text")
    figure.update_yaxes(
        tickvals=list(range(len(rows))), ticktext=rows, autorange="reversed", showgrid=False,
        title="token of the phrase", tickfont=_LABEL,
    )  # fmt: skip
    return theme.dressed(figure, 52 * len(rows) + 170)


def _name_pieces(figure: go.Figure, labels: Sequence[str]) -> None:
    # Pieces sit at their positions and only the ticks are named: a word may occur twice.
    few = len(labels) <= MOST_LABELS
    figure.update_xaxes(
        tickvals=list(range(len(labels))) if few else None,
        ticktext=list(labels) if few else None,
        tickangle=-45 if few else 0,
        tickfont=_LABEL,
        showgrid=False,
    )


def _gap(gap: float) -> str:
    return f"{gap:+.2g}" if abs(gap) < 10 else f"{gap:+.1f}"


def _brief(score: float) -> str:
    return f"{score:.0f}" if abs(score) >= 10 else f"{score:.2f}"


def _short(text: str, most: int = 24) -> str:
    shown = theme.visible(text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
