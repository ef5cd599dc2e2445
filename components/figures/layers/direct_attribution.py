"""What each part adds to a logit: the largest terms, layer by layer, or as a map; and a table."""

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from components.figures import theme
from components.figures.layers.signed_map import signed_map
from components.figures.once import drawn_once
from components.figures.visible import label
from components.inspection.layers.direct_attribution import DirectAttribution, Part

MOST: Final = 14
"""Bars that are drawn by themselves; the others' sum is one more."""
HEIGHT: Final = 440


def asked(answer: str, contrast: str | None, written: Callable[[str], str] = label) -> str:
    """Say what is taken apart: on an axis, or with tokens `written` otherwise."""
    said = f"logit of “{written(answer)}”"
    return said if contrast is None else f"{said} less that of “{written(contrast)}”"


@drawn_once
def terms_bars(found: DirectAttribution) -> go.Figure:
    """Draw the largest terms of either sign, the largest on top, and the sum of all others."""
    order = np.argsort(-np.abs(found.terms), kind="stable")
    most, rest = order[:MOST], order[MOST:]
    names = [found.parts[place].short for place in most]
    terms = [float(found.terms[place]) for place in most]
    if rest.size:
        names.append(f"{len(rest)} others")
        terms.append(float(found.terms[rest].sum()))
    return signed_bars(names, terms, f"added to the {asked(found.answer, found.contrast)}", "part")


def signed_bars(names: list[str], terms: list[float], unit: str, of: str) -> go.Figure:
    """Draw signed bars with their numbers, in the order given, from the top."""
    reach = max(map(abs, terms), default=0.0) or 1.0
    figure = go.Figure(
        go.Bar(
            x=terms,
            y=list(range(len(terms))),
            orientation="h",
            marker_color=[theme.POSITIVE if term >= 0 else theme.NEGATIVE for term in terms],
            text=[f"{term:+.2f}" for term in terms],
            textposition="outside",
            cliponaxis=False,
            customdata=names,
            hovertemplate="%{customdata}: %{x:+.4f}<extra></extra>",
        )
    )
    low, high = min(0.0, *terms), max(0.0, *terms)
    room = 0.28 * reach  # for the numbers beside the bars, on a phone too
    figure.update_xaxes(
        title=unit.replace(" less ", "<br>less "),
        range=[low - room * (low < 0), high + room * (high > 0)],
        zeroline=True,
    )
    figure.update_yaxes(
        title=of,
        tickvals=list(range(len(names))),
        ticktext=names,
        autorange="reversed",
        showgrid=False,
    )
    return theme.dressed(figure, HEIGHT)


@drawn_once
def layer_bars(found: DirectAttribution) -> go.Figure:
    """Draw for each layer what its attention and its MLP add, after the embedding."""
    layers = len(found.push.mlp)
    figure = go.Figure()
    ends = [("embedding", -1, found.push.embedding), ("constant", layers, found.push.constant)]
    shown = [one for one in ends if one[2]]
    rows = [
        ("attention", theme.PARTS["attention"], found.push.attention),
        ("MLP", theme.PARTS["MLP"], found.push.mlp),
    ]
    if found.push.cross is not None:
        rows.insert(1, ("cross-attention", theme.VALUE, found.push.cross))
    for name, color, terms in rows:
        figure.add_bar(
            x=list(range(layers)),
            y=terms,
            name=name,
            marker_color=color,
            hovertemplate=f"layer %{{x}}, {name}: %{{y:+.4f}}<extra></extra>",
        )
    figure.add_bar(
        x=[at for _, at, _ in shown],
        y=[term for *_, term in shown],
        name="embedding" if len(shown) == 1 else "embedding, constant",
        marker_color=theme.RESIDUAL,
        customdata=[name for name, *_ in shown],
        hovertemplate="%{customdata}: %{y:+.4f}<extra></extra>",
    )
    step = max(1, layers // 12)
    numbers = list(range(0, layers, step))
    figure.update_xaxes(
        title="layer",
        tickvals=[at for _, at, _ in shown] + numbers,
        ticktext=[name[:3] + "." for name, *_ in shown] + [str(one) for one in numbers],
        showgrid=False,
    )
    title = f"added to the {asked(found.answer, found.contrast)}".replace(" less ", "<br>less ")
    figure.update_yaxes(title=title, zeroline=True)
    return theme.with_legend(theme.dressed(figure, HEIGHT))


@drawn_once
def terms_map(found: DirectAttribution) -> go.Figure:
    """Draw a row for each layer, a column for each head (or its attention) and the MLP."""
    columns = list(dict.fromkeys(_column(p) for p in found.parts if p.layer is not None))
    columns.sort(key=lambda name: (name == "MLP", name == "bias", name == "cross-attention"))
    z = np.full((len(found.push.mlp), len(columns)), np.nan)
    for part, term in zip(found.parts, found.terms, strict=True):
        if part.layer is not None:
            z[part.layer, columns.index(_column(part))] = term
    figure = go.Figure(
        signed_map(
            z,
            "added, in logits",
            [columns] * len(z),
            "layer %{y}, %{customdata}: %{z:+.4f}<extra></extra>",
            written=len(z) <= 12,
        )
    )
    figure.update_xaxes(
        title="part",
        title_standoff=14,
        tickvals=list(range(len(columns))),
        ticktext=columns,
        tickangle=0 if len(columns) <= 16 else -60,
        showgrid=False,
    )
    figure.update_yaxes(title="layer", dtick=max(1, len(z) // 12), showgrid=False)
    return theme.dressed(figure, HEIGHT)


def _column(part: Part) -> str:
    return f"H{part.head}" if part.kind == "head" else part.kind


@drawn_once
def logit_bars(found: DirectAttribution) -> go.Figure:
    """Draw the likeliest answers' logits, those that are asked about in colour."""
    names = [label(name) for name in found.likeliest]
    pair = (found.answer, found.contrast)
    colors = [theme.POSITIVE if name in pair else theme.RESIDUAL for name in found.likeliest]
    figure = go.Figure(
        go.Bar(
            x=found.logits,
            y=list(range(len(names))),
            orientation="h",
            marker_color=colors,
            text=[f"{logit:.2f}" for logit in found.logits],
            textposition="auto",
            customdata=names,
            hovertemplate="%{customdata}: %{x:.4f}<extra></extra>",
        )
    )
    figure.update_xaxes(title="logit")
    figure.update_yaxes(
        title="likeliest answers",
        tickvals=list(range(len(names))),
        ticktext=[theme.label(name) for name in found.likeliest],
        autorange="reversed",
        showgrid=False,
        tickfont_family="monospace",
    )
    return theme.dressed(figure, HEIGHT)


def terms_table(found: DirectAttribution) -> pd.DataFrame:
    """Return a row for each part, from the embedding up."""
    return pd.DataFrame(
        {
            "part": [part.kind for part in found.parts],
            "layer": pd.array([part.layer for part in found.parts], dtype="Int64"),
            "head": pd.array([part.head for part in found.parts], dtype="Int64"),
            "added, in logits": found.terms,
        }
    )
