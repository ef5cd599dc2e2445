"""The drawing with all its parts: what is looked at is in the address."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final

import streamlit as st
from components.inspection.machine.cell import CellDetail, open_number

from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.machine.opened import OpenedBlock, opened_block
from components.inspection.machine.overview import MOST_ROWS, Overview, overview
from components.inspection.machine.push import Push, push
from components.inspection.machine.reading import Reading, reading
from components.inspection.machine.token_path import TokenPath, token_path
from components.lesson import Ask
from components.widgets.machine import machine
from components.widgets.machine.block_payload import block_part
from components.widgets.machine.cell_payload import cell_part, refused_part
from components.widgets.machine.look import Look, fresh, hold
from components.widgets.machine.payload import (
    Part,
    before_part,
    overview_part,
    path_part,
    push_part,
)
from components.widgets.machine_part import machine_part

KEY: Final = "machine"


@dataclass(frozen=True, eq=False)
class Drawn:
    """What is drawn of one run."""

    look: Look
    read: Reading
    overview: Overview
    path: TokenPath
    push: Push | None
    block: OpenedBlock | None
    cell: CellDetail | None
    unknown: tuple[str, ...]
    """What cannot be drawn, and why."""
    checks: tuple[Check, ...]


def drawn(ask: Ask) -> Drawn:
    """Draw the machine on the stage, and return what is in it.

    Raises:
        InspectionError: nothing can be drawn of this model and text.
    """
    look = fresh(ask.scope, (ask.choice.source, ask.choice.dtype, ask.prompt))
    read = ask.inspect(reading, ask.prompt, look.written)
    stack = look.stack if look.stack in read.tokens else read.answers
    place = look.token if look.token is not None else read.place
    place = min(
        place if stack == read.answers or look.token is not None else 0, read.tokens[stack] - 1
    )
    first = first_row(place, read.tokens[stack])
    pass_ = read.ids, read.target
    found = ask.inspect(overview, *pass_, first, look.edits)
    path = ask.inspect(token_path, *pass_, stack, place, first, look.edits)
    river = next(one for one in found.rivers if one.name == stack)
    unknown = [*found.unknown, *path.unknown]
    checks = [*found.checks, *path.checks]
    pushed = _push(ask, look, pass_, stack, place, path, unknown)
    block = cell = None
    part: Part | None = None
    if look.open is not None and look.open < river.layers:
        kind = "cross" if look.cross and river.crossing else "self"
        where = stack, look.open, min(look.head, found.heads - 1), place
        try:
            block = ask.inspect(opened_block, *pass_, *where, river.first, MOST_ROWS, kind)
            unknown += block.unknown
            checks += block.checks
            if look.station:
                part, cell = _cell(ask, pass_, where, look, kind)
        except InspectionError as error:
            unknown.append(str(error))
    checks += () if pushed is None else pushed.checks
    checks += () if cell is None else (cell.check,)
    state = asdict(look) | {"stack": stack, "place": place, "head": min(look.head, found.heads - 1)}
    parts: dict[str, Part | None] = {
        "overview": overview_part(found, read.written),
        "path": path_part(path, river.layers) | push_part(pushed, _pair(look, path)),
        "block": None if block is None else block_part(block),
        "cell": part,
        "before": _before(ask, look, pass_, stack, place, first),
    }
    with ask.stage:
        machine(state, label(found, path), KEY, read.writes, partial(hold_asked, ask.scope, look))
        with st.container(gap=None):
            for name, value in parts.items():
                machine_part(KEY, name, value)
    return Drawn(look, read, found, path, pushed, block, cell, tuple(unknown), tuple(checks))


def hold_asked(scope: str, look: Look, sent: Mapping[str, Any]) -> None:
    """Put what the browser asks for into the address."""
    hold(scope, sent, look)


def first_row(place: int, tokens: int) -> int:
    """Return the first row that is drawn, so that `place` is among them and seldom another.

    >>> first_row(10, 30), first_row(199, 200), first_row(70, 200)
    (0, 136, 32)
    """
    if tokens <= MOST_ROWS:
        return 0
    return max(0, min(tokens - MOST_ROWS, 32 * ((place - 16) // 32)))


def label(found: Overview, path: TokenPath) -> str:
    """Return the drawing in a sentence."""
    river = found.last
    best = (
        ""
        if path.answers is None
        else (
            f" The likeliest {path.answers.asked} is {path.answers.texts[0]} with probability "
            f"{path.answers.shares[0]:.1%}."
        )
    )
    return (
        f"The forward pass of {found.model}: {len(river.tokens)} tokens through {river.layers} "
        f"blocks of {found.heads} heads.{best} Arrow keys step through blocks and tokens."
    )


def _push(
    ask: Ask, look: Look, pass_: Any, stack: Any, place: int, path: TokenPath, unknown: list[str]
) -> Push | None:
    pair = _pair(look, path)
    if not look.push or pair is None:
        return None
    toward, rather = pair
    try:
        return ask.inspect(push, *pass_, stack, place, toward, rather, look.edits)
    except InspectionError as error:
        unknown.append(str(error))
        return None


def _pair(look: Look, path: TokenPath) -> tuple[int, int] | None:
    """Return the ids of the two answers that are compared: those asked for, or the likeliest."""
    if path.answers is None or len(path.answers.ids) < 2:
        return None
    ids = path.answers.ids
    toward = look.toward if look.toward in ids else ids[0]
    rather = (
        look.rather
        if look.rather in ids and look.rather != toward
        else next(each for each in ids if each != toward)
    )
    return toward, rather


def _cell(
    ask: Ask, pass_: Any, where: Any, look: Look, kind: Any
) -> tuple[Part, CellDetail | None]:
    try:
        cell = ask.inspect(open_number, *pass_, *where, look.station, look.index, kind)
    except InspectionError as error:
        return refused_part(look.station, look.index, str(error)), None
    return cell_part(cell), cell


def _before(ask: Ask, look: Look, pass_: Any, stack: Any, place: int, first: int) -> Part | None:
    """Return what there was before parts were switched off."""
    if not look.off:
        return None
    path = ask.inspect(token_path, *pass_, stack, place, first, ())
    found = ask.inspect(overview, *pass_, first, ())
    return before_part(found, path)
