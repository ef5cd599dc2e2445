"""What One head draws: one head, or a layer's heads in one, between tokens or words."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from components.figures.visible import visible
from components.inspection.attention import combine
from components.inspection.attention.maps import AttentionMaps
from components.inspection.attention.value_weighted import value_weighted
from components.inspection.attention.words import merge_words
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.words import Spans, span_texts
from components.lesson import Ask
from components.widgets.markup import coded, literal
from pages.inside.attention.choices import Reading

HEAD, MEAN, LARGEST, ROLLOUT = (
    "this head",
    "mean of the heads",
    "largest of the heads",
    "rollout",
)
SAYS = {
    HEAD: "One head, in numbers: each row is a query token; its weights over the key tokens "
    "(columns) sum to 1.",
    MEAN: "All heads of a layer in one: the mean of their weights.",
    LARGEST: "All heads of a layer in one: for each pair, the largest weight that any head gives.",
    ROLLOUT: "Attention rollout: followed from a layer down to the input, each layer half "
    "attention, half residual connection.",
}
WEIGHTS, VALUES = "attention", "attention × value"
UNITS = {WEIGHTS: "attention weight", VALUES: "share of the head's output"}
"""What a cell's number is, by what the weights are weighed by."""


@dataclass(frozen=True, eq=False)
class Square:
    """Numbers between tokens or words, and what is to be said of how they came about."""

    numbers: NDArray[np.float32]
    """[query token, key token]"""
    readers: tuple[str, ...]
    read: tuple[str, ...]
    visible: NDArray[np.bool_]
    """[query token, key token]: the mask."""
    reader_words: Spans
    read_words: Spans
    checks: tuple[Check, ...]
    note: str = ""
    """As Markdown."""

    @property
    def last(self) -> str:
        """Whom the last token attends to most, as Markdown."""
        best = int(self.numbers[-1].argmax())
        return (
            f"the last query token, {coded(visible(self.readers[-1]))}, attends most to "
            f"{coded(visible(self.read[best]))}, **{self.numbers[-1, best]:.0%}**"
        )


def square_of(
    ask: Ask, asked: Reading, maps: AttentionMaps, place: tuple[int, int], drawn: str, values: bool
) -> Square:
    """Return what is `drawn` of a layer and head, weighed by the `values` too where asked."""
    layer, head = place
    visible, checks, note = maps.visible[maps.place_of(layer)], maps.checks, ""
    if drawn == ROLLOUT:
        numbers = combine.rollout(maps, layer)
        # Through the layers below, a token is reached that this layer's mask may hide.
        visible, checks = numbers > 0, (*checks, combine.rollout_check(numbers, maps, layer))
    else:
        if values:
            maps, checks, note = weighed(ask, asked, maps)
        if drawn == MEAN:
            numbers = combine.mean_over_heads(maps, layer)
        elif drawn == LARGEST:
            numbers = combine.max_over_heads(maps, layer)
            # What is drawn is no head's: what holds of a head is said of the heads.
            checks = tuple(replace(one, says=f"{one.says}, in each head") for one in checks)
            note += " The largest of several heads: a row may sum to more than 1."
        else:
            numbers = maps.weights[maps.place_of(layer), head]
    tokens = (maps.readers, maps.read)
    return Square(numbers, *tokens, visible, maps.reader_words, maps.read_words, checks, note)


def weighed(
    ask: Ask, asked: Reading, maps: AttentionMaps
) -> tuple[AttentionMaps, tuple[Check, ...], str]:
    """Return the weights times the norms of the values, or the plain ones, and why."""
    try:
        found = ask.inspect(value_weighted, *asked.arguments)
    except InspectionError as error:
        return maps, maps.checks, f" {literal(str(error))} Shown are the plain weights."
    return replace(maps, weights=found.shares), found.checks, ""


def merged(square: Square) -> Square:
    """Return the square between words instead of tokens."""
    rows, columns = square.reader_words, square.read_words
    return Square(
        merge_words(square.numbers, rows, columns),
        span_texts(square.readers, rows),
        span_texts(square.read, columns),
        merge_words(square.visible.astype(np.float32), rows, columns) > 0,
        tuple((place, place + 1) for place in range(len(rows))),
        tuple((place, place + 1) for place in range(len(columns))),
        square.checks,
        f"{square.note} Words: what their tokens get is summed, what they give is averaged.",
    )
