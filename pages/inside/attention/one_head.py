"""View: one head as a heat map with numbers; or all heads of a layer in one."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from components import engine
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.words import Spans, span_texts
from components.widgets import address
from components.widgets.attention import code
from components.widgets.attention.choices import (
    Reading,
    choose_head,
    choose_window,
    matrix_csv,
    take_away,
)
from components.widgets.attention.formula import read_it
from components.widgets.attention.questions import predict
from components.widgets.checks import show_checks

if TYPE_CHECKING:
    from components.inspection.attention.maps import AttentionMaps

MOST_TOKENS: Final = 96
SHOWS: Final = ("this head", "mean of the heads", "largest of the heads", "rollout")
WEIGHS: Final = ("attention", "attention × value")
SCALES: Final = ("linear", "log")


@dataclass(frozen=True, eq=False)
class Square:
    """What is drawn: numbers[reader, read], their tokens, and the mask."""

    numbers: NDArray[np.float32]
    readers: tuple[str, ...]
    read: tuple[str, ...]
    visible: NDArray[np.bool_]
    reader_words: Spans
    read_words: Spans
    checks: tuple[Check, ...]
    note: str = ""
    """What is to be said of how the numbers came about."""


def head_view(reading: Reading) -> None:
    """Show one head, or a layer's heads together, as numbers between tokens or words."""
    from components.figures.attention.heat_map import Look, heat_map

    maps = reading.maps()
    picked, display = st.columns([3, 4])
    with picked:
        layer, head = choose_head(maps)
    show, weigh, words, sink, log, floor = _display(display, maps)
    square = _square(reading, maps, layer, head, show, weigh)
    if words:
        square = _merged(square)
    window = choose_window(
        len(square.readers), len(square.read), MOST_TOKENS, maps.group != "cross", "head"
    )
    shown = square.numbers[window.rows, window.columns]
    look = Look(
        log=log,
        floor=floor,
        hidden_columns=(0,) if sink else (),
        top=None if sink or show != SHOWS[0] or weigh != WEIGHS[0] else 1.0,
        unit="share of attention" if weigh == WEIGHS[0] else "share of what is moved",
    )
    figure = heat_map(
        shown,
        square.readers[window.rows],
        square.read[window.columns],
        square.visible[window.rows, window.columns],
        look,
        window.first_row,
        window.first_column,
    )
    title = f"layer {layer}, head {head}" if show == SHOWS[0] else f"layer {layer}, {show}"
    st.plotly_chart(
        figure,
        alt=f"Attention in {title}: {_strongest(square)}",
        width="content",
        key="heat-map",
    )
    show_checks(square.checks, reading.choice, "One head")
    if square.note:
        st.caption(square.note)
    if sink:
        st.caption(
            f"Hidden: the first token, which gets {square.numbers[1:, 0].mean():.0%} of the "
            "attention on average. The colours now reach from 0 to the largest number left."
        )
    read_it(reading, show, weigh)
    _ask(maps, layer, head)
    with st.expander("As a table"):
        _table(shown, square, window.first_row, window.first_column)
    with st.expander("The same in a few lines of transformers"):
        facts, place = engine.facts(reading.choice), maps.place_of(layer)
        st.code(code.weights_code(reading, facts, layer, head, place), language="python")
    take_away(
        "attention",
        figure,
        lambda: matrix_csv(square.numbers, square.readers, square.read, "share"),
        {
            "model": reading.choice.source,
            "text": reading.text,
            "target": reading.target,
            "attention": reading.group,
            "layer": layer,
            "head": head,
            "show": show,
            "weighed_by": weigh,
            "words": words,
        },
        "head",
    )


def _display(
    place: st.delta_generator.DeltaGenerator, maps: "AttentionMaps"
) -> tuple[str, str, bool, bool, bool, float]:
    with place:
        left, right = st.columns([2, 1], vertical_alignment="bottom")
        address.warn_unless_one_of("show", SHOWS)
        show = left.selectbox("Show", SHOWS, key="show", bind="query-params")
        with right.popover("Display", width="stretch"):
            address.warn_unless_one_of("weigh", WEIGHS)
            weigh = st.segmented_control(
                "Weigh by",
                WEIGHS,
                default=WEIGHS[0],
                required=True,
                key="weigh",
                bind="query-params",
                help="× value: the weight times the length of what the token's value writes. A "
                "large weight on a short value moves little.",
            )
            words = st.toggle("Merge tokens into words", key="words", bind="query-params")
            sink = st.toggle(
                "Hide the first token",
                key="hide-first",
                bind="query-params",
                help="Heads that have nothing to do rest there, and drown the rest.",
            )
            address.warn_unless_one_of("scale", SCALES)
            scale = st.segmented_control(
                "Colours",
                SCALES,
                default="linear",
                required=True,
                key="scale",
                bind="query-params",
            )
            floor = st.slider(
                "Leave blank below", 0.0, 0.5, 0.0, 0.01, key="floor", bind="query-params"
            )
    return show or SHOWS[0], weigh or WEIGHS[0], words, sink, scale == "log", float(floor)


def _square(
    reading: Reading, maps: "AttentionMaps", layer: int, head: int, show: str, weigh: str
) -> Square:
    from components.inspection.attention import combine

    visible, note, checks = maps.visible[maps.place_of(layer)], "", maps.checks
    words = (maps.reader_words, maps.read_words)
    if show == "rollout":
        numbers = combine.rollout(maps, layer)
        # Through the layers below, a token is reached that this layer's mask may hide.
        visible = numbers > 0
        checks = (*checks, combine.rollout_check(numbers, maps, layer))
        return Square(numbers, maps.readers, maps.read, visible, *words, checks)
    if weigh == WEIGHS[1]:
        maps, checks = _value_weighted(reading, maps)
    if show == SHOWS[1]:
        numbers = combine.mean_over_heads(maps, layer)
    elif show == SHOWS[2]:
        numbers = combine.max_over_heads(maps, layer)
        note = "The largest of several heads: a row may sum to more than 1."
    else:
        numbers = maps.weights[maps.place_of(layer), head]
    return Square(numbers, maps.readers, maps.read, visible, *words, checks, note)


def _value_weighted(
    reading: Reading, maps: "AttentionMaps"
) -> tuple["AttentionMaps", tuple[Check, ...]]:
    from dataclasses import replace

    from components.inspection.attention.value_weighted import value_weighted

    try:
        found = engine.inspect(value_weighted, reading.choice, *reading.arguments)
    except InspectionError as error:
        st.warning(f"{error} Shown are the plain weights.")
        return maps, maps.checks
    return replace(maps, weights=found.shares), found.checks


def _merged(square: Square) -> Square:
    from components.inspection.attention.words import merge_words

    rows, columns = square.reader_words, square.read_words
    visible = merge_words(square.visible.astype(np.float32), rows, columns) > 0
    return Square(
        merge_words(square.numbers, rows, columns),
        span_texts(square.readers, rows),
        span_texts(square.read, columns),
        visible,
        tuple((place, place + 1) for place in range(len(rows))),
        tuple((place, place + 1) for place in range(len(columns))),
        square.checks,
        f"{square.note} Words: what their tokens get is summed, what they give is averaged.",
    )


def _strongest(square: Square) -> str:
    row, column = np.unravel_index(int(square.numbers.argmax()), square.numbers.shape)
    return (
        f"'{square.readers[row]}' gives '{square.read[column]}' most, "
        f"{square.numbers[row, column]:.0%}"
    )


def _table(shown: NDArray[np.float32], square: Square, first_row: int, first_column: int) -> None:
    import pandas as pd

    rows, columns = shown.shape
    names = [f"{i}: {square.read[i]}" for i in range(first_column, first_column + columns)]
    index = [f"{i}: {square.readers[i]}" for i in range(first_row, first_row + rows)]
    st.dataframe(pd.DataFrame(shown.round(4), index=index, columns=names))


def _ask(maps: "AttentionMaps", layer: int, head: int) -> None:
    if maps.group != "decoder" or len(maps.readers) < 2:
        return
    st.subheader("Predict first", anchor=False)

    def reveal() -> tuple[str, str]:
        share = float(maps.weights[:, :, 1:, 0].mean())
        place = maps.place_of(layer)
        here = float(maps.weights[place, head, 1:, 0].mean())
        even = float((1 / maps.visible.sum(-1)[:, 1:].clip(1)).mean())
        return (
            "more" if share > even * 1.1 else "about as much" if share > even * 0.9 else "less",
            (
                f"All heads together give it **{share:.0%}**; shared out evenly it would be "
                f"{even:.0%}. This head gives {here:.0%}. *Then try:* hide it (Display) and see "
                "what else there is; weigh by value: is the first token's value long or short? "
                "And merge into words."
            ),
        )

    predict(
        "The first token of the text: do heads give it more than an even share, on average?",
        ("more", "about as much", "less"),
        reveal,
        "sink",
    )
