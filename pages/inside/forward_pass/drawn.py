"""The drawing on its stage: what is looked at is in the address."""

from functools import partial
from typing import Final

import streamlit as st

from components.inspection.machine.tour import tour
from components.lesson import Ask
from components.widgets.machine import machine
from components.widgets.machine.assembled import Assembled, assembled
from components.widgets.machine.look import DOOR, changed, fresh, hold, kept
from components.widgets.machine_part import machine_part
from pages.inside.forward_pass.tour_words import tour_part

KEY: Final = "machine"


def drawn(ask: Ask) -> Assembled:
    """Draw the machine on the stage, and return what is in it.

    Raises:
        InspectionError: nothing can be drawn of this model and text.
    """
    look = fresh(ask.scope, (ask.choice.source, ask.choice.dtype, ask.prompt))
    clicked = st.session_state.pop(DOOR, None)  # on the home page
    if clicked:
        look = changed(look, clicked)
        kept(ask.scope, look)
    found = assembled(ask.inspect, ask.prompt, look)
    parts = dict(found.parts)
    if look.stop:
        about = ask.inspect(tour, found.read.ids, found.read.target, found.stack, found.place)
        parts["tour"] = tour_part(about.questions, about.kinds)
    with ask.stage:
        asked = partial(hold, ask.scope, look)
        machine(found.state, found.label, KEY, found.read.writes, asked)
        with st.container(gap=None):
            for name, value in parts.items():
                machine_part(KEY, name, value)
    return found
