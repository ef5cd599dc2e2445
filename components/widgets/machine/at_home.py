"""The drawing as the door: to be looked at, and clicked into."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import streamlit as st

from components import engine
from components.engine import ModelChoice
from components.widgets.machine import machine
from components.widgets.machine.assembled import Assembled, assembled
from components.widgets.machine.look import DEFAULT
from components.widgets.machine_part import machine_part

KEY: Final = "door-machine"


def at_home(
    choice: ModelChoice, prompt: str, on_asked: Callable[[Mapping[str, Any]], None]
) -> Assembled:
    """Draw the pass of `prompt` and return it; `on_asked(look)` is called with what is clicked.

    Raises:
        InspectionError: nothing can be drawn of this model and text.
    """

    def inspect(inspection: Callable[..., Any], *inputs: Any) -> Any:
        return engine.inspect(inspection, choice, *inputs)

    found = assembled(inspect, prompt, DEFAULT)
    with st.container(gap=None):
        machine(found.state, found.label, KEY, False, on_asked, door=True)
        for name, value in found.parts.items():
            machine_part(KEY, name, value)
    return found
