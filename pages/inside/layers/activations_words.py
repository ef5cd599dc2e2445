"""What the view of activations says: of its function, of one neuron, and how to read it."""

from components.figures.layers.activations import activation_curves
from components.figures.visible import visible
from components.inspection.layers.activations import Activations
from components.lesson import Predict
from components.widgets.markup import coded

SHARES = {"under 10%": 0.1, "10% to 50%": 0.5, "50% to 90%": 0.9, "over 90%": 1.01}


def others(found: Activations) -> str:
    """Say what else fits what was recorded, where something does."""
    rest = [name for name in found.fitting if name != found.name]
    return f" (in this number format {' and '.join(rest)} cannot be told from it)" if rest else ""


def tried(found: Activations) -> str:
    """Say how it was found out which function it is."""
    said = (
        f" {len(found.candidates)} functions were tried on what this layer recorded; {found.name} "
        "gives what it gave, within rounding."
    )
    wrong = [one for one in found.candidates if one.strain > 1]
    return (
        f"{said} The next best is off by {wrong[0].strain:,.1f} times what rounding allows."
        if wrong
        else said
    )


def product(found: Activations) -> str:
    """Follow one neuron through."""
    one = found.strongest
    said = (
        f"The largest: neuron {one.neuron:,} at {coded(visible(found.tokens[one.token]))}, "
        f"{one.before:.3g} → **{one.after:.3g}**"
    )
    if one.up is None:
        return f"{said}."
    return f"{said}; times *up*, {one.up:.3g}, that is **{one.hidden:.3g}**."


def question(found: Activations, level: int) -> Predict:
    """Ask how many are silent."""
    share = float(found.own.share[level])
    return Predict(
        "Of all outputs of this layer's neurons on your prompt, how many are silent?",
        tuple(SHARES),
        next(name for name, most in SHARES.items() if share < most),
        f"{share:.1%} are. ReLU gives exact zeros below 0; GELU and SiLU give small negative "
        "numbers there, so it depends on what counts as silent.",
        before=activation_curves(found, level, known=False),
    )


HINT = (
    "The largest output of any neuron of this layer at the same token, either sign. 0%: zeros only."
)
READ_CURVE = (
    "Above: what each function makes of a number; the thick line is this model's. Below: how often "
    "this layer's neurons are given such a number on your prompt, silent outputs in grey. The two "
    "GELU curves lie on each other almost everywhere."
)
READ_LAYERS = (
    "A bar for each layer: the share of its neurons' outputs that are silent, over all neurons and "
    "tokens; the blue one is the layer chosen. A diamond is the share of neurons that are silent "
    "at every token of the prompt. A layer without a bar is built in another way."
)
