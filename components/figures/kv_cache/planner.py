"""Memory against length: weights, cache, activations, and what GPUs have."""

from collections.abc import Mapping

import plotly.graph_objects as go

from components.figures import theme
from components.figures.kv_cache import WITH
from components.inspection.kv_cache.planner import Growth


def memory_areas(grown: Growth, length: int, gpus: Mapping[str, float]) -> go.Figure:
    """Draw GiB against the length of the texts, with what can be used of GPUs (in bytes)."""
    figure = go.Figure()
    parts = (
        ("weights", [grown.weights] * len(grown.lengths), "rgba(138,138,134,0.75)"),
        ("cache", grown.cache, WITH),
        ("activations", grown.activations, "rgba(86,180,233,0.75)"),
    )
    for name, sizes, color in parts:
        figure.add_scatter(
            name=name,
            x=grown.lengths,
            y=[float(size) / 2**30 for size in sizes],
            stackgroup="one",
            mode="lines",
            line={"width": 0.5, "color": color},
            fillcolor=color,
            hovertemplate=name + ": %{y:.3g} GiB<extra></extra>",
        )
    top = float(grown.weights + grown.cache[-1] + grown.activations[-1]) / 2**30
    longest = int(grown.lengths[-1])
    usable: dict[float, list[str]] = {}
    for name, size in gpus.items():
        usable.setdefault(size / 2**30, []).append(name)
    over = min((room for room in usable if room >= top), default=0.0)
    shown = {room: names for room, names in usable.items() if room <= max(over, top * 1.05)}
    low = -1.0
    for room, names in sorted(shown.items()):
        figure.add_hline(y=room, line={"dash": "dash", "width": 1, "color": theme.NEGATIVE})
        if room - low > 0.05 * max(over, top):  # lines close together share the lowest's label
            figure.add_annotation(
                x=longest,
                y=room,
                text=", ".join(names),
                showarrow=False,
                xanchor="right",
                yanchor="bottom",
                font={"color": theme.NEGATIVE, "size": 12},
            )
            low = room
    figure.add_vline(x=length, line={"width": 2, "color": theme.QUERY})
    late = length > longest / 2
    figure.add_annotation(
        x=length,
        y=1,
        yref="paper",
        text=f"{length:,} tokens",
        showarrow=False,
        yanchor="top",
        xanchor="right" if late else "left",
        xshift=-4 if late else 4,
        font={"color": theme.QUERY},
    )
    figure.update_xaxes(title="tokens in each text", showgrid=False, range=[0, longest])
    figure.update_yaxes(title="GiB", range=[0, max(over, top) * 1.1])
    return theme.with_legend(theme.dressed(figure, 380))
