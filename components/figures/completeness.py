"""Pictures of whether scores add up: with more and more steps, and method by method."""

from collections.abc import Sequence

import plotly.graph_objects as go

from components.figures import theme
from components.inspection.attribution.catalogue import METHODS
from components.inspection.attribution.completeness import Completeness
from components.inspection.attribution.digits import written
from components.inspection.attribution.methods import Attribution


def approach(found: Completeness) -> go.Figure:
    """Draw how the convergence delta shrinks with the steps, against the bound."""
    shares = found.shares.astype(float)
    figure = go.Figure(
        go.Scatter(
            x=found.steps.tolist(),
            # A gap of exactly 0 has no place on a logarithmic axis.
            y=[max(share, 1e-7) for share in shares],
            mode="lines+markers",
            line={"color": theme.POSITIVE, "width": 2},
            marker={"size": 9},
            customdata=found.gaps,
            hovertemplate="%{x} steps<br>delta %{customdata:.3g} logits, %{y:.2%}<extra></extra>",
        )
    )
    # As a line of its own: the text of a shape is misplaced on a logarithmic axis.
    ends = [int(found.steps[0]), max(int(found.steps[-1]), 2 * int(found.steps[0]))]
    figure.add_scatter(
        x=ends,
        y=[found.bound] * 2,
        mode="lines+text",
        text=["", f"your bound, {found.bound:.1%}"],
        textposition="top left",
        hoverinfo="skip",
        name="bound",
        line={"color": theme.HIGHLIGHT, "width": 2, "dash": "dash"},
    )
    figure.update_xaxes(
        type="log",
        title="steps",
        tickvals=found.steps.tolist(),
        showgrid=False,
        ticktext=[str(steps) for steps in found.steps],
    )
    # Ticks at powers of ten only: those between would lie over each other.
    title = "convergence delta, share of the change"
    figure.update_yaxes(type="log", title=title, tickformat="~%", dtick=1)
    return theme.dressed(figure, 360)


def sums(found: Sequence[Attribution]) -> go.Figure:
    """Draw what each method's scores sum to, against the change that they should sum to.

    All are of one question; where they were read side by side with other texts, the change may
    differ in its last digit.
    """
    titles = [METHODS[each.method].title for each in found]
    figure = go.Figure(
        go.Bar(
            x=titles,
            y=[each.total for each in found],
            marker_color=[theme.POSITIVE if each.total > 0 else theme.NEGATIVE for each in found],
            text=[written(each.total) for each in found],
            textposition="outside",
            cliponaxis=False,
            customdata=[written(each.gap) for each in found],
            hovertemplate="%{x}<br>%{y:.4f}, delta %{customdata}<extra></extra>",
            name="sum of scores",
        )
    )
    figure.add_scatter(
        x=titles,
        y=[each.change for each in found],
        mode="lines+markers",
        line={"color": theme.HIGHLIGHT, "width": 2, "dash": "dash"},
        name="change from baseline to text",
        hovertemplate="to attribute: %{y:.4f}<extra></extra>",
    )
    figure.update_xaxes(title="method", showgrid=False)
    figure.update_yaxes(title="logits", zeroline=True)
    return theme.with_legend(theme.dressed(figure, 400))
