"""What all views of the attention page ask: which attention, layer and head, which stretch."""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from components import engine
from components.engine import ModelChoice
from components.inspection.attention.window import Window, window_at
from components.widgets import address

if TYPE_CHECKING:
    from components.inspection.attention.maps import AttentionMaps, Group

NAMES: Final = {
    "decoder": "the decoder's own",
    "encoder": "the encoder's own",
    "cross": "decoder to encoder",
}
MOST_CELLS: Final = 10_000
"""Largest table that is handed out as rows of a file."""


@dataclass(frozen=True)
class Reading:
    """What is read by whom: the arguments that every inspection of attention takes."""

    choice: ModelChoice
    text: str
    target: str | None
    group: "Group"
    two_towers: bool = False
    """The model has an encoder and a decoder."""

    @property
    def arguments(self) -> tuple[str, str | None, "Group"]:
        """Text, target and group, as inspections take them."""
        return self.text, self.target, self.group

    def maps(self) -> "AttentionMaps":
        """Return all weights of this reading."""
        from components.inspection.attention.maps import attention_maps

        return engine.inspect(attention_maps, self.choice, *self.arguments)


def choose_reading(choice: ModelChoice, text: str) -> Reading:
    """Ask which attention is meant, where a model has several, and what its decoder reads.

    Raises:
        InspectionError: the model has no attention.
    """
    from components.inspection.attention.maps import groups

    found = engine.inspect(groups, choice)
    if len(found) == 1:
        return Reading(choice, text, None, found[0])
    target_side, group_side = st.columns(2)
    address.warn_unless_one_of("group", [NAMES[name] for name in found])
    group = group_side.segmented_control(
        "Which attention",
        found,
        default=found[0],
        format_func=lambda name: NAMES[name],
        required=True,
        key="group",
        bind="query-params",
    )
    target = target_side.text_input(
        "What the decoder has written so far",
        key="target",
        bind="query-params",
        max_chars=1000,
        help="The encoder reads the prompt. The decoder reads its start token and then this.",
    )
    return Reading(choice, text, target or None, group or found[0], two_towers=True)


def choose_head(maps: "AttentionMaps", with_head: bool = True) -> tuple[int, int]:
    """Ask for a layer and a head, both counted from 0, and say which share keys and values.

    Layers are numbered as the network counts its blocks: in hybrids only some have attention.
    """
    for name, there in (("layer", maps.numbers), ("head", range(maps.heads))):
        # Chosen for another model, which has more: the widget could not show it.
        if st.session_state.get(name, there[0]) not in there:
            del st.session_state[name]
    layer_side, head_side = st.columns(2)
    layer = choose_layer(maps, layer_side)
    if not with_head:
        return layer, 0
    address.warn_unless_between("head", 0, maps.heads - 1, 0)
    head = head_side.selectbox(
        "Head",
        range(maps.heads),
        key="head",
        bind="query-params",
        help=_sharing(maps),
    )
    return layer, int(head or 0)


def choose_layer(maps: "AttentionMaps", place: st.delta_generator.DeltaGenerator) -> int:
    """Ask for one of the layers that attend, by its number in the network."""
    address.warn_unless_one_of("layer", [str(number) for number in maps.numbers])
    layer = place.selectbox("Layer", maps.numbers, key="layer", bind="query-params")
    return maps.numbers[0] if layer is None else int(layer)


def _sharing(maps: "AttentionMaps") -> str:
    if maps.kv_heads == maps.heads:
        return "Each head has queries, keys and values of its own."
    group = maps.heads // maps.kv_heads
    return f"Each {group} neighbouring heads share their keys and values (head // {group})."


def choose_window(readers: int, read: int, most: int, same: bool, key: str) -> Window:
    """Ask which stretch of a long text is shown, and say so; the whole of a short one."""
    if max(readers, read) <= most:
        return Window(0, readers, 0, read)
    length = max(readers, read)
    st.info(
        f"The text has {length:,} tokens; {most} of them are drawn at a time. Move the stretch "
        "with the slider; every number is still that of the whole text."
    )
    start = st.slider(
        "First token shown", 0, length - most, 0, key=f"from-{key}", bind="query-params"
    )
    window = window_at(start, readers, read, most, same)
    if same:
        return window
    column = max(0, min(start, read - most))
    return Window(window.first_row, window.last_row, column, min(read, column + most))


def matrix_csv(
    numbers: NDArray[np.float32], readers: Sequence[str], read: Sequence[str], unit: str
) -> str:
    """Return a matrix as CSV, a line for each pair, positions and tokens beside the number."""
    rows, columns = np.meshgrid(range(len(readers)), range(len(read)), indexing="ij")
    table = pd.DataFrame(
        {
            "reader_place": rows.ravel(),
            "reader": [readers[i] for i in rows.ravel()],
            "read_place": columns.ravel(),
            "read": [read[i] for i in columns.ravel()],
            unit: numbers.ravel(),
        }
    )
    buffer = io.StringIO()
    table.to_csv(buffer, index=False)
    return buffer.getvalue()


def take_away(
    name: str, figure: Any, csv: Callable[[], str], facts: dict[str, Any], key: str
) -> None:
    """Offer the data (CSV), the choices (JSON) and the picture (stand-alone HTML) as files."""
    data, chosen, picture = st.columns(3)
    data.download_button(
        "Numbers (CSV)",
        csv,
        f"{name}.csv",
        "text/csv",
        on_click="ignore",
        width="stretch",
        key=f"csv-{key}",
    )
    chosen.download_button(
        "What was chosen (JSON)",
        json.dumps(facts, indent=2, ensure_ascii=False),
        f"{name}.json",
        "application/json",
        on_click="ignore",
        width="stretch",
        key=f"json-{key}",
    )
    picture.download_button(
        "Picture (HTML)",
        lambda: figure.to_html(include_plotlyjs=True),
        f"{name}.html",
        "text/html",
        on_click="ignore",
        width="stretch",
        key=f"html-{key}",
        help="Works with no network, and keeps its hover. The camera above the figure saves a PNG.",
    )
