"""The tree of a beam search."""

import plotly.graph_objects as go

from components.figures import theme
from components.inspection.sampling.beam import Beam, BeamSearch


def beam_tree(search: BeamSearch) -> go.Figure:
    """Draw the continuations that were weighed: one column per token, the likeliest on top.

    Kept ones are filled, dropped ones hollow; the best finished sequence is marked.
    """
    best = _path(search, search.beams[0]) if search.beams else set()
    height = _heights(search)
    x_lines: list[float | None] = []
    y_lines: list[float | None] = []
    x_best: list[float | None] = []
    y_best: list[float | None] = []
    for i, node in enumerate(search.nodes):
        start = (
            (0.0, 0.0)
            if node.parent < 0
            else (
                float(search.nodes[node.parent].depth),
                height[node.parent],
            )
        )
        xs, ys = (x_best, y_best) if i in best else (x_lines, y_lines)
        xs += [start[0], node.depth, None]
        ys += [start[1], height[i], None]
    figure = go.Figure(
        [
            go.Scatter(
                x=x_lines,
                y=y_lines,
                mode="lines",
                hoverinfo="skip",
                line={"color": theme.RESIDUAL, "width": 1},
            ),
            go.Scatter(
                x=x_best,
                y=y_best,
                mode="lines",
                hoverinfo="skip",
                line={"color": theme.HIGHLIGHT, "width": 3},
            ),
        ]
    )
    for fate, symbol in (("dropped", "circle-open"), ("kept", "circle"), ("finished", "square")):
        of_fate = [i for i, node in enumerate(search.nodes) if node.fate == fate]
        figure.add_scatter(
            name=fate,
            x=[search.nodes[i].depth for i in of_fate],
            y=[height[i] for i in of_fate],
            mode="markers+text",
            text=[theme.label(search.nodes[i].text) for i in of_fate],
            textposition="top center",
            textfont={"family": "monospace", "size": 12},
            marker={
                "symbol": symbol,
                "size": 8,
                "color": [
                    theme.HIGHLIGHT
                    if i in best
                    else theme.RESIDUAL
                    if fate == "dropped"
                    else theme.PROBABILITY
                    for i in of_fate
                ],
            },
            customdata=[(search.nodes[i].log_probability, fate) for i in of_fate],
            hovertemplate="%{text}<br>ln p = %{customdata[0]:.4f}<br>%{customdata[1]}"
            "<extra></extra>",
        )
    depth = max((node.depth for node in search.nodes), default=1)
    most = max(
        (sum(node.depth == d for node in search.nodes) for d in range(1, depth + 1)), default=1
    )
    figure.update_xaxes(
        title="token", range=[-0.2, depth + 0.6], tickvals=list(range(1, depth + 1)), showgrid=False
    )
    figure.update_yaxes(visible=False, range=[most - 0.5, -0.9])
    return theme.dressed(figure, max(240, 36 * most + 80))


def _path(search: BeamSearch, beam: Beam) -> set[int]:
    found, node = set(), beam.node
    while node >= 0:
        found.add(node)
        node = search.nodes[node].parent
    return found


def _heights(search: BeamSearch) -> list[float]:
    """Return each node's place in its column: the likeliest is 0, then downwards."""
    height = [0.0] * len(search.nodes)
    for depth in {node.depth for node in search.nodes}:
        column = [i for i, node in enumerate(search.nodes) if node.depth == depth]
        column.sort(key=lambda i: -search.nodes[i].log_probability)
        for place, i in enumerate(column):
            height[i] = float(place)
    return height
