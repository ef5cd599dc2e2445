"""Tables, slopes and buckets; what shuffling changes; two conventions side by side."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from components.figures import theme
from components.figures.once import drawn_once
from components.figures.positions.context_extension import COLORS
from components.inspection.positions.added import Table
from components.inspection.positions.distances import Buckets
from components.inspection.positions.encodings import SchemeScores
from components.inspection.positions.order import Condition, WordOrder
from components.inspection.positions.shift_invariance import ShiftInvariance

MOST_ROWS = 24
"""With more tokens neither names nor numbers can be read."""


@drawn_once
def vector_map(vectors: np.ndarray) -> go.Figure:
    """Draw one row for each position: its vector's numbers, zero in the middle."""
    limit = float(np.percentile(np.abs(vectors), 99)) or 1.0
    figure = go.Figure(
        go.Heatmap(
            z=vectors.astype(np.float32),  # half the bytes, and more digits than are told
            zmin=-limit,
            zmax=limit,
            colorscale=theme.SIGNED,
            colorbar={"thickness": 10},
            hovertemplate="position %{y}, number %{x}: %{z:.4f}<extra></extra>",
        )
    )
    figure.update_xaxes(title="number in the vector", showgrid=False)
    figure.update_yaxes(title="position", autorange="reversed", showgrid=False)
    return theme.dressed(figure, 440)


def likeness_map(likeness: np.ndarray, shown: np.ndarray, words: str = "cosine") -> go.Figure:
    """Draw how alike the vectors of two positions are."""
    limit = max(1e-9, float(np.abs(likeness).max()))
    figure = go.Figure(
        go.Heatmap(
            z=likeness.astype(np.float32),
            x=shown,
            y=shown,
            zmin=-limit,
            zmax=limit,
            colorscale=theme.SIGNED,
            colorbar={"thickness": 10},
            hovertemplate=f"positions %{{x}} and %{{y}}: {words} %{{z:.3f}}<extra></extra>",
        )
    )
    figure.update_xaxes(title="position", showgrid=False)
    figure.update_yaxes(title="position", autorange="reversed", showgrid=False)
    return theme.dressed(figure, 440)


def norm_line(table: Table) -> go.Figure:
    """Draw how long each position's vector is, beside the tokens' own vectors."""
    low, _, high = table.token_norms
    figure = go.Figure()
    figure.add_hrect(
        y0=low,
        y1=high,
        line_width=0,
        fillcolor="rgba(138, 138, 134, 0.22)",
        annotation={"text": "token vectors, middle 80%", "xanchor": "right", "x": 0.99},
    )
    figure.add_scatter(
        x=np.arange(len(table.norms)),
        y=table.norms,
        mode="lines",
        line={"color": theme.QUERY, "width": 2},
        hovertemplate="position %{x}: norm %{y:.3f}<extra></extra>",
    )
    figure.update_xaxes(title="position", showgrid=False)
    figure.update_yaxes(title="norm of the vector", rangemode="tozero")
    return theme.dressed(figure, 440)


def slope_lines(slopes: np.ndarray, length: int = 64) -> go.Figure:
    """Draw what ALiBi takes from a score at each distance, a line for each head."""
    figure = go.Figure()
    distances = np.arange(length)
    for head, slope in enumerate(slopes):
        figure.add_scatter(
            x=distances,
            y=-slope * distances,
            mode="lines",
            name=f"head {head}",
            line={"color": COLORS[head % len(COLORS)], "width": 1.5},
            hovertemplate=f"head {head}, distance %{{x}}: %{{y:.3f}}<extra></extra>",
        )
    figure.update_xaxes(title="distance in positions", showgrid=False)
    figure.update_yaxes(title="added to the score")
    return theme.dressed(figure, 440)


def bucket_steps(distances: np.ndarray, buckets: np.ndarray) -> go.Figure:
    """Draw T5's bucket for each distance."""
    figure = go.Figure(
        go.Scatter(
            x=distances,
            y=buckets,
            mode="lines",
            line={"color": theme.QUERY, "shape": "hv"},
            hovertemplate="distance %{x}: bucket %{y}<extra></extra>",
        )
    )
    figure.update_xaxes(title="key position minus query position", showgrid=False)
    figure.update_yaxes(title="bucket")
    return theme.dressed(figure, 440)


def bias_map(buckets: Buckets) -> go.Figure:
    """Draw what a T5 adds to a score: a row for each head, a column for each distance."""
    limit = float(np.abs(buckets.bias).max()) or 1.0
    figure = go.Figure(
        go.Heatmap(
            z=buckets.bias,
            x=buckets.distances,
            zmin=-limit,
            zmax=limit,
            colorscale=theme.SIGNED,
            colorbar={"thickness": 10},
            hovertemplate="head %{y}, distance %{x}: %{z:+.2f}<extra></extra>",
        )
    )
    figure.update_xaxes(title="key position minus query position", showgrid=False)
    figure.update_yaxes(title="head", dtick=1, showgrid=False, autorange="reversed")
    return theme.dressed(figure, 60 + max(140, 24 * len(buckets.bias)))


@drawn_once
def three_maps(compared: SchemeScores) -> go.Figure:
    """Draw the scores of one vector with itself under three schemes, side by side."""
    titles = ("sinusoid added", "ALiBi", "RoPE")
    figure = make_subplots(rows=1, cols=3, subplot_titles=titles, shared_yaxes=True)
    maps = (compared.absolute, compared.bias, compared.rope)
    for column, (name, scores) in enumerate(zip(titles, maps, strict=True), start=1):
        figure.add_heatmap(
            z=scores,
            colorscale="Viridis",
            showscale=False,
            row=1,
            col=column,
            hovertemplate=f"{name}: positions %{{y}} and %{{x}}: %{{z:.3f}}<extra></extra>",
        )
    figure.update_xaxes(showgrid=False, nticks=4)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_yaxes(title="position of the query", col=1)
    figure.update_xaxes(title="position of the key", col=2)
    return theme.dressed(figure, 380).update_layout(margin=theme.MARGIN | {"t": 36})


def condition_name(condition: Condition) -> str:
    """Say in a few words what a model may tell the order by."""
    positions = "positions" if condition.positions else "no positions"
    if condition.mask is None:
        return positions
    return f"{positions}, {'causal mask' if condition.mask else 'no mask'}"


@drawn_once
def order_map(shuffled: WordOrder) -> go.Figure:
    """Draw how much each token's output changed: a row for each token, a column a condition."""
    labels = [theme.label(token) for token in shuffled.tokens]
    names = [condition_name(each) for each in shuffled.conditions]
    few = len(labels) <= MOST_ROWS
    top = max(1.0, float(shuffled.change.max(initial=0.0)))
    figure = go.Figure(
        go.Heatmap(
            z=shuffled.change.T,
            zmin=0,
            zmax=top,
            colorscale=theme.ATTENTION,
            xgap=2,
            ygap=2 if few else 0,
            text=[[_share(value, shuffled.rounding) for value in row] for row in shuffled.change.T],
            texttemplate="%{text}" if few else None,
            textfont={"size": theme.SMALLEST},
            customdata=[[label] * len(names) for label in labels],
            colorbar={
                "thickness": 10,
                # Rounded, a mark at the very end would be outside, and left out.
                "tickvals": [0, top * (1 - 1e-6)],
                "ticktext": ["0%", f"{top:.0%}"],
                "title": "change",
            },
            hovertemplate="%{customdata}: changed by %{z:.2e} of its length<extra></extra>",
        )
    )
    figure.update_xaxes(
        tickvals=list(range(len(names))),
        ticktext=[name.replace(", ", ",<br>") for name in names],
        showgrid=False,
        title="what the model can tell order by",
    )
    figure.update_yaxes(
        tickvals=list(range(len(labels))) if few else None,
        ticktext=labels if few else None,
        autorange="reversed",
        showgrid=False,
        tickfont_family="monospace",
        title="token",
    )
    return theme.dressed(figure, min(540, 160 + theme.CELL * len(labels)))


def _share(change: float, rounding: float) -> str:
    """Say a change in few letters; what rounding may do is none."""
    if change <= rounding:
        return "0"
    return f"{change:.0%}" if change >= 0.005 else "<1%"


@drawn_once
def two_maps(right: np.ndarray, wrong: np.ndarray, tokens: Sequence[str]) -> go.Figure:
    """Draw one head's attention with its own convention and with the other."""
    labels = [theme.label(token) for token in tokens]
    figure = make_subplots(
        rows=1,
        cols=2,
        shared_yaxes=True,
        horizontal_spacing=0.04,
        subplot_titles=("pairs as the model was trained", "pairs mixed up"),
    )
    for column, z in enumerate((right, wrong), start=1):
        figure.add_heatmap(
            z=z,
            zmin=0,
            zmax=1,
            colorscale=theme.ATTENTION,
            showscale=False,
            row=1,
            col=column,
            customdata=[[(reader, read) for read in labels] for reader in labels],
            hovertemplate="%{customdata[0]} attends to %{customdata[1]}: %{z:.1%}<extra></extra>",
        )
    show = len(labels) <= 40
    ticks = {
        "tickvals": list(range(len(labels))) if show else None,
        "ticktext": labels if show else None,
    }
    figure.update_xaxes(**ticks, tickangle=-60, showgrid=False, tickfont_family="monospace")
    figure.update_yaxes(**ticks, autorange="reversed", showgrid=False, tickfont_family="monospace")
    figure.update_xaxes(title="key token").update_yaxes(title="query token", col=1)
    return theme.dressed(figure, min(640, max(280, theme.CELL * len(labels) + 130))).update_layout(
        margin=theme.MARGIN | {"t": 36}
    )


@drawn_once
def moved_bars(moved: ShiftInvariance) -> go.Figure:
    """Draw how much the logits change when the text begins later, and what rounding may do."""
    names = [f"from {shift:,}" for shift in moved.shifts]
    figure = go.Figure(
        go.Bar(
            x=moved.change,
            y=names,
            orientation="h",
            marker_color=theme.QUERY,
            name="largest change of a logit",
            hovertemplate="%{y}: %{x:.2e}<extra></extra>",
        )
    )
    figure.add_scatter(
        x=moved.allowed,
        y=names,
        mode="markers",
        marker={"symbol": "line-ns-open", "size": 22, "color": theme.KEY},
        name="what rounding may do",
        hovertemplate="%{y}: up to %{x:.2e}<extra></extra>",
    )
    figure.update_xaxes(title="largest change of a logit (logarithmic)", type="log", dtick=1)
    figure.update_yaxes(title="text read", autorange="reversed", showgrid=False)
    return theme.with_legend(theme.dressed(figure, 60 + 60 * len(names)))
