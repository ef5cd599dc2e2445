"""View: how fast each pair turns; which numbers are rotated; two ways to form pairs."""

from components.figures.positions.rotation import wavelength_dots
from components.figures.positions.tables import wavelength_table
from components.inspection.positions.rotation import Rope
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import literal
from components.widgets.presets import examples
from pages.inside.positions import code
from pages.inside.positions.context_lengths import CONTEXT_LENGTHS
from pages.inside.positions.pairings import PAIRINGS
from pages.inside.positions.partial_rotary import PARTIAL_ROTARY
from pages.inside.positions.rotating import HAND, rope_of

EXAMPLES = {
    f"{name}: context {context:,}": {
        "rotation": HAND,
        "theta": theta,
        "size": size,
        "context": context,
    }
    for name, theta, size, context in (
        ("By hand, d = 6", 10_000.0, 6, 2_048),
        ("Llama", 10_000.0, 128, 2_048),
        ("Phi-3-mini-4k", 10_000.0, 96, 4_096),
        ("Llama 3, a larger base", 500_000.0, 128, 8_192),
        ("Mistral 7B v0.2, larger still", 1_000_000.0, 128, 32_768),
    )
}


def speeds(ask: Ask) -> Shown:
    rope, checks, says = rope_of(ask)
    examples(ask, EXAMPLES)
    slow = int((rope.wavelengths > rope.context).sum())
    default = rope.kind == "default"
    return Shown(
        wavelength_dots(rope),
        alt=f"Wavelength of each pair, from {rope.wavelengths.min():.3g} positions on; {slow} of "
        f"{rope.pairs} are longer than the context.",
        told=f"**{slow} of {rope.pairs}** dimension pairs (open circles) have a wavelength "
        f"longer than the context of {rope.context:,} positions: they never complete a turn. The "
        f"shortest wavelength is {rope.wavelengths.min():.4g} positions. "
        + literal(says)
        + OTHERS.get(rope.kind, OTHER.format(kind=rope.kind)),
        checks=checks,
        unchecked="The formula itself, computed here: there is no network to compare with.",
        table=lambda: wavelength_table(rope),
        code=code.frequencies(rope) if default else "",
        uncoded="No code is shown: the formula alone does not give these frequencies.",
        read="A dot is one dimension pair of a query or key; its height, on a logarithmic scale, "
        "is its wavelength: after how many positions it has made a full turn. The line is the "
        "context window.",
        formula=r"\theta_i = b^{-2i/d}, \qquad \text{a turn every } 2\pi/\theta_i \text{ positions}"
        if default
        else "",
        symbols=f"Here the base b (“rope_theta”) is {rope.theta:,.0f}, and d = {rope.rotated}; i "
        "counts the pairs from 0.",
        predict=question(rope, slow),
        tries="The formula with theta 500,000, as Llama 3, and d 128. How many pairs complete a "
        "turn in 8,192 positions?",
    )


OTHERS = {
    "default": "",
    "unknown": " These are not the frequencies of RoPE's formula for any base; they are as "
    "measured.",
}
OTHER = (
    " This rotation is another than the formula's: transformers calls it {kind}. Shown is what the "
    "layers were handed for a short text."
)


def question(rope: Rope, slow: int) -> Predict | None:
    still = int((rope.wavelengths > 4 * rope.context).sum())
    if slow < 8 or still in (slow, slow // 4):
        return None
    return Predict(
        f"{slow} pairs never make a full turn within {rope.context:,} positions. Within four times "
        "as many, how many will still not?",
        (str(slow // 4), str(still), str(slow)),
        str(still),
        "Wavelengths grow by the same factor from pair to pair, so four times the context catches "
        f"only {slow - still} pairs more. At the angles that a slow pair never reached in "
        "training, anything may happen: that is what context extension is about.",
    )


VIEW = View(
    "Each pair turns at its own speed: the first once in six positions, the last perhaps never in "
    "the whole context.",
    speeds,
    further={
        "Which numbers are turned": PARTIAL_ROTARY,
        "Two ways to form pairs": PAIRINGS,
        "Context lengths in the source texts": CONTEXT_LENGTHS,
    },
)
