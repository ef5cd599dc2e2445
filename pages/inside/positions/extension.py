"""View: make the context longer than it was trained for (RoPE scaling), as transformers does."""

import numpy as np

from components.figures.positions.rotation import wavelength_dots
from components.figures.positions.tables import extension_table
from components.inspection.positions.context_extension import parameters_for, under
from components.inspection.positions.extension_methods import NAMES, SAYS, ContextExtension
from components.inspection.positions.rotation import Rope
from components.lesson import Ask, Predict, Shown, View
from components.widgets.presets import examples
from pages.inside.positions import code
from pages.inside.positions.extended_attention import EXTENDED_ATTENTION
from pages.inside.positions.extending import extension_of, rope_to_extend
from pages.inside.positions.interpolation import INTERPOLATION
from pages.inside.positions.past import PAST

EXAMPLES = {
    "All alike: position interpolation": {"method": NAMES["linear"], "factor": 2.0},
    "A larger base: NTK-aware": {"method": NAMES["theta"], "factor": 4.0},
    "As long as the text: dynamic NTK": {"method": NAMES["dynamic"], "factor": 4.0},
    "Only the slow ones: NTK-by-parts": {"method": NAMES["by_parts"], "factor": 4.0},
    "By parts, and sharper: YaRN, 16 times": {"method": NAMES["yarn"], "factor": 16.0},
    "8,192 to 131,072: Llama 3.1": {"method": NAMES["llama3"], "factor": 8.0},
}


def speeds(ask: Ask) -> Shown:
    extension = extension_of(ask)
    examples(ask, EXAMPLES)
    rope, words = rope_to_extend(ask)
    length = int(rope.context * extension.factor)
    changed = ask.compute(under, rope, extension, length)
    with np.errstate(divide="ignore", invalid="ignore"):
        slower = np.where(rope.frequencies > 0, rope.frequencies / changed.frequencies, 1.0)
    return Shown(
        wavelength_dots(rope, changed, length),
        alt=f"Each pair's wavelength before and after: the fastest {slower[0]:.2f}, the slowest "
        f"{slower[-1]:.2f} times slower.",
        told=words + SAYS[extension.method] + " " + told(slower, extension, length, changed),
        unchecked="These are transformers' own frequencies; the folds below try them on the "
        "network, whose rebuilt twin is compared with the model.",
        table=lambda: extension_table(rope, changed, slower),
        code=code.extended(rope, extension, parameters_for(rope, extension)),
        read="A dot is one dimension pair; its height says after how many positions it has made a "
        "full turn. Grey: as trained; orange: extended. A pair below the line completes a turn "
        "within the trained context, so it has met all its angles.",
        predict=Predict(
            "Which pairs does **linear** interpolation slow down most?",
            ("the fast ones", "all alike", "the slow ones"),
            slowest(rope),
            "It squeezes every position by the same factor. The others spare the fast pairs, which "
            "have met all their angles and tell neighbours apart.",
        ),
        tries="Dynamic NTK at 16: how many times slower is the slowest pair? Linear, and look at "
        "the fastest pair.",
    )


def slowest(rope: Rope) -> str:
    """Return which pairs linear interpolation slows down most, by transformers' own numbers."""
    changed = under(rope, ContextExtension("linear", 4.0), 4 * rope.context)
    slower = rope.wavelengths[[0, -1]] / changed.wavelengths[[0, -1]]
    if abs(slower[0] / slower[1] - 1) < 1e-3:
        return "all alike"
    return "the fast ones" if slower[0] < slower[1] else "the slow ones"


def told(slower: np.ndarray, extension: ContextExtension, length: int, changed: Rope) -> str:
    words = (
        f"The fastest pair turns **{slower[0]:.2f}** times slower, the slowest "
        f"**{slower[-1]:.2f}** times; {int((np.abs(slower - 1) < 1e-6).sum())} of {len(slower)} "
        "keep their speed."
    )
    if extension.method == "dynamic":
        words += (
            f" That is for a text of {length:,} tokens, {extension.factor:g} times the trained "
            f"length: {extension.factor:g}² - {extension.factor:g} + 1 times, not "
            f"{extension.factor:g}."
        )
    if changed.scaling != 1:
        words += (
            f" Queries and keys are lengthened by {changed.scaling:.4f}, so every score by its "
            f"square, {changed.scaling**2:.4f}."
        )
    return words


VIEW = View(
    "Past the trained length, slow pairs stand at angles that they never met. Seven methods of "
    "**context extension** (RoPE scaling) slow them down, as transformers computes them, tried on "
    "the loaded model.",
    speeds,
    further={
        "Where linear interpolation takes a position": INTERPOLATION,
        "The model's attention, extended": EXTENDED_ATTENTION,
        "Past the trained length": PAST,
    },
)
