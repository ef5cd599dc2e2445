"""The drawing on the stage of its page: what is looked at is in the address."""

from collections.abc import Callable
from functools import partial
from typing import Final

import streamlit as st

from components.inspection.machine.tour import Tour, tour
from components.widgets import door
from components.widgets.ask import Ask
from components.widgets.machine import machine
from components.widgets.machine.assembled import Assembled, assembled
from components.widgets.machine.look import changed, fresh, hold, kept
from components.widgets.machine.payload import Part
from components.widgets.machine_part import machine_part

KEY: Final = "machine"


def drawn(ask: Ask, told: Callable[[Tour], Part]) -> Assembled:
    """Draw the machine on the stage, and return what is in it; `told` says the tour in words.

    Raises:
        InspectionError: nothing can be drawn of this model and text.
    """
    look = fresh(ask.scope, (ask.choice.source, ask.choice.dtype, ask.prompt))
    if door.clicked():
        look = changed(look, door.taken())
        kept(ask.scope, look)
    found = assembled(ask.inspect, ask.prompt, look)
    parts = dict(found.parts)
    if look.stop:
        given = found.read.ids, found.read.target, found.stack, found.place
        parts["tour"] = told(ask.inspect(tour, *given))
    with ask.stage:
        asked = partial(hold, ask.scope, look)
        machine(found.state, found.label, KEY, found.read.writes, asked)
        with st.container(gap=None):
            for name, value in parts.items():
                machine_part(KEY, name, value)
    return found
