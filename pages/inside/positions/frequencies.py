"""View: how fast each pair turns; which numbers are turned; two ways to form pairs."""

import numpy as np
import pandas as pd

from components.figures.positions.rotation import context_bars, turned_strip, wavelength_dots
from components.figures.positions.schemes import two_maps
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.positions.rotation import Rope, formula
from components.inspection.positions.spectrum import compare_pairings, spectrum
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import literal
from pages.inside.positions import code
from pages.inside.positions.rotating import layer_and_head, square

MODEL, HAND = "of the model", "the formula"
MOST_TOKENS = 60
"""A map of attention with more tokens is too fine to be read."""


def rope_of(ask: Ask) -> tuple[Rope, tuple[Check, ...], str]:
    """Return the rotation that is looked at, its checks, and what is said of its layers."""
    if ask.choice_of("Rotation", "rotation", [MODEL, HAND]) == MODEL:
        found = ask.inspect(spectrum)
        kinds = range(len(found.ropes))
        says = [
            f"{called(found.ropes[each])}: layers {', '.join(map(str, found.layers[each]))}"
            for each in kinds
        ]
        which = ask.choice_of("Layers", "layers", kinds, says=says.__getitem__) if kinds[1:] else 0
        return found.ropes[which], found.checks[which], found.says
    theta = ask.real("theta (base)", "theta", 2, 1e8, 10_000)
    size = ask.number("d (numbers turned)", "size", 2, 512, 6, step=2)
    context = ask.number("context", "context", 2, 1_000_000, 2048)
    if size % 2:
        raise InspectionError(f"RoPE turns pairs, and {size} is odd: choose an even number.")
    return formula(size, theta, context), (), ""


def called(rope: Rope) -> str:
    """Say which rotation it is, in a few words."""
    base = f"theta {rope.theta:,.0f}" if np.isfinite(rope.theta) else "no base"
    return base if rope.kind == "default" else f"{rope.kind}, {base}"


def speeds(ask: Ask) -> Shown:
    rope, checks, says = rope_of(ask)
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
        table=lambda: pd.DataFrame(
            {
                "pair": np.arange(rope.pairs),
                "theta_i (rad)": rope.frequencies,
                "positions a turn": rope.wavelengths,
                "turns in the context": rope.context / rope.wavelengths,
            }
        ),
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


def partial(ask: Ask) -> Shown:
    rope, checks, _ = rope_of(ask)
    still = int((rope.frequencies == 0).sum())
    turning = rope.rotated - 2 * still
    if turning < rope.size:
        which = (
            f"; {still} pairs have frequency 0"
            if still
            else f", the {'last' if rope.start else 'first'} ones"
        )
        told = (
            f"Partial rotary: only **{turning} of {rope.size}** numbers of each head are turned "
            f"({turning / rope.size:.0%}){which}; the others compare contents wherever the tokens "
            "stand."
        )
    else:
        told = (
            f"All **{rope.size}** numbers of a head are turned. GPT-NeoX and Pythia turn only the "
            "first 25%, Phi-1 and Phi-2 40 to 50%."
        )
    rotated = np.repeat(rope.frequencies != 0, 2)
    return Shown(
        turned_strip(rope),
        alt=f"{turning} of a head's {rope.size} numbers are turned.",
        told=told,
        checks=checks,
        unchecked="The formula itself, computed here: there is no network to compare with.",
        table=lambda: pd.DataFrame(
            {"number turned": range(len(rotated)), "pair": np.arange(len(rotated)) // 2}
        ),
        read="A box is one number of a head's query; the two of a pair have the same colour.",
    )


def conventions(ask: Ask) -> Shown:
    found = ask.inspect(compare_pairings, ask.prompt, *layer_and_head(ask))
    rope, few = found.rope, slice(0, MOST_TOKENS)
    half, start = rope.rotated // 2, rope.start
    return Shown(
        two_maps(found.right[few, few], found.wrong[few, few], found.tokens[few])
        if rope.pairs > 1
        else None,
        alt="One head's attention with its own pairs, and with pairs formed the other way.",
        told=f"{ask.model_name} is **{rope.convention}**. Not converted (the slip when weights "
        f"move from one program to another), scores are off by up to "
        f"**{found.mistaken_error:.2g}**."
        if rope.pairs > 1
        else "Only one pair of a head is turned here, so there is only one way to form it.",
        checks=found.checks,
        table=lambda: square(found.right[few, few], found.tokens[few]),
        code=code.CONVERT[rope.convention] if rope.pairs > 1 and rope.rotated == rope.size else "",
        read=f"**Split-half** pairs number i with number i + {half}; **interleaved** pairs 2i with "
        "2i + 1"
        + (f" (counted from number {start}, the first that is turned)" if start else "")
        + ". Reorder the numbers of query and key, and one becomes the other: a dot product does "
        "not mind the order. Rows are query tokens, columns key tokens.",
    )


def lengths(ask: Ask) -> Shown:
    return Shown(
        context_bars(SEEN),
        alt="How far models of the source texts read: from 512 tokens to 131,072.",
        told="A source text takes the original Transformer's vector size, 512, for its longest "
        "text. The two have nothing to do with each other: waves have no last position.",
        unchecked="Quoted from papers and configurations; the loaded model's own context is "
        f"{ask.facts.context:,} tokens.",
        table=lambda: pd.DataFrame(SEEN, columns=["model", "positions", "reads up to (tokens)"]),
        read="A bar is the longest text, in tokens, that a model was trained to read; its colour "
        "says how it marks positions.",
    )


SEEN = (
    ("GPT-2", "learned table", 1_024),
    ("BERT", "learned table", 512),
    ("OPT (2,050 rows, 2 reserved)", "learned table", 2_048),
    ("BART (1,026 rows, 2 reserved)", "learned table", 1_024),
    ("Llama", "RoPE", 2_048),
    ("Llama 2", "RoPE", 4_096),
    ("Phi-3-mini-4k", "RoPE", 4_096),
    ("Llama 3 (theta 500,000)", "RoPE", 8_192),
    ("Mistral 7B v0.2 (theta 1,000,000)", "RoPE", 32_768),
    ("Llama 2 with YaRN", "RoPE, extended", 131_072),
)

VIEW = View(
    "Each pair turns at its own speed: the first once in six positions, the last perhaps never in "
    "the whole context.",
    speeds,
    further={
        "Which numbers are turned": View("All of a head's numbers, or only some.", partial),
        "Two ways to form pairs": View("The same rotation, written down twice.", conventions),
        "Context lengths in the source texts": View("How far well-known models read.", lengths),
    },
)
