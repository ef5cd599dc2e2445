"""What the views share: the settings in the address, and numbers with limits."""

from dataclasses import replace
from typing import Final

import streamlit as st

from components.inspection.sampling.settings import RANGES, Settings, from_text

PICTURE: Final = {"displaylogo": False, "modeBarButtons": [["toImage"]]}
"""What stands over a figure when it is pointed at: a button that saves it as a picture."""

_KEPT: Final = "sampling-settings"


def current() -> Settings:
    """Return the settings in the address, or those last used in this session.

    A value that cannot be accepted is explained, and its default used.
    """
    given = {name: st.query_params[name] for name in RANGES if name in st.query_params}
    settings, refused = from_text(given)
    for sentence in refused:
        st.warning(sentence)
    if not given:
        settings = st.session_state.get(_KEPT, settings)
    keep(settings)
    return settings


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


def settings_popover() -> Settings:
    """Show the settings in a line, with a form to change them; return them."""
    settings = current()
    line, button = st.columns([4, 1], vertical_alignment="center")
    line.markdown(summary(settings))
    with button.popover("Settings", width="stretch"):
        for name, row in RANGES.items():
            st.number_input(
                row.label,
                min_value=int(row.low) if row.whole else row.low,
                max_value=int(row.high) if row.whole else row.high,
                value=getattr(settings, name),
                step=int(row.step) if row.whole else row.step,
                key=f"popover-{name}",
                help=f"{row.label} {row.says}.",
                on_change=_take,
                args=(name,),
            )
    return settings


def summary(settings: Settings) -> str:
    """Return the settings that are on, as Markdown."""
    changed = settings.applied()
    parts = [f"{RANGES[name].label.lower()} **{value:g}**" for name, value in changed.items()]
    if "seed" not in changed and not settings.greedy:
        parts.append("seed **0**")
    words = " · ".join(parts)
    return ("Greedy: " if settings.greedy else "Sampling: ") + words


def verdict(right: bool) -> str:
    """Return what is said of a prediction."""
    return "**Right.**" if right else "**Not quite.**"


def asked_number(label: str, key: str, low: int, high: int, default: int) -> int:
    """Ask for a whole number that lives in the address; explain one there that is out of range."""
    given = st.query_params.get(key)
    if given is not None and not (given.lstrip("-").isdecimal() and low <= int(given) <= high):
        st.warning(
            f"{label} is {given!r:.40} in the address, but must be a whole number from {low:,} to "
            f"{high:,}. It is {default:,} now."
        )
    number = st.number_input(
        label,
        min_value=low,
        max_value=high,
        value=default,
        step=1,
        key=key,
        bind="query-params",
        persist_state="session",
        help=f"From {low:,} to {high:,}.",
    )
    return int(number)


def _take(name: str) -> None:
    value = st.session_state[f"popover-{name}"]
    keep(replace(current(), **{name: value}))
