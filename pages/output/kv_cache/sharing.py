"""A part of Contents and of the planner: heads that share keys and values (MHA, GQA, MQA)."""

import pandas as pd

from components.figures.kv_cache.contents import sharing_bars, wiring
from components.figures.kv_cache.tables import sharing_table
from components.inspection.errors import InspectionError
from components.inspection.kv_cache.shapes import Shape, sharing
from components.lesson import Ask, Predict, Shown, View
from pages.output.kv_cache import parts

ARITHMETIC = "Arithmetic on the model's dimensions; *Contents* holds them against its own cache."


def asked_shapes(ask: Ask) -> tuple[Shape, Shape, int]:
    """Return the model, the same with the sharing asked for, and the bytes of a number."""
    found = parts.contents_of(ask)
    shape = found.shape
    if not shape.usual:
        raise InspectionError(
            "This is asked of models that keep a key and a value for each key-value head: of this "
            "one it cannot be."
        )
    count = ask.choice_of(
        f"{shape.heads} query heads share",
        "groups",
        list(reversed(shape.groupings())),
        shape.kv_heads,
        says=lambda count: f"{count} key-value head{'s' if count > 1 else ''}",
    )
    return shape, shape.shared_by(count), found.itemsize


def heads(ask: Ask) -> Shown:
    shape, other, itemsize = asked_shapes(ask)
    return Shown(
        wiring(shape, other.kv_heads),
        alt=f"{shape.heads} query heads wired to {other.kv_heads} key-value heads.",
        told=compared(shape, other, itemsize),
        unchecked=ARITHMETIC,
        table=lambda: pd.DataFrame(
            {
                "query head": range(shape.heads),
                "key-value head": [
                    head * other.kv_heads // shape.heads for head in range(shape.heads)
                ],
            }
        ),
        read="Blue: queries; vermilion and green: the keys and values that they share.",
    )


def sizes(ask: Ask) -> Shown:
    shape, other, itemsize = asked_shapes(ask)
    return by_sharing(shape, itemsize, compared(shape, other, itemsize))


def by_sharing(shape: Shape, itemsize: float, told: str, predict: Predict | None = None) -> Shown:
    """Show what a token would take with each number of key-value heads."""
    return Shown(
        sharing_bars(shape, itemsize),
        alt="Bytes of a token in the cache for each possible number of key-value heads; "
        f"{shape.token_bytes(itemsize):,.0f} with the model's own {shape.kv_heads}.",
        told=told,
        unchecked=ARITHMETIC,
        table=lambda: sharing_table(shape, itemsize),
        read="Orange bar: this model as it was trained. The others are arithmetic: the model must "
        "be trained with them.",
        predict=predict,
    )


def compared(shape: Shape, other: Shape, itemsize: float) -> str:
    now, then = shape.token_bytes(itemsize), other.token_bytes(itemsize)
    weights = sum(shape.attention_weights) - sum(other.attention_weights)
    more = f" and {abs(weights):,} weights {'fewer' if weights > 0 else 'more'}" if weights else ""
    return (
        f"**{sharing(other)[:1].upper()}{sharing(other)[1:]}**: {then:,.0f} bytes for each token"
    ) + (
        " (as this model is)."
        if other == shape
        else f", {then / now:.3g} times this model's{more}."
    )


SHARING = View(
    "Query heads may share keys and values: fewer of them lie in the cache.",
    kind="Sharing",
    kinds={"Heads": View("", heads), "Bytes": View("", sizes)},
)
