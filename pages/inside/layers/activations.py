"""View: the activation function of the MLPs, what goes into it, and who stays silent."""

from components.figures.layers.activations import (
    activation_curves,
    histogram_table,
    silence_table,
    silent_bars,
)
from components.inspection.layers.activations import Activations, activations
from components.inspection.layers.activations_recorded import THRESHOLDS
from components.lesson import Ask, Shown, View
from pages.inside.layers import activations_code
from pages.inside.layers.activations_words import (
    HINT,
    READ_CURVE,
    READ_LAYERS,
    others,
    product,
    question,
    tried,
)
from pages.inside.layers.norms_asked import block_asked

CURVE, LAYERS = "the function", "layer by layer"


def show(ask: Ask) -> Shown:
    _, stack, layer = block_asked(ask)
    found: Activations = ask.inspect(activations, ask.prompt, stack, layer)
    drawn = ask.choice_of("Draw", "activation_drawn", [CURVE, LAYERS])
    first = 0.0 if found.exact else 0.01
    says = {share: f"{share:.1%}".replace(".0%", "%") for share in THRESHOLDS}
    share = ask.choice_of(
        "Silent up to, of the largest", "silent", THRESHOLDS, first, says=says, hint=HINT
    )
    level = THRESHOLDS.index(share)
    own = f"Layer {layer} uses **{found.name}**"
    return Shown(
        activation_curves(found, level) if drawn == CURVE else silent_bars(found, level),
        alt=f"The curves of four activation functions, this model's ({found.name}) thick, and "
        f"below what goes into it; {found.own.share[level]:.0%} of the outputs are silent."
        if drawn == CURVE
        else "Bars: the share of silent outputs in each layer.",
        told=f"{own}, as measured{others(found)}. **{found.own.share[level]:.0%}** of its "
        f"{found.neurons:,} neurons' outputs at {len(found.tokens)} tokens are silent, "
        f"{found.own.never[level]:.0%} of the neurons at every token. {product(found)}",
        checks=found.checks,
        table=lambda: (
            histogram_table(found, level) if drawn == CURVE else silence_table(found, level)
        ),
        code=activations_code.CODE,
        read=(READ_CURVE if drawn == CURVE else READ_LAYERS)
        + " An output is called silent if its size is at most "
        + (f"{share:.1%} of the largest at the same token." if share else "0.")
        + (f" {found.beyond:,} numbers lie outside the drawing." if found.beyond else "")
        + tried(found),
        formula=r"\mathrm{ReLU}(x) = \max(0, x), \quad \mathrm{GELU}(x) = x\,\Phi(x), \quad "
        r"\mathrm{SiLU}(x) = \frac{x}{1 + e^{-x}}"
        + (r", \qquad h = \mathrm{act}(W_g x) \cdot (W_u x)" if found.gated else ""),
        symbols="Φ(x) is the chance that a normally distributed number is below x. GELU (tanh) is "
        "a faster formula for nearly the same curve."
        + (" W_g x is the gate, W_u x is called up; h enters the last map." if found.gated else ""),
        predict=question(found, level),
        tries="The layers one by one: where are most neurons silent? Raise what counts as silent, "
        "and see which bars turn grey.",
        facts={"activation": found.activation, "layer": layer, "threshold": share},
    )


VIEW = View(
    "Between an MLP's two maps stands one simple function of each number. It decides which neurons "
    "stay silent.",
    show,
)
