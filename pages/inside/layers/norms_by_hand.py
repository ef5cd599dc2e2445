"""A kind of Norms: LayerNorm and RMSNorm of a few numbers, which the reader types."""

from components.figures.layers.norms import hand_bars, hand_table
from components.inspection.layers.norms import EPSILON, NormsByHand, norms_by_hand, typed_numbers
from components.lesson import Ask, Predict, Shown, View
from components.widgets.presets import examples
from pages.inside.layers import norms_code

EXAMPLES = {
    "Add 10: who forgets the mean?": {"norm_add": 10.0, "norm_times": 1.0},
    "Multiply by 100: who forgets the length?": {"norm_add": 0.0, "norm_times": 100.0},
    "Multiply by 0.001: epsilon is felt": {"norm_add": 0.0, "norm_times": 0.001},
}
EPSILONS = (0.0, 1e-6, EPSILON, 0.1, 1.0)
BOTH, LAYER, RMS, NEITHER = "both", "only LayerNorm's", "only RMSNorm's", "neither"
SHIFT = 10.0


def show(ask: Ask) -> Shown:
    numbers = typed_numbers(ask.text("Numbers", "norm_numbers", "1 2 3 4", most=300, wide=170))
    add = ask.slider("Add to all", "norm_add", -20.0, 20.0, 0.0, step=0.5)
    times = ask.real("Multiply all by", "norm_times", -1000, 1000, 1)
    with ask.tucked("Epsilon"):
        hint = "A small number added before the root is taken, so that nothing is divided by 0."
        epsilon = ask.choice_of(
            "Epsilon", "epsilon", EPSILONS, EPSILON, says="{:g}".format, hint=hint
        )
    examples(ask, EXAMPLES)
    found = ask.compute(norms_by_hand, numbers, times, add, epsilon)
    return Shown(
        hand_bars(found),
        alt=f"Bars of {len(numbers)} numbers, and of what LayerNorm and RMSNorm make of them.",
        told=told(found),
        checks=found.checks,
        table=lambda: hand_table(found),
        code=norms_code.by_hand(found),
        read="Grey: the numbers as typed, and what each norm gives. Blue: the same after all "
        "numbers were multiplied, then added to. A model's norm multiplies each number by a "
        "learned gain at the end, and LayerNorm mostly adds a learned shift; here there is none. "
        "Each token's vector is normed by itself. Some source texts call this batch norm; that "
        "one would average over the texts that are read together.",
        formula=r"\mathrm{LayerNorm}(x) = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}}, \qquad "
        r"\mathrm{RMSNorm}(x) = \frac{x}{\sqrt{\frac{1}{n}\sum_i x_i^2 + \varepsilon}}",
        symbols=f"μ = {found.changed.mean:.4g} is the mean of the numbers, σ² = "
        f"{found.changed.variance:.4g} their variance (the mean squared distance from μ), n = "
        f"{len(numbers)}; the mean of their squares is {found.changed.mean_square:.4g}; ε = "
        f"{epsilon:g}.",
        predict=question(ask, numbers, epsilon),
        tries="Multiply by −1. Then by 0.001: which of the two feels epsilon first, and why? Type "
        "four equal numbers: what is left of them?",
    )


def told(found: NormsByHand) -> str:
    """Say what each norm has forgotten of the change."""
    if (found.times, found.add) == (1, 0):
        return (
            f"LayerNorm takes the mean off, **{found.typed.mean:.4g}**, and divides by the "
            f"standard deviation, **{found.typed.variance**0.5:.4g}**. RMSNorm only divides, by "
            f"the root of the mean square, **{found.typed.mean_square**0.5:.4g}**."
        )
    changed = {"LayerNorm": found.layer_changes, "RMSNorm": found.rms_changes}
    said = [
        f"{name} gives {'**other** numbers' if new else 'the **same** numbers'}"
        for name, new in changed.items()
    ]
    return (
        f"{' and '.join(said)}. LayerNorm forgets the mean and the length of a vector, RMSNorm the "
        "length alone."
    )


def question(ask: Ask, numbers: tuple[float, ...], epsilon: float) -> Predict:
    """Ask what adding a number to all does to both norms."""
    found = ask.compute(norms_by_hand, numbers, 1.0, SHIFT, epsilon)
    right = {(True, True): BOTH, (True, False): LAYER, (False, True): RMS}
    return Predict(
        f"Add {SHIFT:g} to all of these numbers. Which norm's output changes?",
        (BOTH, LAYER, RMS, NEITHER),
        right.get((found.layer_changes, found.rms_changes), NEITHER),
        "LayerNorm takes the mean off first, and what was added to all is taken off with it. "
        f"RMSNorm's first number goes from {found.typed.rms[0]:.4f} to {found.changed.rms[0]:.4f}.",
    )


NORMS_BY_HAND = View(
    "A norm brings each token's vector to one size. Move or stretch these numbers: which norm "
    "notices?",
    show,
)
