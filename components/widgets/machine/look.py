"""What of the drawing is looked at: kept in the address, so that a link shows the same again."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

import streamlit as st

from components.inspection.edits import Edit, What
from components.widgets import settled

MOST_OFF: Final = 24
"""Parts that are switched off together."""
MOST_WRITTEN: Final = 40
"""Tokens that are written on."""
STEPS: Final = ("scores", "scaled", "capped", "biased", "masked", "weights")
"""What the square of the open head shows, in the order in which it is computed."""
_OFF: Final = re.compile(
    r"((cross-)?head \d{1,3}\.\d{1,3}|(attention|cross|mlp) \d{1,3})", re.ASCII
)
_NUMBER: Final = re.compile(r"\d{1,7}", re.ASCII)
_WORD: Final = re.compile(r"[A-Za-z0-9 ]{1,24}")


@dataclass(frozen=True)
class Look:
    """Where the reader is in the drawing."""

    stack: str = ""
    """Of which stack the chosen token is; empty: of the one that gives the answer."""
    token: int | None = None
    """None: the one at which the model is asked."""
    open: int | None = None
    """The block that is open."""
    head: int = 0
    cross: bool = False
    """Of the open block the look into the encoder is shown."""
    step: str = "weights"
    push: bool = False
    """Ribbons are as wide as their push toward one token rather than another."""
    toward: int | None = None
    rather: int | None = None
    """Ids; None: the likeliest, and the one after it."""
    off: tuple[str, ...] = ()
    """"head 2.1", "attention 3", "mlp 0"; "cross-head 2.1", "cross 3" of the look into the
    encoder."""
    put: What = "zero"
    """What stands in the place of what is off."""
    station: str = ""
    """Where a number is opened; empty: none is."""
    index: int = 0
    written: tuple[int, ...] = field(default=())
    """Ids that the reader had the model write."""
    stop: int = 0
    """Of the tour, from 1; 0: it is not on."""

    @property
    def edits(self) -> tuple[Edit, ...]:
        """What is switched off, as edits of the pass."""
        return tuple(_edit(each, self.put) for each in self.off)


DEFAULT: Final = Look()
FIELDS: Final = tuple(each.name for each in fields(Look))


def look_at(scope: str) -> Look:
    """Return what the address says; what it says in vain is as if it were not there."""
    given = {
        name: value
        for name in FIELDS
        if (value := st.query_params.get(f"{scope}.{name}")) is not None
    }
    return _read(given)


def hold(scope: str, look: Look, sent: Mapping[str, Any]) -> None:
    """Put what a browser has sent, over what there was, into the address."""
    kept(scope, changed(look, sent))


def changed(look: Look, sent: Mapping[str, Any]) -> Look:
    """Return `look` with what a browser has sent; what is no such thing is left out."""
    given = {name: _written(value) for name, value in sent.items() if name in FIELDS}
    return _read({**_all_written(look), **given})


def kept(scope: str, look: Look) -> None:
    """Write into the address what differs from a first visit."""
    usual, now = _all_written(DEFAULT), _all_written(look)
    for name, value in now.items():
        key = f"{scope}.{name}"
        if value == usual[name]:
            st.query_params.pop(key, None)
        else:
            st.query_params[key] = value


def fresh(scope: str, subject: object) -> Look:
    """Return the look at `subject` (model and text): of another one than before, from the start."""
    look = look_at(scope)
    if settled.moved(f"look-{scope}", subject):
        look = replace(DEFAULT, open=look.open, head=look.head, step=look.step, stop=look.stop)
        kept(scope, look)
    return look


def _read(given: Mapping[str, str]) -> Look:
    def number(name: str) -> int | None:
        text = given.get(name, "")
        return int(text) if _NUMBER.fullmatch(text) else None

    def word(name: str, among: Sequence[str], otherwise: str) -> str:
        return given.get(name, "") if given.get(name, "") in among else otherwise

    parts = [each for each in given.get("off", "").split(",") if _OFF.fullmatch(each)]
    ids = [each for each in given.get("written", "").split(".") if _NUMBER.fullmatch(each)]
    station = given.get("station", "")
    put: What = "mean" if given.get("put") == "mean" else "zero"
    return Look(
        stack=word("stack", ("encoder", "decoder"), ""),
        token=number("token"),
        open=number("open"),
        head=number("head") or 0,
        step=word("step", STEPS, "weights"),
        cross=given.get("cross") == "true",
        push=given.get("push") == "true",
        toward=number("toward"),
        rather=number("rather"),
        off=tuple(dict.fromkeys(parts))[:MOST_OFF],
        put=put,
        station=station if _WORD.fullmatch(station) else "",
        index=number("index") or 0,
        written=tuple(map(int, ids))[:MOST_WRITTEN],
        stop=number("stop") or 0,
    )


def _all_written(look: Look) -> dict[str, str]:
    return {name: _written(getattr(look, name)) for name in FIELDS}


def _written(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        dots = all(isinstance(each, (int, float)) for each in value)
        return ("." if dots else ",").join(map(_plain, value))
    return _plain(value)


def _plain(value: Any) -> str:
    """Return a word or a whole number as it is written; of anything else nothing."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        # Huge numbers cannot be written, and what is no number is no whole one.
        return str(int(value)) if abs(value) < 10**12 and value == int(value) else ""
    return value[:400] if isinstance(value, str) else ""


def _edit(part: str, put: What) -> Edit:
    name, _, place = part.partition(" ")
    layer, _, head = place.partition(".")
    if name == "head":
        return Edit("head", int(layer), put, head=int(head))
    if name == "cross-head":
        return Edit("head", int(layer), put, head=int(head), kind="cross")
    if name == "cross":
        return Edit("cross", int(layer), put)
    return Edit("mlp" if name == "mlp" else "attention", int(layer), put)
