"""One reading, step by step: strips of numbers over the tokens read, and small matrices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from components.figures import theme
from components.figures.attention.axes import KEY, label, token_axis
from components.figures.numbers import pointed
from components.figures.once import drawn_once
from components.inspection.attention.steps import AttentionSteps
from components.inspection.attention.toy import ToyAttention

MOST_READ: Final = 16
"""Tokens that a strip has room for."""
FAINT: Final = "rgba(138, 138, 134, 0.45)"
Scale = Literal["signed", "share"]


@dataclass(frozen=True, eq=False)
class Strip:
    """One step: a number for each token read; NaN where hidden."""

    name: str
    numbers: NDArray[np.float64]
    scale: Scale


def strips(steps: AttentionSteps) -> tuple[Strip, ...]:
    """Return the steps of `steps` that the model takes, in order."""
    found = []
    if steps.unrotated_dots is not None:
        found.append(Strip("q · k before RoPE", _full(steps.unrotated_dots), "signed"))
    found.append(Strip("q · k", _full(steps.dots), "signed"))
    found.append(Strip(f"× {steps.scale:.4g}", _full(steps.scaled), "signed"))
    if steps.cap is not None:
        capped = steps.cap * np.tanh(steps.scaled / steps.cap)
        found.append(Strip(f"capped at {steps.cap:g}", _full(capped), "signed"))
    if steps.bias is not None:
        found.append(Strip("+ distance", _full(steps.bias), "signed"))
    masked = np.where(steps.hidden, np.nan, _full(steps.scores))
    found.append(Strip("mask", masked, "signed"))
    found.append(Strip("softmax", _full(steps.weights), "share"))
    if steps.value_writes is not None:
        moved = steps.value_writes * steps.weights
        found.append(Strip("weight × ‖v W‖", _full(moved), "share"))
    return tuple(found)


def shown_places(steps: AttentionSteps, most: int = MOST_READ) -> NDArray[np.int_]:
    """Return the places of the tokens that get most, at most `most`, in reading order."""
    return np.sort(np.argsort(-steps.weights, kind="stable")[:most])


@drawn_once
def step_strips(steps: AttentionSteps) -> go.Figure:
    """Draw the steps as strips, one below the other, over the tokens that get most.

    Each strip has a scale of its own: vermilion is negative, blue positive, violet a share.
    """
    places = shown_places(steps)
    figure = go.Figure()
    rows = strips(steps)
    tokens = [label(steps.read[place]) for place in places]
    # All strips of a scale in one trace: only between several rows does Plotly fit the text of
    # the cells to their width.
    for scale, colours in (("signed", theme.SIGNED), ("share", theme.ATTENTION)):
        own = [row for row, strip in enumerate(rows) if strip.scale == scale]
        numbers = np.stack([rows[row].numbers[places] for row in own])
        figure.add_heatmap(
            z=numbers
            / np.array([[_top(rows[row].name, numbers[at])] for at, row in enumerate(own)]),
            y=own,
            zmin=-1 if scale == "signed" else 0,
            zmax=1,
            colorscale=[list(stop) for stop in colours],
            showscale=False,
            xgap=2,
            ygap=6,
            text=[[_brief(number) for number in line] for line in numbers],
            texttemplate="%{text}",
            customdata=[
                [
                    (token, rows[row].name, f"{number:.6f}")
                    for token, number in zip(tokens, line, strict=True)
                ]
                for row, line in zip(own, numbers.tolist(), strict=True)
            ],
            hovertemplate="%{customdata[0]}<br>%{customdata[1]}: %{customdata[2]}<extra></extra>",
            hoverongaps=False,
            name=scale,
        )
    names = [steps.read[place] for place in places]
    figure.update_layout(
        xaxis=token_axis(names, 0, KEY) | {"side": "top", "tickangle": -45},
        yaxis={
            "tickvals": list(range(len(rows))),
            "ticktext": [strip.name for strip in rows],
            "tickfont_size": 14,
            "autorange": "reversed",
            "showgrid": False,
            "zeroline": False,
        },
    )
    return theme.dressed(figure, max(300, min(440, 46 * len(rows) + 130)))


def _top(name: str, numbers: NDArray[np.float64]) -> float:
    """Return the number of a strip that has the strongest colour: a weight's is 1."""
    known = np.abs(numbers[np.isfinite(numbers)])
    return 1.0 if name == "softmax" else float(known.max(initial=0.0)) or 1.0


def product_strips(steps: AttentionSteps, key: int) -> go.Figure:
    """Draw the query, the key of token `key`, and their product, number by number."""
    product = steps.query * steps.keys[key]
    rows = (("query", steps.query), ("key", steps.keys[key]), ("query × key", product))
    figure = go.Figure()
    for row, (name, numbers) in enumerate(rows):
        top = float(np.abs(numbers).max()) or 1.0
        figure.add_heatmap(
            z=[numbers],
            y=[row],
            zmin=-top,
            zmax=top,
            colorscale=[list(stop) for stop in theme.SIGNED],
            showscale=False,
            xgap=1,
            ygap=6,
            hovertemplate=f"{name}, number %{{x}}: %{{z:.6f}}<extra></extra>",
            name=name,
        )
    figure.update_layout(
        xaxis={"title": "number in the vector", "showgrid": False, "zeroline": False},
        yaxis={
            "tickvals": [0, 1, 2],
            "ticktext": [
                f"query {label(steps.reader)}",
                f"key {label(steps.read[key])}",
                "product",
            ],
            "tickfont_size": 14,
            "autorange": "reversed",
            "showgrid": False,
            "zeroline": False,
        },
    )
    return theme.dressed(figure, 240)


def write_bars(steps: AttentionSteps) -> go.Figure:
    """Draw the norm of what each head of the layer adds to the residual stream at this token.

    `steps.head` is marked.
    """
    assert steps.write_lengths is not None
    heads = list(range(len(steps.write_lengths)))
    bars = go.Bar(
        x=heads,
        y=steps.write_lengths,
        marker_color=[theme.VALUE if head == steps.head else FAINT for head in heads],
        hovertemplate="head %{x} adds a vector of norm %{y:.5f}<extra></extra>",
    )
    figure = go.Figure(bars).update_layout(
        xaxis={"title": "head", "dtick": 1 if len(heads) <= 16 else None},
        yaxis={"title": "norm of the residual contribution"},
        bargap=0.3,
    )
    return theme.dressed(figure, 320)


@drawn_once
def toy_matrices(toy: ToyAttention, scaled: str) -> go.Figure:
    """Draw every matrix of a toy, in the order of the steps, numbers written in."""
    panels: Sequence[tuple[str, NDArray[np.float64]]] = (
        ("Q", toy.queries),
        ("K", toy.keys),
        ("V", toy.values),
        ("Q Kᵀ", toy.dots),
        (scaled, toy.scaled),
        ("mask", np.where(np.isfinite(toy.masked), toy.masked, np.nan)),
        ("softmax", toy.weights),
        ("softmax · V", toy.outputs),
    )
    titles = [name for name, _ in panels]
    figure = make_subplots(
        rows=2, cols=4, subplot_titles=titles, horizontal_spacing=0.06, vertical_spacing=0.18
    )
    for place, (name, numbers) in enumerate(panels):
        share = name == "softmax"
        top = float(np.nanmax(np.abs(numbers), initial=0)) or 1.0
        figure.add_heatmap(
            z=numbers,
            zmin=0 if share else -top,
            zmax=1 if share else top,
            colorscale=[list(stop) for stop in (theme.ATTENTION if share else theme.SIGNED)],
            showscale=False,
            xgap=2,
            ygap=2,
            text=[[_short(number) for number in row] for row in numbers],
            texttemplate="%{text}",
            textfont_size=15,
            hovertemplate="row %{y}, column %{x}: %{z:.6f}<extra></extra>",
            hoverongaps=False,
            name=name,
            row=place // 4 + 1,
            col=place % 4 + 1,
        )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, autorange="reversed")
    return theme.dressed(figure, min(440, 2 * 40 * max(3, len(toy.queries)) + 110))


def _full(numbers: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(numbers, dtype=np.float64)


def _brief(number: float) -> str:
    """Return a number in at most four letters, which is what a cell has room for.

    >>> [_brief(number) for number in (0.26894, -12.345, 4.94, -0.71, 3e-6, float("nan"))]
    ['.27', '-12', '4.9', '-.7', '0', '−∞']
    """
    size = abs(number)
    if not np.isfinite(number):
        return "−∞"
    if size < 0.005:
        return "0"
    return f"{number:.0f}" if size >= 10 else pointed(f"{number:.{2 if 0 < number < 1 else 1}f}")


def _short(number: float) -> str:
    """Return a number for eyes: three significant digits; the mask writes −∞ in hidden places.

    >>> _short(0.26894), _short(-12.345), _short(float("nan"))
    ('0.269', '-12.3', '−∞')
    """
    if not np.isfinite(number):
        return "−∞"
    if number == 0:
        return "0"
    return f"{number:.0e}" if abs(number) < 5e-4 else f"{number:.3g}"
