"""The sampling settings: in the address by their own names, changed in a popover or a component."""

from dataclasses import replace
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components.inspection.sampling.settings import RANGES, Settings, from_text
from components.widgets.ask import Ask

PRESETS: Final = {
    "All off": Settings(),
    "Greedy": Settings(temperature=0),
    "Brainstorm": Settings(temperature=1.3, top_p=0.95),
    "E-mail": Settings(temperature=0.3, top_p=0.5),
    "Story": Settings(temperature=1.3, top_p=0.5),
    "Translation": Settings(temperature=0.3, top_p=0.95),
}
"""Settings by what they are for."""
_KEPT: Final = "sampling-settings"


def current(ask: Ask) -> Settings:
    """Return the settings in the address, or those last used in this session.

    A value that cannot be accepted is explained, and its default used.
    """
    asked = st.session_state.pop(f"{ask.scope}.settings", None)
    if asked is not None:
        keep(asked)
    settings, refused = _held()
    for sentence in refused:
        ask.note(sentence)
    keep(settings)
    return settings


def _held() -> tuple[Settings, tuple[str, ...]]:
    given = {name: st.query_params[name] for name in RANGES if name in st.query_params}
    settings, refused = from_text(given)
    return (settings if given else st.session_state.get(_KEPT, settings)), refused


def keep(settings: Settings) -> None:
    """Put `settings` into the address, so that a link reopens exactly what is on screen.

    They are no widget's value: the live component holds all of them at once. So they are kept
    in the session too, where another page's address would lose them.
    """
    st.session_state[_KEPT] = settings
    changed = settings.changed()
    for name in RANGES:
        text = str(changed.get(name, ""))
        if text and st.query_params.get(name) != text:
            st.query_params[name] = text
        elif not text and name in st.query_params:
            del st.query_params[name]


def asked(ask: Ask) -> Settings:
    """Show the settings as a button in the row, which opens the numbers; return them."""

    def draw(row: DeltaGenerator) -> Settings:
        settings = current(ask)
        with row.popover(summary(settings), key="sampling-settings-numbers"):
            left, right = st.columns(2)
            for place, (name, one) in enumerate(RANGES.items()):
                (right if place % 2 else left).number_input(
                    one.label,
                    min_value=int(one.low) if one.whole else one.low,
                    max_value=int(one.high) if one.whole else one.high,
                    value=getattr(settings, name),
                    step=int(one.step) if one.whole else one.step,
                    key=f"popover-{name}",
                    help=f"{one.label} {one.says}.",
                    on_change=_take,
                    args=(name,),
                )
        return settings

    return ask.drawn("settings", draw)


def summary(settings: Settings) -> str:
    """Return the settings that are on, as Markdown.

    >>> summary(Settings(temperature=0.5, top_k=7))
    'Sampling: temperature **0.5** · top-k **7** · seed **0**'
    """
    changed = settings.applied()
    parts = [f"{RANGES[name].label.lower()} **{value:g}**" for name, value in changed.items()]
    if "seed" not in changed and not settings.greedy:
        parts.append("seed **0**")
    words = " · ".join(parts)
    return ("Greedy: " if settings.greedy else "Sampling: ") + words


def _take(name: str) -> None:
    value = st.session_state[f"popover-{name}"]
    keep(replace(_held()[0], **{name: value}))
