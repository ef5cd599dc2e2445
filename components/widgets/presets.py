"""More for the row of controls: buttons that set controls, and controls in a list that opens."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from components.widgets.controls import Controls
from components.widgets.markup import literal


def button(
    controls: Controls,
    label: str,
    sets: Mapping[str, Any],
    then: Callable[[], None] | None = None,
) -> None:
    """Offer a button that sets controls by name; `then` is called when it is pressed."""

    def take() -> None:
        controls.sets(sets)
        if then is not None:
            then()

    controls._row.button(label, key=f"{controls.key}-sets", on_click=take)


def examples(controls: Controls, of: Mapping[str, Mapping[str, Any]], note: str = "") -> None:
    """Offer examples by name, in a list that opens: each sets the prompt, and controls by name."""
    if not _first(controls, "Examples"):
        return
    place = controls._row.popover("Examples", key=f"{controls.key}-examples")
    for name, sets in of.items():
        place.button(
            name,
            help=literal(str(sets["prompt"])),
            key=f"example-{name}",
            on_click=controls.sets,
            args=(sets,),
            width="stretch",
        )
    if note:
        place.caption(note)


@contextmanager
def tucked(controls: Controls, label: str) -> Iterator[None]:
    """Put what is asked for meanwhile into a list that opens, in the row."""
    row = controls._row
    if not _first(controls, label):  # what is asked for twice is drawn once
        yield
        return
    controls._controls = row.popover(label, key=f"{controls.key}-tucked")
    try:
        yield
    finally:
        controls._controls = row


def _first(controls: Controls, label: str) -> bool:
    """Say whether this is the first time in this run, here and in the parts below."""
    first = label not in controls._asked
    controls._asked[label] = None
    return first
