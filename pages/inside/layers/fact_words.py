"""What is told of parts that are switched off, what is asked, and how the figure is read."""

from components.figures.layers.fact import fact_bars
from components.figures.numbers import percent
from components.figures.visible import visible
from components.inspection.layers.fact import NAMES, Ablation, PartName
from components.lesson import Predict
from components.widgets.markup import coded

PLURAL: dict[PartName, str] = {
    "attention": "attentions",
    "cross": "cross-attentions",
    "mlp": "MLPs",
}
ASKS = "Which part, switched off, costs the answer most?"


def told(found: Ablation) -> str:
    """Tell what costs the answer most, and whether it is the MLPs alone."""
    own, half = coded(visible(found.answer)), found.probability / 2
    row, layer = found.costliest
    lost = [int((shares < half).sum()) for shares in found.off]
    counts = [
        f"{few} of {found.off.shape[1]} {PLURAL[name]}"
        for few, name in zip(lost, found.parts, strict=True)
    ]
    alone = " So it is not the MLPs alone." if any(lost[:-1]) else ""
    return (
        f"With nothing switched off, {own} has **{percent(found.probability)}**. Without "
        f"**{named(found, row, layer)}** it has {percent(float(found.off[row, layer]))}, and the "
        f"model says {coded(visible(found.says[row][layer]))}. {' and '.join(counts)}, each "
        f"switched off alone, cost more than half of it.{alone}"
    )


def named(found: Ablation, row: int, layer: int) -> str:
    """Name one part."""
    return f"the {NAMES[found.parts[row]]} of layer {layer}"


def choices(layers: int, parts: int) -> tuple[str, ...]:
    """Return the answers to choose among: each kind of part in the first layer, the last, and
    between them."""
    kinds = ("attention", "cross-attention", "MLP") if parts == 3 else ("attention", "MLP")
    where = ("the first", "a later", "the last") if layers > 2 else ("the first", "the last")
    return tuple(f"{place} {kind}" for kind in kinds for place in where[: max(1, layers)])


def question(found: Ablation) -> Predict:
    """Ask which part costs the answer most."""
    row, layer = found.costliest
    layers = found.off.shape[1]
    place = "the first" if layer == 0 else "the last" if layer == layers - 1 else "a later"
    best = [
        f"{named(found, each, int(shares.argmin()))} leaves {percent(float(shares.min()))}"
        for each, shares in enumerate(found.off)
    ]
    return Predict(
        ASKS,
        choices(layers, len(found.parts)),
        f"{place} {NAMES[found.parts[row]]}",
        f"The costliest of each kind: {'; '.join(best)}.",
        before=fact_bars(found, False),
    )


TYPED = "Type any other token; · is a space."
MEAN = (
    "What the part writes to the stream is put to zero, or to its mean over the tokens of the "
    "text: then the usual length stays, and what differs from token to token is gone."
)
READ = (
    "Each bar: the answer's probability with one part of one layer switched off, all others on. "
    "The dashed line: with nothing switched off. A word above a bar: what the model says instead. "
    "Books call the MLP the memory of a model. A low bar says that the answer **depends** on that "
    "part here; the part may store the fact, or find it, or hand it on."
)
