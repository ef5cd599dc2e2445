"""How many different texts several seeds write, with different settings."""

from collections.abc import Mapping
from typing import Final

import plotly.graph_objects as go

from components.figures import theme
from components.inspection.sampling.several import Several

LINES: Final = (
    (theme.QUERY, "solid"),
    (theme.VALUE, "dash"),
    (theme.HIGHLIGHT, "dashdot"),
    (theme.KEY, "dot"),
)
"""Colour and dash of each of the settings: the dashes tell them apart where lines meet."""


def distinct_texts(found: Mapping[str, Several]) -> go.Figure:
    """Draw how many of the texts differ after so many tokens, a line for each of the settings."""
    longest = max(len(tokens) for each in found.values() for tokens in each.tokens)
    counts = list(range(1, longest + 1))
    figure = go.Figure()
    for (name, each), (color, dash) in zip(found.items(), LINES, strict=False):
        figure.add_scatter(
            name=theme.label(name),
            x=counts,
            y=[each.distinct_after(count) for count in counts],
            mode="lines",
            line={"color": color, "dash": dash, "width": 3, "shape": "hv"},
            hovertemplate="%{y} different texts after %{x} tokens<extra>%{fullData.name}</extra>",
        )
    texts = max(len(each.tokens) for each in found.values())
    figure.update_xaxes(title="new tokens", rangemode="tozero")
    figure.update_yaxes(title=f"different texts of {texts}", range=[0, texts + 0.4], tickformat="d")
    return theme.with_legend(theme.dressed(figure, 340))
