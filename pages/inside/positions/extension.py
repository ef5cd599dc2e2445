"""View: make the context longer than it was trained for (RoPE scaling), as transformers does."""

from dataclasses import replace

import numpy as np
import pandas as pd

from components.figures.positions.context_extension import attention_change, number_line
from components.figures.positions.rotation import wavelength_dots
from components.inspection.positions.context_extension import parameters_for, target_or_none, under
from components.inspection.positions.extended_attention import attention_under
from components.inspection.positions.extension_methods import SAYS, ContextExtension
from components.inspection.positions.measured import position_code
from components.inspection.positions.rotation import Rope, formula
from components.inspection.positions.words import said
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import coded, literal
from pages.inside.positions import code
from pages.inside.positions.past import past
from pages.inside.positions.rotating import extension_of

LLAMA = formula(128, 10_000.0, 2048)
MOST_TOKENS = 60
"""A map of attention with more tokens is too fine to be read."""


def rope_of(ask: Ask) -> tuple[Rope, str]:
    """Return the rotation that is extended, and of which layers of the model it is."""
    found = ask.inspect(target_or_none)
    if found is None:
        return LLAMA, (
            f"{literal(ask.inspect(said))} So there is nothing of it to extend; shown are Llama's "
            "64 pairs, trained for 2,048 tokens. "
        )
    words = ""
    if found.others:
        words += (
            f"Layers {', '.join(map(str, found.layers))} are extended; layers "
            f"{', '.join(map(str, found.others))} turn otherwise and stay as they are. "
        )
    if found.rope.kind not in ("default", "unknown"):
        words += (
            f"This model's rotation is extended already ({found.rope.kind}). “As trained” is that; "
            f"every method replaces it, and starts from its base {found.rope.theta:,.0f} and the "
            f"{found.rope.context:,} tokens it was first trained for. "
        )
    return found.rope, words


def speeds(ask: Ask) -> Shown:
    extension = extension_of(ask)
    rope, words = rope_of(ask)
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
        table=lambda: pd.DataFrame(
            {
                "pair": np.arange(rope.pairs),
                "theta_i before": rope.frequencies,
                "theta_i after": changed.frequencies,
                "times slower": slower,
                "positions a turn before": rope.wavelengths,
                "after": changed.wavelengths,
            }
        ),
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


def line(ask: Ask) -> Shown:
    extension, (rope, _) = extension_of(ask), rope_of(ask)
    length = int(rope.context * extension.factor)
    position = int(ask.slider("Position", "position", 0, length - 1, length * 3 // 4))
    goes = position * rope.context / length
    return Shown(
        number_line(rope.context, length, position),
        alt=f"Under linear interpolation position {position} of {length} goes to {goes:.1f}.",
        told=f"{position:,} × {rope.context:,} / {length:,} = **{goes:,.1f}**. For a window of "
        "2,048 extended to 4,096: 3,000 goes to 1,500, and 4,095 to 2,047.5.",
        unchecked="One multiplication, written out above.",
        table=lambda: pd.DataFrame({"position": [position], "goes to": [goes]}),
        read="Linear interpolation puts every position of the longer text between trained ones. "
        "The picture is that of the linear method whichever is chosen above; the others do so with "
        "the slow pairs at most, and spare the fast ones.",
    )


def attention(ask: Ask) -> Shown:
    extension = extension_of(ask)
    layer, head = ask.layer(ask.inspect(position_code).first.attending), ask.head()
    found = ask.inspect(attention_under, ask.prompt, layer, head, extension)
    labels = [f"{place} {token}" for place, token in enumerate(found.tokens)]
    query, key = np.tril_indices(len(labels))
    few = slice(0, MOST_TOKENS)
    drawn = replace(
        found,
        tokens=found.tokens[few],
        trained=found.trained[few, few],
        changed=found.changed[few, few],
    )
    alone = extension.method == "dynamic" and not found.logit_change
    return Shown(
        attention_change(drawn),
        alt=f"Attention of head {head} in layer {layer} as trained, extended, and the difference.",
        told=(
            f"The likeliest token at the end: {coded(found.answers[0])} as trained, "
            f"{coded(found.answers[1])} extended. The largest change of its logits: "
            f"{found.logit_change:.3g}."
            if found.answers[0]
            else ""
        )
        + (" Dynamic NTK leaves texts within the trained context alone." if alone else "")
        + (
            f" The first {MOST_TOKENS} of {len(labels):,} tokens are drawn."
            if len(labels) > MOST_TOKENS
            else ""
        ),
        checks=found.checks,
        table=lambda: pd.DataFrame(
            {
                "query token": [labels[place] for place in query],
                "key token": [labels[place] for place in key],
                "as trained": found.trained[query, key],
                "extended": found.changed[query, key],
            }
        ),
        read="Three maps of one head: as trained, extended, and the difference. Rows are query "
        "tokens, columns key tokens.",
    )


VIEW = View(
    "Past the trained length, slow pairs stand at angles that they never met. Six methods of "
    "**context extension** (RoPE scaling) slow them down, as transformers computes them, tried on "
    "the loaded model.",
    speeds,
    further={
        "Where linear interpolation takes a position": View("On a line of positions.", line),
        "The model's attention, extended": View("One head, before and after.", attention),
        "Past the trained length": View("Perplexity as the text grows longer.", past),
    },
)
