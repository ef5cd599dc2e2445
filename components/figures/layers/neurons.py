"""The neurons of one MLP that add most to a logit, and the tokens of one of them."""

import plotly.graph_objects as go

from components.figures import theme
from components.figures.layers.direct_attribution import asked, signed_bars
from components.figures.once import drawn_once
from components.figures.visible import label
from components.inspection.layers.neurons import Neuron, Neurons


@drawn_once
def neuron_bars(found: Neurons) -> go.Figure:
    """Draw the neurons with the largest terms, then the sum of the others, and the bias."""
    names = [f"neuron {one.number}" for one in found.most]
    terms = [one.term for one in found.most]
    rest = len(found.terms) - len(found.most)
    if rest:
        names.append(f"{rest} others")
        terms.append(float(found.terms.sum(dtype="float64")) - sum(terms))
    if found.bias:
        names.append("bias")
        terms.append(found.bias)
    return signed_bars(
        names, terms, f"added to the {asked(found.answer, found.contrast)}", "neuron"
    )


@drawn_once
def token_bars(one: Neuron) -> go.Figure:
    """Draw the tokens whose logits one neuron raises most, and those that it lowers most."""
    told = [*one.promoted, *reversed(one.suppressed)]
    names = [label(name) for name, _ in told]
    return signed_bars(
        names,
        [by for _, by in told],
        "added to the token's logit less the mean of all",
        "token",
    ).update_yaxes(ticktext=[theme.label(name) for name, _ in told], tickfont_family="monospace")
