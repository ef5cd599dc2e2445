"""Cached and uncached logits, step by step."""

import numpy as np
import plotly.graph_objects as go

from components.figures import theme
from components.figures.kv_cache import WITH
from components.figures.once import drawn_once
from components.inspection.kv_cache.agreement import Agreement


@drawn_once
def differences(found: Agreement, told: bool = True) -> go.Figure:
    """Draw the largest difference of a logit at each step, below the margin of the best token.

    The axis is logarithmic; a difference of exactly 0 stands on the lower edge, hollow. Where all
    are 0 none is drawn, and it is said instead. Not `told`: the margin alone.
    """
    steps = np.arange(1, len(found.difference) + 1)
    least = min(
        [found.rounding * float(found.largest.max()) / 64]
        + [float(x) for x in (*found.difference, *found.margin) if x > 0]
    )
    floor = least / 3
    labels = [theme.label(token) for token in found.tokens]
    figure = go.Figure()
    figure.add_scatter(
        name="logit margin",
        x=steps,
        y=np.maximum(found.margin, floor),
        mode="lines",
        line={"color": theme.PROBABILITY, "width": 2, "shape": "hvh"},
        customdata=np.stack([labels, [f"{x:.3g}" for x in found.margin]], axis=1),
        hovertemplate="%{customdata[0]}: margin %{customdata[1]}<extra></extra>",
    )
    zero = found.difference == 0
    some = not bool(zero.all())
    figure.add_scatter(
        name="largest difference",
        x=steps,
        y=np.where(zero, floor, found.difference),
        mode="markers",
        visible=some and told,
        marker={
            "color": WITH,
            "size": 8,
            "line": {"width": 2, "color": WITH},
            "symbol": ["circle-open" if each else "circle" for each in zero],
        },
        customdata=np.stack([labels, [f"{x:.3g}" for x in found.difference]], axis=1),
        hovertemplate="%{customdata[0]}: logits differ by at most %{customdata[1]}<extra></extra>",
    )
    seen = found.difference[~zero]
    notes = (
        (
            "logit margin: the best token's<br>lead over the second",
            float(found.margin.max()),
            "bottom",
        ),
        (
            "largest difference of a logit,<br>with and without the cache"
            if some
            else "all logits are the same with and<br>without the cache, to the last bit",
            float(seen.min()) if len(seen) else floor,
            "top",
        ),
    )
    for text, y, side in notes if told else notes[:1]:
        figure.add_annotation(
            x=1,
            y=np.log10(max(y, floor)),
            text=text,
            showarrow=False,
            xanchor="left",
            align="left",
            yanchor=side,
            yshift=4 if side == "bottom" else -8,
        )
    if found.parts_at is not None and told:
        figure.add_vline(x=found.parts_at + 1, line={"color": theme.NEGATIVE, "dash": "dash"})
        figure.add_annotation(
            x=found.parts_at + 1,
            y=1,
            yref="paper",
            text="here the outputs diverge",
            showarrow=False,
            xanchor="left",
            xshift=4,
            font={"color": theme.NEGATIVE},
        )
    figure.update_xaxes(title="step", showgrid=False, range=[0.4, len(steps) + 0.6])
    high = max(float(found.margin.max()), float(found.difference.max()), floor * 10)
    figure.update_yaxes(
        title="difference of logits",
        type="log",
        exponentformat="power",
        dtick=1,
        range=[np.log10(floor) - 0.8, np.log10(high) + 0.9],
    )
    return theme.dressed(figure, 440)
