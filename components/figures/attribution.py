"""Pictures of attributions: a bridge from baseline to answer, and methods side by side."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from components.figures import theme
from components.inspection.attribution.completeness import Completeness
from components.inspection.attribution.digits import with_error, written
from components.inspection.attribution.methods import Attribution
from components.inspection.attribution.units import Units

MOSTLABELS = 70
"""More pieces than this are not named on the axis, only on hover."""
_STRENGTH = ((0.0, "#F5F4F0"), (1.0, "#6B6B68"))
LABEL = {"family": "monospace", "size": 13}
Floats = NDArray[np.float32]


def labels_of(units: Units) -> list[str]:
    """Return how each scored piece is written on an axis."""
    return [short(units.texts[place]) for place in units.free]


def bridge(found: Attribution) -> go.Figure:
    """Draw the way from the target at the baseline to that at the text, a step for each piece.

    What the steps leave over is the last step, hatched: the gap. Scores that rest on random draws
    carry their standard error as a bar, and no more digits than are known.
    """
    labels = labels_of(found.units)
    scores = found.scores[found.units.free].astype(float)
    steps = [found.at_baseline, *scores.tolist(), found.gap, found.at_input]
    reached = found.at_baseline + np.cumsum([0.0, *scores, found.gap])
    last = len(steps) - 1
    starts = [0.0, *reached[:-1].tolist(), 0.0]
    tints = [theme.POSITIVE if score > 0 else theme.NEGATIVE for score in scores]
    ends = [*reached.tolist(), found.at_input]
    free = found.units.free
    errors = [found.error_of(unit) for unit in free]
    told = [
        f"{step:+.4f}" if error is None else with_error(step, error)
        for step, error in zip(steps, [None, *errors, None, None], strict=True)
    ]
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
                    zip(
                        ["the baseline", *labels, "not accounted for", "the text"],
                        told,
                        ends,
                        strict=True,
                    )
                ),
                hovertemplate="%{customdata[0]}<br>%{customdata[1]}, then at "
                "%{customdata[2]:.4f}<extra></extra>",
            ),
            _connectors(reached.tolist()),
        ]
    )
    if found.errors is not None:
        figure.add_scatter(
            x=list(range(1, last - 1)),
            y=reached[1:-1].tolist(),
            mode="markers",
            marker_size=1,
            name="standard error",
            hoverinfo="skip",
            error_y={
                "array": found.errors[free].astype(float),
                "color": theme.HIGHLIGHT,
                "thickness": 2,
                "width": 4,
            },
        )
    if len(scores) <= 24:
        tops = [max(start, start + step) for start, step in zip(starts, steps, strict=True)]
        figure.add_scatter(
            x=list(range(last + 1)),
            y=[top + (error or 0) for top, error in zip(tops, [0, *errors, 0, 0], strict=True)],
            text=[
                f"{found.at_baseline:.2f}",
                *[written(score, error) for score, error in zip(scores, errors, strict=True)],
                written(found.gap),
                f"{found.at_input:.2f}",
            ],
            mode="text",
            textposition="top center",
            hoverinfo="skip",
            cliponaxis=False,
        )
    named = ["baseline", *labels, "gap", "text"]
    few = len(scores) <= MOSTLABELS
    places = list(range(last + 1)) if few else [0, last]
    figure.update_xaxes(
        tickvals=places,
        ticktext=[named[place] for place in places],
        tickangle=-45,
        tickfont=LABEL,
        showgrid=False,
    )
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
    name_pieces(figure, labels)
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
    # As a line of its own: the text of a shape is misplaced on a logarithmic axis.
    ends = [int(found.steps[0]), max(int(found.steps[-1]), 2 * int(found.steps[0]))]
    figure.add_scatter(
        x=ends,
        y=[found.bound] * 2,
        mode="lines+text",
        text=["", f"your bound, {found.bound:.1%}"],
        textposition="top left",
        hoverinfo="skip",
        name="bound",
        line={"color": theme.HIGHLIGHT, "width": 2, "dash": "dash"},
    )
    figure.update_xaxes(
        type="log",
        title="steps",
        tickvals=found.steps.tolist(),
        showgrid=False,
        ticktext=[str(steps) for steps in found.steps],
    )
    figure.update_yaxes(type="log", title="gap, as a share of the change", tickformat=".0e")
    return theme.dressed(figure, 260)


def side_by_side(
    titles: Sequence[str],
    scores: Floats,
    signed: Sequence[bool],
    units: Units,
    errors: Sequence[Floats | None] = (),
) -> go.Figure:
    """Draw a row for each method: each row's colours span its own largest score.

    Methods without a sign are drawn in grey, and say so: they speak neither for nor against.
    `errors` [method][unit] are standard errors, where there are; as many digits are written as are
    known.
    """
    labels = labels_of(units)
    free = scores[:, units.free].astype(float)
    largest = np.abs(free).max(1, keepdims=True)
    scaled = free / np.where(largest > 0, largest, 1)
    few = len(labels) <= 18
    names = [
        title if with_sign else f"{title} (no sign)"
        for title, with_sign in zip(titles, signed, strict=True)
    ]
    known = [
        [None] * len(labels) if error is None else error[units.free].astype(float).tolist()
        for error in (errors or [None] * len(titles))
    ]
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
                    (names[row], label, score, with_error(score, error))
                    for label, score, error in zip(labels, free[row], known[row], strict=True)
                ]
                for row in rows
            ],
            hovertemplate="%{customdata[0]}<br>%{customdata[1]}: %{customdata[3]}<extra></extra>",
            showscale=with_sign,
            colorbar={
                "title": "of the row's<br>largest",
                "tickvals": [-1, 0, 1],
                "ticktext": ["against", "0", "for"],
                "thickness": 12,
            },
            text=[
                [
                    written(score, error, with_sign)
                    for score, error in zip(free[row], known[row], strict=True)
                ]
                for row in rows
            ]
            if few
            else None,
            texttemplate="%{text}" if few else None,
        )
    name_pieces(figure, labels)
    figure.update_yaxes(
        tickvals=list(range(len(titles))),
        ticktext=names,
        autorange="reversed",
        showgrid=False,
    )
    return theme.dressed(figure, 44 * len(titles) + 130)


def name_pieces(figure: go.Figure, labels: Sequence[str]) -> None:
    """Name the places of pieces on the axis below, if they are few enough to be read."""
    # Pieces sit at their positions and only the ticks are named: a word may occur twice.
    few = len(labels) <= MOSTLABELS
    figure.update_xaxes(
        tickvals=list(range(len(labels))) if few else None,
        ticktext=list(labels) if few else None,
        tickangle=-45 if few else 0,
        tickfont=LABEL,
        showgrid=False,
    )


def short(text: str, most: int = 24) -> str:
    """Return a text as it is written on an axis."""
    return theme.label(text, most)
