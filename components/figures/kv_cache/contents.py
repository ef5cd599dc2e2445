"""Keys and values as they lie in the cache, and what they take."""

from typing import Final

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from components.figures import theme
from components.figures.kv_cache import WITH
from components.figures.once import drawn_once
from components.inspection.causality import LastTokenChanged
from components.inspection.kv_cache.contents import Contents
from components.inspection.kv_cache.shapes import Shape, sharing

MOST_ROWS: Final = 22
HEIGHT: Final = 440


@drawn_once
def keys_and_values(found: Contents, layer: int, kv_head: int, step: int) -> go.Figure:
    """Draw one head's keys and values after `step` steps, a row for each token.

    The newest row is framed; what will come is left blank. Of a long text the last rows are shown.

    Raises:
        ValueError: the layer keeps no rows for tokens.
    """
    keys, values = found.keys[layer], found.values[layer]
    if keys is None or values is None:
        raise ValueError(f"layer {layer} keeps no keys and values")
    there = found.prompt + step
    first = max(0, there - MOST_ROWS + 4)
    last = min(len(found.tokens), first + MOST_ROWS)
    places = list(range(first, last))
    # Rows that are yet to come have no name yet.
    labels = [
        f"{theme.label(found.tokens[place])}  {place}" if place < there else "" for place in places
    ]
    figure = make_subplots(
        cols=2,
        shared_yaxes=True,
        horizontal_spacing=0.03,
        subplot_titles=(
            "keys",
            "values",
        ),
    )
    for column, array in enumerate((keys, values), start=1):
        drawn = array[kv_head, first:last].copy()
        drawn[max(0, there - first) :] = np.nan
        seen = array[kv_head]
        most = float(np.abs(seen[np.isfinite(seen)]).max(initial=0.0)) or 1.0
        figure.add_heatmap(
            z=drawn,
            y=places,
            zmin=-most,
            zmax=most,
            colorscale=theme.SIGNED,
            showscale=False,
            hovertemplate="position %{y}, number %{x}: %{z:.4f}<extra></extra>",
            xgap=0,
            ygap=1,
            row=1,
            col=column,
        )
        figure.add_shape(
            type="rect",
            x0=-0.5,
            x1=drawn.shape[1] - 0.5,
            y0=there - 1.5,
            y1=there - 0.5,
            line={"color": WITH, "width": 3},
            row=1,
            col=column,
        )
    figure.update_xaxes(title="number", showgrid=False, zeroline=False, nticks=5)
    figure.update_yaxes(
        tickvals=places,
        ticktext=labels,
        range=[last - 0.5, first - 0.5],
        showgrid=False,
        zeroline=False,
        tickfont_family="monospace",
    )
    figure.update_yaxes(title="token, its position", col=1)
    return theme.dressed(figure, HEIGHT).update_layout(margin={**theme.MARGIN, "t": 34})


def growth(found: Contents) -> go.Figure:
    """Draw the bytes after each step: measured marks on the law's line, and other sharing where
    the cache is keys and values for each head."""
    steps = np.arange(len(found.grown))
    figure = go.Figure()
    others = {found.shape.heads: "one for each head (MHA)", 1: "one for all (MQA)"}
    for kv_heads, name in others.items() if found.shape.usual else ():
        if kv_heads == found.shape.kv_heads:
            continue
        other = found.shape.shared_by(kv_heads)
        sizes = [other.cache_bytes(found.prompt + int(n), found.itemsize) / 1024 for n in steps]
        _grown(figure, steps, sizes, name, theme.RESIDUAL, "dot")
    if found.law is not None:
        heads = f"{found.shape.kv_heads} key-value heads, " if found.shape.usual else ""
        _grown(
            figure, steps, [size / 1024 for size in found.law], f"{heads}as it is", WITH, "solid"
        )
    every = max(1, len(steps) // 24)
    figure.add_scatter(
        name="measured on the cache",
        x=steps[::every],
        y=found.grown[::every] / 1024,
        mode="markers",
        marker={"color": WITH, "size": 9, "symbol": "circle-open", "line_width": 2},
        customdata=found.grown[::every],
        hovertemplate="measured: %{customdata:,} bytes<extra></extra>",
    )
    figure.update_xaxes(
        title="tokens written", showgrid=False, range=[-0.5, len(steps) * 1.02 + 0.5]
    )
    figure.update_yaxes(title="KiB in all layers", rangemode="tozero")
    return theme.dressed(figure, 400)


def layer_bars(found: Contents) -> go.Figure:
    """Draw the bytes that each layer holds at the end."""
    figure = go.Figure(
        go.Bar(
            x=list(range(len(found.layer_bytes))),
            y=found.layer_bytes / 1024,
            marker_color=WITH,
            customdata=[
                [size, theme.label(kept)]
                for size, kept in zip(found.layer_bytes, found.layer_kept, strict=True)
            ],
            hovertemplate="layer %{x}: %{customdata[0]:,} bytes<br>%{customdata[1]}<extra></extra>",
        )
    )
    count = len(found.layer_bytes)
    every = max(1, count // 8)
    figure.update_xaxes(title="layer", showgrid=False, dtick=every, range=[-0.6, count - 0.4])
    figure.update_yaxes(title="KiB", rangemode="tozero")
    return theme.dressed(figure, 340)


def _grown(
    figure: go.Figure, steps: np.ndarray, sizes: list[float], name: str, color: str, dash: str
) -> None:
    figure.add_scatter(
        name=name,
        x=steps,
        y=sizes,
        mode="lines",
        line={"color": color, "width": 2.5, "dash": dash},
        hovertemplate="%{y:,.1f} KiB<extra>" + name + "</extra>",
    )
    figure.add_annotation(
        x=steps[-1],
        y=sizes[-1],
        text=name,
        showarrow=False,
        xanchor="right",
        yanchor="bottom",
        yshift=3,
    )


def wiring(shape: Shape, kv_heads: int) -> go.Figure:
    """Draw which query head reads the keys and values of which key-value head."""
    heads, group = shape.heads, shape.heads // kv_heads
    x = np.arange(heads, dtype=float)
    below = np.array([x[n * group : (n + 1) * group].mean() for n in range(kv_heads)])
    figure = go.Figure()
    lines_x = [place for head in range(heads) for place in (x[head], below[head // group], None)]
    figure.add_scatter(
        x=lines_x,
        y=[1, 0, None] * heads,
        mode="lines",
        hoverinfo="skip",
        line={"color": theme.RESIDUAL, "width": 1.5},
    )
    size = float(np.clip(420 / heads, 7, 26))
    for places, y, color, name in (
        (x, 1, theme.QUERY, "query head"),
        (below - min(0.14, 0.3 * group), 0, theme.KEY, "keys of head"),
        (below + min(0.14, 0.3 * group), 0, theme.VALUE, "values of head"),
    ):
        figure.add_scatter(
            name=name,
            x=places,
            y=[y] * len(places),
            mode="markers",
            marker={"color": color, "size": size, "symbol": "circle" if y else "square"},
            customdata=list(range(len(places))),
            hovertemplate=name + " %{customdata}<extra></extra>",
        )
    figure.update_xaxes(
        title="query head",
        showgrid=False,
        zeroline=False,
        dtick=max(1, heads // 8),
        range=[-0.6, heads - 0.4],
    )
    figure.update_yaxes(
        tickvals=[0, 1],
        title="heads",
        ticktext=[f"{kv_heads} × keys, values", f"{heads} × queries"],
        range=[-0.5, 1.5],
        showgrid=False,
        zeroline=False,
    )
    return theme.dressed(figure, 280)


def sharing_bars(shape: Shape, itemsize: float) -> go.Figure:
    """Draw the bytes of one token for each number of key-value heads that the model could have."""
    shapes = [shape.shared_by(count) for count in reversed(shape.groupings())]
    labels = [f"{each.kv_heads} · {sharing(each).split('(')[1][:-1]}" for each in shapes]
    sizes = [each.token_bytes(itemsize) for each in shapes]
    places = list(range(len(shapes)))
    bars = go.Bar(
        x=sizes,
        y=places,
        orientation="h",
        marker_color=[WITH if e.kv_heads == shape.kv_heads else theme.RESIDUAL for e in shapes],
        text=[f"{size:,.0f} B" for size in sizes],
        textposition="outside",
        cliponaxis=False,
        customdata=[f"{each.attention_weights[0]:,}" for each in shapes],
        hovertemplate="%{x:,.0f} bytes for each token<br>%{customdata} weights in a block's "
        "attention<extra></extra>",
    )
    figure = go.Figure(bars)
    figure.update_xaxes(title="bytes for each token", showgrid=False, range=[0, max(sizes) * 1.45])
    figure.update_yaxes(
        tickvals=places,
        ticktext=labels,
        autorange="reversed",
        showgrid=False,
        title="key-value heads",
    )
    return theme.dressed(figure, max(200, 30 * len(places) + 90))


def change_map(found: LastTokenChanged) -> go.Figure:
    """Draw how much each token's keys and values change when the last token does.

    Where they cannot be seen, how much its last residual stream does, as a single row.
    """
    seen = found.vectors.size > 0
    change = found.vectors if seen else found.stream[None]
    rows, tokens = change.shape
    labels = [theme.label(token) for token in found.tokens]
    labels[-1] = f"{labels[-1]} → {theme.label(found.after)}"
    names = [str(layer) for layer in found.layers] if seen else ["last residual stream"]
    figure = go.Figure(
        go.Heatmap(
            z=change,
            x=list(range(tokens)),
            y=list(range(rows)),
            customdata=_names(names, tokens),
            colorscale=[[0, "rgba(138,138,134,0.15)"], [1, theme.HIGHLIGHT]],
            zmin=0,
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="layer %{customdata}: %{z:.2%}<extra></extra>"
            if seen
            else "%{customdata}: %{z:.2%}<extra></extra>",
        )
    )
    figure.update_xaxes(
        tickvals=list(range(tokens)),
        ticktext=labels,
        title="token",
        tickangle=-45,
        showgrid=False,
        tickfont_family="monospace",
    )
    every = max(1, rows // 8)
    figure.update_yaxes(
        title="layer" if seen else "hidden state",
        tickvals=list(range(0, rows, every)),
        ticktext=names[::every],
        showgrid=False,
        zeroline=False,
    )
    return theme.dressed(figure, max(160, 22 * rows) + 110)


def _names(names: list[str], tokens: int) -> list[list[str]]:
    return [[name] * tokens for name in names]
