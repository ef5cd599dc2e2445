"""View: two networks' blocks side by side, such as that of 2017 and today's."""

from components.figures.architecture.side_by_side import blocks_drawn, style_table
from components.inspection.architecture.block_style import (
    BlockStyle,
    block_style,
    differing,
    published_style,
)
from components.inspection.architecture.small_networks import FIRST, KINDS
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import literal
from components.widgets.presets import examples
from pages.inside.architecture.side_by_side_words import ASPECTS, CODE, READ, compared

LOADED = "the loaded model"
PAIRS = {
    "2017 and today": {"left": FIRST, "right": "Llama-3-8B"},
    "GPT-2's style and Llama's": {"left": "GPT-2", "right": "TinyLlama-1.1B"},
    "Norm behind, norm before": {"left": "BERT-base", "right": "GPT-2"},
    "In turn, or side by side": {"left": "GPT-2", "right": "GPT-J-6B"},
    "One MLP, or experts": {"left": "Mistral-7B v0.1", "right": "Mixtral-8x7B"},
    "Three ways to tell order": {"left": "T5-base", "right": "BLOOM-560M"},
}
SAME, ONE_TWO, MORE = "none", "one or two", "three or more"


def show(ask: Ask) -> Shown:
    names = [LOADED, *KINDS]
    left, right = (
        ask.choice_of("Left", "left", names, FIRST),
        ask.choice_of("Right", "right", names, LOADED),
    )
    examples(ask, PAIRS)
    found = style(ask, left), style(ask, right)
    others = differing(*found)
    said = ", ".join(ASPECTS[one] for one in others) or "they are built alike"
    names_of = " and ".join(literal(one.name) for one in found)
    return Shown(
        blocks_drawn(*found),
        alt=f"{found[0].name} and {found[1].name} differ in {len(others)} of {len(ASPECTS)}.",
        told=compared(*found, others),
        checks=tuple(check for one in found for check in one.checks),
        unchecked="How the parts of these blocks are added is not known, so nothing is compared.",
        table=lambda: style_table(*found),
        code=CODE,
        read=READ,
        predict=Predict(
            f"{len(ASPECTS)} things are compared: norms, positions, heads, MLP, biases, head. In "
            f"how many do {names_of} differ?",
            (SAME, ONE_TWO, MORE),
            SAME if not others else ONE_TWO if len(others) < 3 else MORE,
            f"In {len(others)}: {said}.",
            before=blocks_drawn(found[0]),
        ),
        tries="GPT-2 beside OPT: what differs? Then find two whose blocks are built alike, "
        "whatever their sizes.",
    )


def style(ask: Ask, name: str) -> BlockStyle:
    return ask.inspect(block_style) if name == LOADED else ask.compute(published_style, name)


VIEW = View(
    "The block of 2017 and those of today do the same two things, attention and an MLP, in other "
    "ways. Every word here was measured on a network: the loaded one, or a small one of that kind.",
    show,
)
