"""Long work with something to be seen until it is there: a picture below a bar and Stop."""

import inspect
from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components import engine
from components.widgets import running
from components.widgets.ask import Ask
from components.widgets.bar import Bar


class _Above(Bar):
    """A bar above what `draw` draws on the stage, once work takes a while."""

    def __init__(
        self,
        stage: DeltaGenerator,
        draw: Callable[[], None],
        beside: Callable[[DeltaGenerator], None],
    ) -> None:
        self._draw = draw  # first, since its clock begins at once
        super().__init__(stage, beside)

    def _show(self, share: float, phrase: str) -> None:
        if self._drawn is None:
            with self._place.container():
                self._place = st.empty()  # above, so that Stop is seen on a small screen
                self._draw()
        super()._show(share, phrase)


def meanwhile(
    ask: Ask,
    cost: running.Ahead,
    inspection: Callable[..., Any],
    *inputs: Any,
    draw: Callable[[], None],
) -> Any | None:
    """Return `inspection(model, *inputs)`, which runs no network; `draw` what is seen until then.

    None where it waits to be started, or was stopped: then its cost (in plain words) and its button
    stand in the row of controls, and what there is goes on being shown.

    Raises:
        InspectionError: it takes longer than this server gives to one computation.
    """
    what = (inspection.__qualname__, *inputs)
    answer = running.answered(ask.choice, *what)
    if answer == "stop" or (answer is None and not running.quick(ask, cost)):
        running.within_limits(ask, cost)

        def offer(row: DeltaGenerator) -> None:
            start, given = running.start, (ask.choice, *what)
            row.button("Start", key=f"start-{ask.key}", type="primary", on_click=start, args=given)
            said = "Stopped." if answer == "stop" else "Not started yet."
            ask.note(f"{said} {running.told(ask, cost)}")

        ask.drawn("start", offer)
        return None
    bar = _Above(ask.stage, draw, running.stops(ask.choice, *what))
    try:
        tells = "progress" in inspect.signature(inspection).parameters
        return engine.consult(inspection, ask.choice, *inputs, progress=bar.tell if tells else None)
    finally:
        bar.clear()
