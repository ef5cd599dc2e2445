"""Choices that hold: what a widget keeps is on offer before the widget is drawn.

Every choice lives in one widget bound to the address. Streamlit 1.67 fails, or goes back to the
default in silence, where a widget's offer changes under the value it holds (a shorter prompt, a
model with fewer layers), or where a link asks for what there is not. So each widget is settled
before it is drawn: the functions here put a fitting value under its key, and keep a sentence for
the reader on what could not be had as asked.
"""

import math
import re
from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

KEPT: Final[dict[str, Any]] = {"bind": "query-params", "persist_state": "session"}
"""Every choice is in the address, and outlives a change of page."""
_OFFERS: Final = "offers-of-widgets"
_SAID: Final = "corrections-of-widgets"
_SEEN: Final = "addresses-of-widgets"
_WHOLE: Final = re.compile(r"[+-]?\d{1,18}")
_REAL: Final = re.compile(r"[+-]?(\d{1,18}\.?\d{0,18}|\.\d{1,18})([eE][+-]?\d{1,3})?")
MOST_IN_LINK: Final = 1_500
"""Characters of a text in a link: browsers and servers cut long addresses."""
MOST_QUOTED: Final = 60
"""Characters of an address that are repeated to the reader."""


def number(key: str, label: str, low: float, high: float, default: float) -> dict[str, Any]:
    """Settle a number between `low` and `high`; return the widget's `key` and how it is kept."""
    changed = _offered(key, (low, high))
    if key in st.session_state:
        held = st.session_state[key]
        fitting = type(default)(min(max(held, low), high))
        if fitting != held:
            _say(key, f"{label}: {held:,g} is now {fitting:,g}, the nearest.", fitting)
        if changed or fitting != held:
            # Said again: a slider whose bounds change is another widget to Streamlit.
            st.session_state[key] = fitting
    elif (given := _asked(key)) is not None and not _between(given, low, high, default):
        there = f"it goes from {low:,g} to {high:,g}"
        return _in_vain(key, _vain(label, given, there, f"{default:,g}"), default)
    elif given is not None and _several(key):
        st.session_state[key] = type(default)(given)
        return _unread(key)
    return _kept(key)


def yes_no(key: str, label: str, default: bool) -> dict[str, Any]:
    """Settle a choice of yes or no; return the widget's `key` and how it is kept."""
    given = None if key in st.session_state else _asked(key)
    if given is not None and given.lower() not in ("true", "false"):
        said = _vain(label, given, "it is true or false", str(default).lower())
        return _in_vain(key, said, default)
    return _kept(key)


def one_of(
    key: str, label: str, labels: Sequence[str], default: str, by_place: bool = False
) -> dict[str, Any]:
    """Settle a choice among `labels`; return the widget's `key` and how it is kept.

    A choice that is offered no more gives way to the default. With `by_place`, for labels that
    begin with their place ("3 Mary"), place 3 stays place 3 whatever stands there now, a place that
    is no more becomes the last, and the default follows the new default.
    """
    offer = (tuple(labels), default)
    old, old_default = st.session_state.setdefault(_OFFERS, {}).get(key, offer)
    changed = _offered(key, offer)
    if key in st.session_state:
        held = st.session_state[key]
        if held == old_default and changed:
            st.session_state[key] = default
        elif held not in labels or (by_place and changed):
            fitting = _at(held, labels) if by_place and held in old else None
            if fitting is None:
                fitting = labels[-1] if by_place and held in old else default
                _say(key, f"{label}: {held} is not there now; shown is {fitting}.", fitting)
            st.session_state[key] = fitting
    elif (given := _asked(key)) is not None and given not in labels:
        place = _at(given, labels) if by_place else None
        if place is not None:
            st.session_state[key] = place
        else:
            said = _vain(label, given, f"there is: {_listed(labels)}", default)
            return _in_vain(key, said, default)
    elif given is not None and _several(key):
        st.session_state[key] = given
        return _unread(key)
    return _kept(key)


def some_of(
    key: str,
    label: str,
    labels: Sequence[str] | None,
    default: Sequence[str],
    most: int | None = None,
) -> dict[str, Any]:
    """Settle a choice of any number of `labels` (None: of anything), or of up to `most`."""
    asked = [] if key in st.session_state else st.query_params.get_all(key)
    given = [each for each in dict.fromkeys(asked) if each]
    there = given if labels is None else [each for each in given if each in labels]
    fitting = there[:most] or list(default)
    using = ", ".join(fitting) or "none"
    wrong = next((each for each in given if each not in there), None)
    if wrong is not None:
        said = _vain(label, wrong, f"there is: {_listed(labels or ())}", using)
        if not there:
            return _in_vain(key, said, fitting)
        _say(key, said, fitting)
    elif there[len(fitting) :]:
        _say(key, f"The link asks for {len(there):,} of {label}. Using {using}.", fitting)
    return _kept(key)


def anything(key: str, label: str, default: str) -> dict[str, Any]:
    """Settle a choice that may be typed too: only one left at the default follows a new default."""
    _follow(key, default)
    if key not in st.session_state and _asked(key) == "":
        return _in_vain(key, _vain(label, "", "it takes a name", default), default)
    return _kept(key)


def text(key: str, label: str, default: str, most: int) -> dict[str, Any]:
    """Settle a text of up to `most` characters: in the address, but for one that would not survive
    in a link."""
    _follow(key, default)
    held = str(st.session_state.get(key, st.query_params.get(key, default)))
    if len(held) > most:
        said = f"{label} has {len(held):,} characters; it takes {most:,}. Using the first {most:,}."
        held = held[:most]
        _say(key, said, held)
    short = len(held) <= MOST_IN_LINK
    if _offered(f"short-{key}", short) or (not short and key not in st.session_state):
        # Said again, since the address learns of a value only when it changes; and what a long
        # link gives is taken, though it is not kept there.
        st.session_state[key] = held
    return {**_kept(key), "bind": KEPT["bind"] if short else None}


def corrections(keys: Sequence[str]) -> list[str]:
    """Return what is to be said of these widgets, until the reader chooses anew."""
    said = st.session_state.get(_SAID, {})
    for key in keys:
        sentence, value = said.get(key, ("", None))
        if sentence and value is not None and st.session_state.get(key, value) != value:
            del said[key]
    return [said[key][0] for key in keys if key in said]


def held_number(key: str, label: str, most: int, default: int) -> int:
    """Return a whole number up to `most` that the address holds, without a widget, or `default`."""
    given = _asked(key)
    if given is not None and not _between(given, 0, most, default):
        _say(key, _vain(label, given, f"it goes from 0 to {most:,}", str(default)))
        return default
    st.session_state.get(_SAID, {}).pop(key, None)
    return default if given is None else int(given)


def moved(key: str, home: object) -> bool:
    """Say whether `home`, kept under `key`, was another in the last run that had one."""
    return _offered(f"home-{key}", home)


def _kept(key: str) -> dict[str, Any]:
    """Return the widget's `key` and how it is kept.

    What the address has lost since the last run is said again: where a link to another page is
    followed, Streamlit's browser side now and then forgets what the widgets of all pages hold.
    """
    seen = st.session_state.setdefault(_SEEN, {})
    there, held = st.query_params.get(key), st.session_state.get(key)
    was_there, was_held = seen.get(key, (None, None))
    seen[key] = there, held
    same = held is not None and was_held in (held, None)  # None: it has come from the address
    if same and was_there is not None and there is None:
        st.session_state[key] = held
    return {"key": key, **KEPT}


def _follow(key: str, default: str) -> None:
    """Let a value that was left at the default follow a new one."""
    old = st.session_state.setdefault(_OFFERS, {}).get(key, default)
    if _offered(key, default) and st.session_state.get(key) == old:
        st.session_state[key] = default


def _offered(key: str, offer: object) -> bool:
    """Remember what is on offer; say whether it was something else in the last run."""
    offers = st.session_state.setdefault(_OFFERS, {})
    changed = offers.get(key, offer) != offer
    offers[key] = offer
    return bool(changed)


def _asked(key: str) -> str | None:
    """Return what the address gives this key: of several the last."""
    return st.query_params.get(key)


def _several(key: str) -> bool:
    """Say whether the address gives this key twice: each widget takes another of them."""
    return len(st.query_params.get_all(key)) > 1


def _listed(labels: Sequence[str]) -> str:
    return ", ".join(labels[:8]) + (", …" if len(labels) > 8 else "")


def _in_vain(key: str, sentence: str, default: object) -> dict[str, Any]:
    """Say that the address asks in vain; return how a widget is kept that has not read it."""
    _say(key, sentence, default)
    return _unread(key)


def _unread(key: str) -> dict[str, Any]:
    """Return how a widget is kept that has not read the address, from which this key is taken.

    Left to itself, Streamlit fails at an infinite number, and takes an empty value for a choice of
    nothing where one is required. The next run binds the widget to the address again.
    """
    st.query_params.pop(key, None)
    return {"key": key, "persist_state": KEPT["persist_state"]}


def _at(label: str, labels: Sequence[str]) -> str | None:
    """Return the label with the place that `label` begins with."""
    place = label.split(" ")[0]
    return next((each for each in labels if each.split(" ")[0] == place), None)


def _between(given: str, low: float, high: float, default: float) -> bool:
    """Say whether a text is a number in [low, high], written as people write numbers.

    >>> [_between(text, 0, 9, 1) for text in ("3", "3.0", "nan", "0x3", "", "1e1", "9" * 400)]
    [True, False, False, False, False, False, False]
    """
    form = _WHOLE if isinstance(default, int) else _REAL
    if not form.fullmatch(given):
        return False
    value = float(given)
    return math.isfinite(value) and low <= value <= high


def _vain(label: str, given: str, there: str, default: str) -> str:
    quoted = f"“{given[:MOST_QUOTED]}{'…' if len(given) > MOST_QUOTED else ''}”"
    asked = f"asks for {label} {quoted}" if given else f"leaves {label} empty"
    return f"The link {asked}; {there}. Using {default}."


def _say(key: str, sentence: str, value: object = None) -> None:
    """Keep a sentence on `key`, told as long as the widget holds `value` (None: as it is)."""
    st.session_state.setdefault(_SAID, {})[key] = (sentence, value)
