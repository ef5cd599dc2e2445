"""View: the shape of every tensor along one pass, and what its axes are called."""

from components.figures.architecture.shapes import shape_boxes, shape_table
from components.inspection.architecture.made import Made
from components.inspection.architecture.shapes import Shapes, shapes
from components.lesson import Ask, Predict, Shown, View
from components.widgets.markup import coded
from components.widgets.presets import examples
from pages.inside.architecture import shapes_code

EXAMPLES = {
    "Five words": {"prompt": "The capital of France is"},
    "One word more": {"prompt": "The capital of France is not"},
}


def show(ask: Ask) -> Shown:
    target = ask.target() if ask.facts.kind == "seq2seq" else None
    found = ask.inspect(shapes, ask.prompt, target)
    stacks = list(dict.fromkeys(stack for stack, _ in found.layers))
    stack = ask.choice_of("Stack", "stack", stacks) if len(stacks) > 1 else stacks[0]
    layer = ask.layer([number for name, number in found.layers if name == stack])
    examples(ask, EXAMPLES)
    made, last = found.of(stack, layer), found.last
    asked = last.what if last.what == "logits" else "tensor that leaves the network"
    return Shown(
        shape_boxes(made),
        alt=f"{len(made)} tensors of one pass, from {made[0].written} to {made[-1].written}.",
        told=told(found, made),
        checks=found.checks,
        table=lambda: shape_table(made),
        code=shapes_code.shapes(ask.choice, ask.prompt, target or "", ask.facts.kind),
        read="From top to bottom the tensors of one pass, as the network made them; inside a block "
        f"those of layer {layer}. Each box is one axis, and a longer axis is a longer box: one "
        "unit for each doubling. The same colour is the same axis. *Batch* counts texts: here one. "
        "Query token and key token both count tokens. Touch a box for its name and length.",
        predict=Predict(
            f"What is the shape of the {asked}?",
            candidates(found),
            last.written,
            f"{last.written} is {', '.join(axis.name for axis in last.axes)}. "
            + (
                "The head does not only answer at the end: every token gets a row."
                if len(last.axes) == 3
                else "One answer for the whole text."
            ),
            before=shape_boxes(made[:-1]) if made[-1] is last else None,
        ),
        tries="One word more in the prompt: which axes grow, and which never do? Another layer: "
        "does any shape change?",
    )


def candidates(found: Shapes) -> tuple[str, ...]:
    """Return shapes to choose from, in order: the right one among them."""
    batch, width = found.made[0].shape[0], found.made[1].shape[-1]
    rows, size = found.made[1].shape[-2], found.last.shape[-1]
    offers = ([batch, rows, width], [batch, size], [batch, rows, size], [batch, 1, rows])
    wrong = [str(each) for each in offers if str(each) != found.last.written]
    return tuple(sorted({found.last.written, *wrong[:2]}))


def told(found: Shapes, made: tuple[Made, ...]) -> str:
    """Say the way in three shapes, where the tokens come from, and what the logits are."""
    before, behind = found.special
    own = len(found.tokens) - before - behind
    names = [*found.tokens[:before], *(found.tokens[-behind:] if behind else ())]
    added = (
        f"{own} of the text, and {' and '.join(map(coded, names))}, which the tokenizer adds"
        if names
        else "all of the text: this tokenizer adds none"
    )
    way = " → ".join((made[0].written, made[1].written, made[-1].written))
    said = f"{way}. **{len(found.tokens)}** tokens: {added}."
    if found.last.what != "logits":
        return f"{said} This network has no head: it ends with vectors."
    return (
        f"{said} The {found.last.axes[-1].length:,} numbers of the last row are logits, no "
        f"probabilities: they sum to **{found.row_sum:,.1f}**; after a softmax, to "
        f"{found.share_sum:.6f}."
    )


VIEW = View(
    "All that a network hands on is a block of numbers. Its **shape** says how many there are "
    "along each axis, and each axis has a name.",
    show,
)
