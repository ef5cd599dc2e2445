"""View: attention while the model writes; the row of each new token, as it comes."""

from typing import TYPE_CHECKING, Final

import numpy as np
import streamlit as st

from components import engine
from components.inspection.errors import InspectionError
from components.widgets import address
from components.widgets.attention.choices import (
    Reading,
    choose_layer,
    matrix_csv,
    take_away,
)
from components.widgets.attention.questions import predict
from components.widgets.checks import show_checks
from components.widgets.markup import coded, literal

if TYPE_CHECKING:
    from components.inspection.attention.writing import WrittenToken

_KEPT: Final = "attention-written"
MOST_TOKENS: Final = 96
HEADS: Final = ("mean of the heads", "one head")


def writing_view(reading: Reading) -> None:
    """Write on, a token at a time, and draw where each was looking."""
    from components.inspection.attention.writing import MOST_NEW, written_checks

    if reading.group == "encoder":
        raise InspectionError(
            "An encoder reads everything at once and writes nothing."
            + (
                " Choose the decoder's own attention, or cross-attention, above."
                if reading.two_towers
                else " Choose a decoder, such as storyteller, to see attention while it writes."
            )
        )
    maps = reading.maps()
    number_side, layer_side, show_side, head_side = st.columns([2, 2, 3, 2])
    address.warn_unless_between("new", 1, MOST_NEW, 20)
    number = number_side.number_input(
        "New tokens",
        1,
        MOST_NEW,
        20,
        key="new",
        bind="query-params",
        help=f"From 1 to {MOST_NEW}, the likeliest each time.",
    )
    layer = maps.place_of(choose_layer(maps, layer_side))
    address.warn_unless_one_of("of", HEADS)
    of = show_side.segmented_control(
        "Show", HEADS, default=HEADS[0], required=True, key="of", bind="query-params"
    )
    head: int | None = None
    if of == HEADS[1]:
        heads = range(maps.heads)
        head = int(head_side.selectbox("Head", heads, key="head", bind="query-params") or 0)
    go, stop = st.columns([1, 4])
    start = go.button("Write on", type="primary", width="stretch")
    # Pressing it ends this run at the next token: that is all it has to do.
    stop.button("Stop", help="What is written so far stays.")
    text_place, figure_place = st.empty(), st.empty()
    signature = (reading.choice, reading.text, reading.group)
    if start:
        _write(reading, int(number), signature, layer, head, text_place, figure_place)
    steps = _written(signature)
    if not steps:
        st.info("Press *Write on*: each new token adds a row, as it comes.")
        return
    _text(text_place, reading.text, steps)
    figure = _draw(figure_place, steps, layer, head, "done")
    number = steps[0].numbers[layer]
    show_checks(written_checks(steps), reading.choice, "While writing")
    with st.expander("How to read it"):
        st.markdown(
            "A row is the last token at that moment: it looks back over everything so far, and "
            "what it gathers decides what is written next. Rows grow, since each new token can be "
            "read by the next. No row changes later, since a token's keys and values do not "
            "depend on the tokens after it: that is why they can be kept (the KV cache)."
        )
    _ask(steps, layer, number)
    last = steps[-1]
    take_away(
        "attention-while-writing",
        figure,
        lambda: _csv(steps, layer, head),
        {
            "model": reading.choice.source,
            "text": reading.text,
            "layer": number,
            "head": "mean" if head is None else head,
            "written": [step.token for step in steps],
            "ended": last.ended,
        },
        "writing",
    )


def _write(
    reading: Reading,
    number: int,
    signature: tuple[object, ...],
    layer: int,
    head: int | None,
    text_place: st.delta_generator.DeltaGenerator,
    figure_place: st.delta_generator.DeltaGenerator,
) -> None:
    from components.inspection.attention.writing import attention_while_writing

    steps: list[WrittenToken] = []
    # Kept over runs: choosing another head must not write the text again, and Stop keeps it.
    st.session_state[_KEPT] = (signature, steps)
    for step in engine.stream(
        attention_while_writing, reading.choice, reading.text, number, reading.group
    ):
        steps.append(step)
        _text(text_place, reading.text, steps)
        _draw(figure_place, steps, layer, head, str(len(steps)))


def _written(signature: tuple[object, ...]) -> list["WrittenToken"]:
    kept, steps = st.session_state.get(_KEPT, (None, []))
    return steps if kept == signature else []


def _text(place: st.delta_generator.DeltaGenerator, text: str, steps: list["WrittenToken"]) -> None:
    from components.figures.visible import visible

    new = " ".join(coded(visible(step.token)) for step in steps)
    place.markdown(f"… {literal(text[-120:])} → {new}")


def _draw(
    place: st.delta_generator.DeltaGenerator,
    steps: list["WrittenToken"],
    layer: int,
    head: int | None,
    key: str,
) -> object:
    from components.figures.attention.heat_map import Look
    from components.figures.attention.writing import written_rows

    figure = written_rows(steps, layer, head, Look(top=None), MOST_TOKENS)
    place.plotly_chart(
        figure,
        alt=f"Where each of {len(steps)} written tokens was looked for, in layer {layer}",
        width="content",
        key=f"written-{key}",
    )
    return figure


def _ask(steps: list["WrittenToken"], layer: int, number: int) -> None:
    st.subheader("Predict first", anchor=False)

    def reveal() -> tuple[str, str]:
        own = len(steps[0].read)
        share = float(np.mean([step.row[layer][:, own:].sum(-1).mean() for step in steps[1:]]))
        return (
            "yes" if share > 0.01 else "no",
            (
                f"In layer {number}, tokens that the model wrote itself get **{share:.0%}** of the "
                "attention of those after them: to the model they are text like any other. *Then "
                "try:* another layer, and one head alone; is there a head that always looks at "
                "the token just written?"
            ),
        )

    if len(steps) > 1:
        predict(
            "Does the model also read what it has just written itself?",
            ("yes", "no"),
            reveal,
            "written",
        )


def _csv(steps: list["WrittenToken"], layer: int, head: int | None) -> str:
    read = steps[-1].read
    grid = np.zeros((len(steps), len(read)), dtype=np.float32)
    for row, step in enumerate(steps):
        numbers = step.row[layer].mean(0) if head is None else step.row[layer, head]
        grid[row, : len(numbers)] = numbers
    return matrix_csv(grid, [step.reader for step in steps], read, "share")
