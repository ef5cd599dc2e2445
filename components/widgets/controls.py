"""The controls of a view, in one row: each keeps its value in the address, and cannot break."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Final, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components.figures.visible import visible
from components.widgets import settled
from components.widgets.markup import literal

Result = TypeVar("Result")
Option = TypeVar("Option", bound=Hashable)

SHARED: Final = frozenset({"layer", "head", "query", "key"})
"""Names that mean the same on every page, so that the choice goes along from page to page."""
FEW: Final = 6
"""So many options, or fewer, stand side by side as buttons, if they are short."""
SHORT: Final = 60
"""Letters of all options together that still stand side by side."""


class Controls:
    """One row of controls. What is asked for twice in a run is asked once: the second time the
    same answer, and nothing drawn.

    `scope` begins the names in the address, `key` the names of what is drawn; `scale` is how much
    wider everything is on a projector.
    """

    def __init__(self, scope: str, key: str, scale: float) -> None:
        self.scope, self.key, self.scale = scope, key, scale
        self._asked: dict[str, Any] = {}
        self._controls: DeltaGenerator | None = None
        self._notes: DeltaGenerator | None = None
        self._own: list[str] = []

    def follow(self, above: "Controls") -> None:
        """Take over what was asked `above` in this run."""
        self._asked = above._asked

    def place_controls(self) -> None:
        """Open the row here; what is asked for stands in it, in order."""
        self._controls = st.container(
            horizontal=True, vertical_alignment="bottom", gap="small", key=f"controls-{self.key}"
        )
        self._notes = st.container(gap=None)

    def number(
        self,
        label: str,
        name: str,
        low: int,
        high: int,
        default: int,
        *,
        step: int = 1,
        hint: str | None = None,
    ) -> int:
        """Ask for a whole number from `low` to `high`."""

        def draw(key: str) -> int:
            kept = settled.number(key, label, low, high, default)
            wide = self._wide(8 * len(label) + 40, 130)
            return int(
                self._row.number_input(
                    label, low, high, default, step, help=hint, width=wide, **kept
                )
            )

        return self._once(name, draw)

    def real(
        self,
        label: str,
        name: str,
        low: float,
        high: float,
        default: float,
        *,
        written: str = "%g",
        hint: str | None = None,
    ) -> float:
        """Ask for a number from `low` to `high`."""
        low, high, default = float(low), float(high), float(default)

        def draw(key: str) -> float:
            kept = settled.number(key, label, low, high, default)
            wide = self._wide(8 * len(label) + 40, 130)
            return float(
                self._row.number_input(
                    label, low, high, default, format=written, help=hint, width=wide, **kept
                )
            )

        return self._once(name, draw)

    def slider(
        self,
        label: str,
        name: str,
        low: float,
        high: float,
        default: float,
        *,
        step: float | None = None,
        hint: str | None = None,
    ) -> float:
        """Ask for a number by sliding; where `low` is `high` there is nothing to slide."""

        def draw(key: str) -> float:
            if high <= low:
                self._row.caption(f"{label}: **{low:,}**", width="content")
                return low
            kept = settled.number(key, label, low, high, default)
            return self._row.slider(
                label, low, high, default, step, help=hint, width=self._wide(260), **kept
            )

        return self._once(name, draw)

    def choice_of(
        self,
        label: str,
        name: str,
        options: Sequence[Option],
        default: Option | None = None,
        *,
        says: Mapping[Any, str] | Callable[[Any], str] = str,
        hint: str | None = None,
    ) -> Option:
        """Ask for one of `options`: as buttons where they are few and short, else as a list."""
        spoken = says if callable(says) else says.__getitem__
        labels = [spoken(option) for option in options]
        first = spoken(options[0] if default is None else default)

        def draw(key: str) -> Option:
            kept = settled.one_of(key, label, labels, first)
            if len(labels) <= FEW and sum(map(len, labels)) <= SHORT:
                picked = self._row.segmented_control(
                    label, labels, default=first, required=True, help=hint, **kept
                )
            else:
                picked = self._listed(label, labels, first, hint, kept)
            return options[labels.index(str(picked))]

        return self._once(name, draw)

    def several(
        self,
        label: str,
        name: str,
        options: Sequence[Option],
        default: Sequence[Option],
        *,
        says: Mapping[Any, str] | Callable[[Any], str] = str,
    ) -> tuple[Option, ...]:
        """Ask for any of `options`; the answer is in their order."""
        spoken = says if callable(says) else says.__getitem__
        labels = [spoken(option) for option in options]

        def draw(key: str) -> tuple[Option, ...]:
            picked = self._row.pills(
                label,
                labels,
                selection_mode="multi",
                default=[spoken(each) for each in default],
                key=key,
                **settled.KEPT,
            )
            return tuple(each for each, said in zip(options, labels, strict=True) if said in picked)

        return self._once(name, draw)

    def toggle(
        self, label: str, name: str, default: bool = False, *, hint: str | None = None
    ) -> bool:
        """Ask for yes or no."""
        return self._once(
            name,
            lambda key: bool(self._row.toggle(label, default, help=hint, key=key, **settled.KEPT)),
        )

    def text(
        self,
        label: str,
        name: str,
        default: str,
        *,
        lines: int = 1,
        most: int = 1500,
        linked: bool = True,
        hint: str | None = None,
    ) -> str:
        """Ask for a text; one that is too long for a link (`linked=False`) stays in the session."""

        def draw(key: str) -> str:
            kept = {"bind": "query-params" if linked else None, "persist_state": "session"}
            box: dict[str, Any] = {"key": key, "width": self._wide(420), "help": hint, **kept}
            if lines == 1:
                return str(self._row.text_input(label, default, most, **box) or "")
            return str(self._row.text_area(label, default, 28 * lines + 16, most, **box) or "")

        return self._once(name, draw)

    def token(self, label: str, name: str, tokens: Sequence[str], default: int) -> int:
        """Ask for one of `tokens`; return its place. A negative default counts from the end."""
        labels = [f"{place} {visible(token)}" for place, token in enumerate(tokens)]
        first = labels[default]

        def draw(key: str) -> int:
            kept = settled.one_of(key, label, labels, first, by_place=True)
            return labels.index(str(self._listed(label, labels, first, None, kept, 170)))

        return self._once(name, draw)

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

    def tell_corrections(self) -> None:
        """Say below the row what could not be had as asked."""
        for sentence in settled.corrections(self._own):
            self.note(sentence)

    def sets(self, values: Mapping[str, Any]) -> None:
        """Give controls, by name, or the prompt another value, while a button is pressed."""
        st.session_state.update({self._named(name): value for name, value in values.items()})

    @property
    def _row(self) -> DeltaGenerator:
        if self._controls is None:
            self.place_controls()
        assert self._controls is not None
        return self._controls

    def _wide(self, pixels: int, least: int = 0) -> int:
        return round(self.scale * max(pixels, least))

    def _named(self, name: str) -> str:
        return name if name in SHARED or name == "prompt" else f"{self.scope}.{name}"

    def _once(self, name: str, draw: Callable[[str], Result]) -> Result:
        key = self._named(name)
        if key not in self._asked:
            self._own.append(key)
            self._asked[key] = draw(key)
        return self._asked[key]

    def _numbered(self, label: str, name: str, numbers: Sequence[int]) -> int:
        labels = [str(each) for each in numbers]

        def draw(key: str) -> int:
            kept = settled.one_of(key, label, labels, labels[0])
            return int(self._listed(label, labels, labels[0], None, kept, 90))

        return self._once(name, draw)

    def _listed(
        self,
        label: str,
        labels: Sequence[str],
        first: str,
        hint: str | None,
        kept: dict[str, Any],
        wide: int = 0,
    ) -> str:
        wide = wide or max(140, 9 * max(map(len, labels)) + 60)
        return str(
            self._row.selectbox(
                label, labels, labels.index(first), help=hint, width=self._wide(wide), **kept
            )
        )
