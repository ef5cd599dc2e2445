"""The controls of a view, in one row: each keeps its value in the address, and cannot break."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Final, TypeVar

from components.figures.visible import visible
from components.widgets import settled
from components.widgets.row import Row
from components.widgets.while_typing import applied_while_typing

Option = TypeVar("Option", bound=Hashable)

FEW: Final = 6
"""So many options, or fewer, stand side by side as buttons, if they are short."""
SHORT: Final = 60
"""Letters of all options together that still stand side by side."""


def token_label(place: int, token: str) -> str:
    """Return what a token is called in a list of tokens.

    >>> token_label(3, " Mary")
    '3 ·Mary'
    """
    return f"{place} {visible(token)}"


class Controls(Row):
    """The kinds of controls that a view asks for."""

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
            first = [spoken(each) for each in default]
            kept = settled.some_of(key, label, labels, first)
            picked = self._row.pills(
                label, labels, selection_mode="multi", default=first, wrap=True, **kept
            )
            return tuple(each for each, said in zip(options, labels, strict=True) if said in picked)

        return self._once(name, draw)

    def toggle(
        self, label: str, name: str, default: bool = False, *, hint: str | None = None
    ) -> bool:
        """Ask for yes or no."""

        def draw(key: str) -> bool:
            kept = settled.yes_no(key, label, default)
            return bool(self._row.toggle(label, default, help=hint, **kept))

        return self._once(name, draw)

    def text(
        self,
        label: str,
        name: str,
        default: str,
        *,
        lines: int = 1,
        most: int = 1500,
        wide: int = 420,
        live: bool = False,
        hint: str | None = None,
    ) -> str:
        """Ask for a text, in a box `wide` pixels wide; one left at the default follows a new one.

        One of several lines may be applied while it is typed (`live`).
        """

        def draw(key: str) -> str:
            box: dict[str, Any] = {"width": self._wide(wide), "help": hint}
            box |= settled.text(key, label, default, most)
            if lines == 1:
                return str(self._row.text_input(label, default, most, **box) or "")
            written = self._row.text_area(label, default, 28 * lines + 16, most, **box)
            if live and self._notes is not None:
                with self._notes:
                    applied_while_typing(key)
            return str(written or "")

        return self._once(name, draw)

    def token(self, label: str, name: str, tokens: Sequence[str], default: int) -> int:
        """Ask for one of `tokens`; return its place. A negative default counts from the end."""
        labels = [token_label(place, token) for place, token in enumerate(tokens)]
        first = labels[default]

        def draw(key: str) -> int:
            kept = settled.one_of(key, label, labels, first, by_place=True)
            return labels.index(str(self._listed(label, labels, first, None, kept, 170)))

        return self._once(name, draw)

    def one_of_or_typed(
        self,
        label: str,
        name: str,
        options: Sequence[str],
        default: str,
        *,
        hint: str | None = None,
    ) -> str:
        """Ask for one of `options`, or for a text that is typed; a default follows the new one."""

        def draw(key: str) -> str:
            picked = self._row.selectbox(
                label,
                options,
                options.index(default),
                accept_new_options=True,
                help=hint,
                width=self._wide(170),
                **settled.anything(key, label, default),
            )
            return str(picked or default)

        return self._once(name, draw)

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
