"""Pictures of attributions: a bridge from baseline to answer, and methods side by side."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from components.figures import theme
from components.figures.numbers import pointed
from components.figures.once import drawn_once
from components.inspection.attribution.digits import with_error, written
from components.inspection.attribution.features import Features
from components.inspection.attribution.methods import Attribution

MOSTLABELS = 70
"""More words than this are not named on the axis, only on hover."""
ROOMY = 8
"""Up to so many scores in a row there is room for all their digits."""
SMALL = 0.03
"""A score is small below this share of the largest."""
LABEL = {"family": "monospace", "size": 13}
Floats = NDArray[np.float32]


def labels_of(features: Features) -> list[str]:
    """Return how each scored piece is written on an axis."""
    return [short(features.texts[place]) for place in features.free]


@drawn_once
def bridge(found: Attribution) -> go.Figure:
    """Draw the way from the target at the baseline to that at the text, a step for each piece.

    What the steps leave over is the last step, hatched: the convergence delta. Scores that rest on
    random draws carry their standard error as a bar, and no more digits than are known.
    """
    labels = labels_of(found.features)
    scores = found.scores[found.features.free].astype(float)
    steps = [found.at_baseline, *scores.tolist(), found.gap, found.at_input]
    reached = found.at_baseline + np.cumsum([0.0, *scores, found.gap])
    last = len(steps) - 1
    starts = [0.0, *reached[:-1].tolist(), 0.0]
    tints = [theme.POSITIVE if score > 0 else theme.NEGATIVE for score in scores]
    ends = [*reached.tolist(), found.at_input]
    free = found.features.free
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
                        ["the baseline", *labels, "convergence delta", "the text"],
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
        ups = [step >= 0 or place in (0, last) for place, step in enumerate(steps)]
        sure = [0, *[error or 0 for error in errors], 0, 0]
        figure.add_scatter(
            x=list(range(last + 1)),
            # Above a step up and below a step down, so that neighbours do not meet.
            y=[
                max(start, start + step) + error if up else min(start, start + step) - error
                for start, step, error, up in zip(starts, steps, sure, ups, strict=True)
            ],
            text=[
                f"{found.at_baseline:.2f}",
                *numbers(scores, errors),
                written(found.gap) if len(scores) <= ROOMY else "",
                f"{found.at_input:.2f}",
            ],
            mode="text",
            textposition=[f"{'top' if up else 'bottom'} center" for up in ups],
            hoverinfo="skip",
            cliponaxis=False,
        )
    named = ["baseline", *labels, "delta", "text"]
    few = len(scores) <= MOSTLABELS
    places = list(range(last + 1)) if few else [0, last]
    figure.update_xaxes(
        tickvals=places,
        ticktext=[named[place] for place in places],
        tickangle=-45,
        tickfont=LABEL,
        showgrid=False,
    )
    figure.update_xaxes(title=f"each {unit_of(found)} of the prompt, in place of the baseline")
    figure.update_yaxes(title="target (logits)", zeroline=True)
    return theme.dressed(figure, 380).update_layout(bargap=0.2)


def unit_of(found: Attribution) -> str:
    """Return what the pieces are that are scored."""
    return "word" if found.question is None else found.question.unit


def numbers(
    scores: Floats,
    errors: Sequence[float | None],
    sign: bool = True,
    most: float = 0.0,
    roomy: bool = True,
) -> list[str]:
    """Return a row of scores as it is written in a figure.

    Of more than `ROOMY` scores, or where it is not `roomy`, each has two digits at most and no 0
    before its point, and those are left out that are small beside `most`, or beside the row's own
    largest.

    >>> numbers(np.array([1.234, -0.0004]), [None, None])
    ['+1.23', '-0.00040']
    >>> numbers(np.array([1.234, -0.0004, -0.44] + [0.0] * 7), [None] * 10)[:3]
    ['+1.2', '', '-.44']
    """
    if roomy and len(scores) <= ROOMY:
        return [written(score, error, sign) for score, error in zip(scores, errors, strict=True)]
    most = most or float(np.abs(scores).max(initial=0.0))
    shown = []
    for score, error in zip(scores, errors, strict=True):
        size = abs(score)
        if size <= SMALL * most:
            shown.append("")
        elif error is not None and np.isfinite(error) and error > 0:
            shown.append(pointed(written(score, error, sign)))
        else:
            form = ".0f" if size >= 9.95 else ".1f" if size >= 0.995 else ".2f"
            form = form if size >= 0.095 else ".1g"
            shown.append(pointed(f"{score:{'+' if sign else ''}{form}}"))
    return shown


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
    labels = labels_of(found.features)
    figure = go.Figure(
        go.Bar(
            x=list(range(len(labels))),
            y=found.scores[found.features.free].astype(float),
            marker_color=theme.RESIDUAL,
            customdata=labels,
            hovertemplate="%{customdata}<br>%{y:.4g}<extra></extra>",
        )
    )
    name_features(figure, labels)
    figure.update_xaxes(title=f"{unit_of(found)} of the prompt")
    figure.update_yaxes(title="norm of the gradient")
    return theme.dressed(figure, 380)


@drawn_once
def side_by_side(
    titles: Sequence[str],
    scores: Floats,
    signed: Sequence[bool],
    features: Features,
    errors: Sequence[Floats | None] = (),
    unit: str = "word",
) -> go.Figure:
    """Draw a row for each method: each row's colours span its own largest score.

    Methods without a sign are drawn in grey, and say so: they neither support nor oppose.
    `errors` [method][unit] are standard errors, where there are; as many digits are written as are
    known.
    """
    labels = labels_of(features)
    free = scores[:, features.free].astype(float)
    largest = np.abs(free).max(1, keepdims=True)
    scaled = free / np.where(largest > 0, largest, 1)
    few = len(labels) <= 18
    names = [
        title if with_sign else f"{title} (no sign)"
        for title, with_sign in zip(titles, signed, strict=True)
    ]
    known = [
        [None] * len(labels) if error is None else error[features.free].astype(float).tolist()
        for error in (errors or [None] * len(titles))
    ]
    figure = go.Figure()
    for with_sign, scale in ((True, theme.SIGNED), (False, theme.STRENGTH)):
        rows = [place for place, sign in enumerate(signed) if sign is with_sign]
        if not rows:
            continue
        # Only between several rows does Plotly fit the text of the cells to their width: one row
        # alone gets an empty one beside it, written with no-break spaces, which count as text.
        empty = [rows[0] - 1 if rows[0] else 1] if len(rows) == 1 < len(titles) else []
        figure.add_heatmap(
            y=rows + empty,
            z=np.vstack([scaled[rows], np.full((len(empty), len(labels)), np.nan)]),
            hoverongaps=False,
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
                "title": "score",
                "tickvals": [-0.9, 0, 0.9],
                "ticktext": ["−", "0", "+"],
                "thickness": 12,
            },
            text=[numbers(free[row], known[row], with_sign) for row in rows]
            + [["\u00a0"] * len(labels) for _ in empty]
            if few
            else None,
            texttemplate="%{text}" if few else None,
        )
    name_features(figure, labels)
    figure.update_yaxes(
        tickvals=list(range(len(titles))),
        ticktext=names,
        autorange="reversed",
        showgrid=False,
    )
    figure.update_xaxes(title=f"{unit} of the prompt")
    return theme.dressed(figure, min(44 * len(titles) + 180, 400))


def name_features(figure: go.Figure, labels: Sequence[str]) -> None:
    """Name the places of words on the axis below, if they are few enough to be read."""
    # Words sit at their positions and only the ticks are named: a word may occur twice.
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
