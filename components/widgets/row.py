"""A row of controls: each is asked for once in a run, keeps its value in the address, and cannot
break."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components.widgets import settled
from components.widgets.markup import literal

Result = TypeVar("Result")

SHARED: Final = frozenset({"layer", "head", "query", "key"})
"""Names that mean the same on every page, so that the choice goes along from page to page."""


class Row:
    """One row. What is asked for twice in a run is asked once: the second time the same answer,
    and nothing drawn.

    `scope` begins the names in the address, `key` the names of what is drawn; `scale` is how much
    wider everything is on a projector.
    """

    def __init__(self, scope: str, key: str, scale: float) -> None:
        self.scope, self.key, self.scale = scope, key, scale
        self._asked: dict[str, Any] = {}
        self._controls: DeltaGenerator | None = None
        self._notes: DeltaGenerator | None = None
        self._own: list[str] = []

    def follow(self, above: "Row") -> None:
        """Take over what was asked `above` in this run."""
        self._asked = above._asked

    def place_controls(self) -> None:
        """Open the row here; what is asked for stands in it, in order."""
        self._controls = st.container(
            horizontal=True, vertical_alignment="bottom", gap="small", key=f"controls-{self.key}"
        )
        self._notes = st.container(gap=None)

    @contextmanager
    def tucked(self, label: str) -> Iterator[None]:
        """Put what is asked for meanwhile into a list that opens, in the row."""
        if label in self._asked:  # what is asked for twice is drawn once
            yield
            return
        self._asked[label], row = None, self._row
        self._controls = row.popover(label, key=f"{self.key}-{label}")
        try:
            yield
        finally:
            self._controls = row

    def drawn(self, name: str, draw: Callable[[DeltaGenerator], Result]) -> Result:
        """Ask by a control of another kind: `draw(row)` draws it in the row and returns the answer.

        For parts of `components.widgets` that several views share; their names are their own.
        """
        if name not in self._asked:
            self._asked[name] = draw(self._row)
        return self._asked[name]

    def note(self, sentence: str) -> None:
        """Say below the row what a reader should know of the controls."""
        if self._notes is not None:
            self._notes.caption(f":material/info: {literal(sentence)}")

    def tells(self, *keys: str) -> None:
        """Say below the row, too, what could not be had as asked of these."""
        self._own += keys

    def tell_corrections(self) -> None:
        """Say below the row what could not be had as asked."""
        for sentence in settled.corrections(self._own):
            self.note(sentence)

    def sets(self, values: Mapping[str, Any]) -> None:
        """Give controls, by name, or the prompt another value, while a button is pressed."""
        for name, value in values.items():
            st.session_state["prompt" if name == "prompt" else self._named(name)] = value

    @property
    def _row(self) -> DeltaGenerator:
        if self._controls is None:
            self.place_controls()
        assert self._controls is not None
        return self._controls

    def _wide(self, pixels: int, least: int = 0) -> int:
        return round(self.scale * max(pixels, least))

    def _named(self, name: str) -> str:
        return name if name in SHARED else f"{self.scope}.{name}"

    def _once(self, name: str, draw: Callable[[str], Result]) -> Result:
        key = self._named(name)
        if key not in self._asked:
            self._own.append(key)
            self._asked[key] = draw(key)
        return self._asked[key]
