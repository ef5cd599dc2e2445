"""Fold: the neurons of one MLP, what each adds to the logit, and the tokens of one of them."""

from typing import Final

import pandas as pd

from components.figures.layers.neurons import neuron_bars, token_bars
from components.figures.visible import visible
from components.inspection.layers import neurons as inspection
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import literal
from pages.inside.layers import direct_attribution_question

ANSWERS: Final = ("fewer than one in ten", "one in ten to one in two", "more than one in two")


def show(ask: Ask) -> Shown:
    question = direct_attribution_question.of(ask)
    layers = ask.facts.layers
    layer = ask.number("MLP of layer", "mlp_layer", 0, layers - 1, layers - 1)
    found = ask.inspect(inspection.neurons, *question, layer)
    by_number = {one.number: one for one in found.most}
    every = "all neurons"
    chosen = ask.choice_of("Show", "neuron", [every, *map(str, by_number)], every, says=named)
    one = by_number.get(int(chosen)) if chosen != every else found.most[0]
    assert one is not None
    count, share = len(found.terms), found.carriers / len(found.terms)
    high, low = (
        ", ".join(f"“{literal(visible(name))}”" for name, _ in told[:4])
        for told in (one.promoted, one.suppressed)
    )
    return Shown(
        neuron_bars(found) if chosen == every else token_bars(one),
        alt=f"Layer {layer}: neuron {one.number} adds {one.term:+.3f} of {found.total:+.3f}.",
        told=f"The MLP of layer {layer} adds **{found.total:+.2f}**; **{found.carriers}** of its "
        f"{count:,} neurons hold 90% of that, by size. Neuron {one.number} (activation "
        f"{one.activation:+.2f}) adds {one.term:+.3f}; it promotes {high} and suppresses {low}.",
        checks=found.checks,
        table=lambda: pd.DataFrame({"activation": found.activations, "added": found.terms}),
        read=READ,
        uncoded="No code is shown: where a family keeps its MLP's last matrix differs.",
        formula=r"w \cdot d = \sum_n a_n \, (v_n \cdot d) + b \cdot d",
        symbols="a is the activation of neuron n, v its column of the MLP's last matrix, b its "
        "bias, d the direction in which the logit is read off.",
        predict=Predict(
            f"How many of the {count:,} neurons hold 90% of what they add here, by size?",
            ANSWERS,
            ANSWERS[0 if share < 0.1 else 1 if share <= 0.5 else 2],
            f"**{found.carriers}**: {share:.0%}. Adding the sizes, not the signed terms: towards A "
            "and towards B both count.",
        ),
        tries="Choose a neuron: do the tokens that it promotes have anything in common? Often not.",
    )


def named(option: str) -> str:
    """Say an option of the list."""
    return f"tokens of neuron {option}" if option.isdigit() else option


READ: Final = (
    "An MLP's write is a sum over its neurons: **activation × output vector**. A bar is one "
    "neuron's term of the logit above. The tokens of a neuron are those whose logits its vector "
    "raises or lowers most, through the unembedding with the last norm held; the mean over the "
    "vocabulary is taken off, since what raises all logits alike changes no probability."
)
NEURONS = View("The MLP's term, split once more: into what each of its **neurons** adds.", show)
