"""The tree of a beam search, and the scores of what it found."""

from typing import Final

import plotly.graph_objects as go

from components.figures import theme
from components.inspection.sampling.beam import Beam, BeamSearch

HEIGHT: Final = 440
LETTERS: Final = 84
"""Letters that stand beside one another over the width of the tree."""
ENDING: Final = 60
"""Letters beside a beam's score: of its end, since beams begin alike."""
EDGES: Final = {
    "dropped": ("rgba(138, 138, 134, 0.4)", 0.8),
    "kept": (theme.RESIDUAL, 1.2),
    "winner": (theme.HIGHLIGHT, 3),
}
"""Colour and width of the lines to each kind of node: what was dropped is faint below the names."""
MOST_NAMED: Final = 14
"""Columns in which every kept token has room for its name."""


def beam_tree(search: BeamSearch) -> go.Figure:
    """Draw the continuations that were weighed: one column per token, the likeliest on top.

    Kept ones are filled and named, dropped ones hollow; the best finished sequence is marked.
    """
    best = _path(search, search.beams[0]) if search.beams else set()
    depth = max((node.depth for node in search.nodes), default=1)
    # Names of all would lie over one another: where there are many columns, only the winner's,
    # and in the narrowest none.
    named = {i for i, node in enumerate(search.nodes) if node.fate != "dropped"}
    if depth > MOST_NAMED:
        named = best if depth <= 2 * MOST_NAMED else set()
    height = _heights(search)
    edges: dict[str, tuple[list[float | None], list[float | None]]] = {
        kind: ([], []) for kind in EDGES
    }
    for i, node in enumerate(search.nodes):
        start = (
            (0.0, 0.0)
            if node.parent < 0
            else (
                float(search.nodes[node.parent].depth),
                height[node.parent],
            )
        )
        xs, ys = edges["winner" if i in best else "dropped" if node.fate == "dropped" else "kept"]
        xs += [start[0], node.depth, None]
        ys += [start[1], height[i], None]
    figure = go.Figure(
        [
            go.Scatter(
                x=xs,
                y=ys,
                mode="lines",
                hoverinfo="skip",
                name=f"the {kind}",
                showlegend=kind == "winner",
                line={"color": color, "width": width},
            )
            for (kind, (xs, ys)), (color, width) in zip(edges.items(), EDGES.values(), strict=True)
        ]
    )
    for fate, symbol in (("dropped", "circle-open"), ("kept", "circle"), ("finished", "square")):
        of_fate = [i for i, node in enumerate(search.nodes) if node.fate == fate]
        of_fate.sort(key=lambda i: i in best)  # the legend has the colour of the first
        figure.add_scatter(
            name=fate,
            x=[search.nodes[i].depth for i in of_fate],
            y=[height[i] for i in of_fate],
            mode="markers+text",
            text=[
                theme.label(search.nodes[i].text, max(3, LETTERS // depth)) if i in named else ""
                for i in of_fate
            ],
            hovertext=[theme.label(search.nodes[i].text) for i in of_fate],
            textposition="top center",
            textfont={"family": "monospace", "size": 14, "shadow": "auto"},
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
            hovertemplate="%{hovertext}<br>ln p = %{customdata[0]:.4f}<br>%{customdata[1]}"
            "<extra></extra>",
        )
    most = max(
        (sum(node.depth == d for node in search.nodes) for d in range(1, depth + 1)), default=1
    )
    step = 1 if depth <= 20 else 5
    figure.update_xaxes(
        title="new token",
        range=[-0.2, depth + 0.6],
        tickvals=list(range(step, depth + 1, step)),
        showgrid=False,
    )
    figure.update_yaxes(visible=False, range=[most - 0.5, -0.9])
    return theme.with_legend(theme.dressed(figure, min(HEIGHT, max(260, 36 * most + 110))))


def beam_scores(search: BeamSearch) -> go.Figure:
    """Draw the score of each finished beam, the best on top."""
    places = list(range(len(search.beams)))
    figure = go.Figure(
        go.Bar(
            x=[beam.score for beam in search.beams],
            y=places,
            orientation="h",
            marker_color=[theme.HIGHLIGHT, *[theme.PROBABILITY] * (len(places) - 1)],
            customdata=[(beam.log_probability, len(beam.tokens)) for beam in search.beams],
            hovertemplate="score %{x:.4f}<br>ln p = %{customdata[0]:.4f}<br>%{customdata[1]} tokens"
            "<extra></extra>",
        )
    )
    figure.update_xaxes(title="score: ln p / tokens ^ length penalty")
    figure.update_yaxes(
        tickvals=places,
        ticktext=[_end_of("".join(beam.texts)) for beam in search.beams],
        autorange="reversed",
        showgrid=False,
        tickfont_family="monospace",
    )
    return theme.dressed(figure, 34 * len(places) + 90)


def _end_of(text: str) -> str:
    return theme.label(text if len(text) <= ENDING else f"…{text[1 - ENDING :]}")


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
