"""A prediction as horizontal bars, the likeliest on top."""

import plotly.graph_objects as go

from components.figures import theme
from components.inspection.prediction import Prediction


def prediction_bars(prediction: Prediction) -> go.Figure:
    """Draw the probability of each answer; bars are labelled with the answer as it is written."""
    labels = [theme.label(answer) for answer in prediction.answers]
    shares = [float(share) for share in prediction.probabilities]
    places = list(range(len(labels)))
    bars = go.Bar(
        x=shares,
        y=places,
        orientation="h",
        marker={
            "color": [theme.PROBABILITY, *[theme.PROBABILITY_FAINT] * (len(labels) - 1)],
            "cornerradius": 3,
        },
        text=[f"{share:.1%}" for share in shares],
        textposition="outside",
        cliponaxis=False,
        customdata=[f"{share:.4%}" for share in shares],
        hovertemplate="%{customdata}<extra></extra>",
    )
    # Answers sit at their ranks, since two may be written alike.
    figure = go.Figure(bars).update_layout(
        xaxis={"range": [0, max(shares) * 1.18], "visible": False, "fixedrange": True},
        yaxis={
            "tickvals": places,
            "ticktext": labels,
            "autorange": "reversed",
            "tickfont": {"family": "monospace", "size": 15},
            "fixedrange": True,
            "ticklabelstandoff": 8,
        },
        bargap=0.25,
    )
    return theme.dressed(figure, height=34 * len(labels) + 30)
