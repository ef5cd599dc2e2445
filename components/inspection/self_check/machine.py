"""What the page of the forward pass asks of a model, each once, on one text."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from components.inspection.anatomy import StackName
from components.inspection.attention.maps import groups
from components.inspection.errors import InspectionError
from components.inspection.machine.cell import ANSWERS, STATIONS, open_number
from components.inspection.machine.opened import opened_block
from components.inspection.machine.overview import overview
from components.inspection.machine.push import push
from components.inspection.machine.reading import Reading, reading
from components.inspection.machine.spreadsheet import MOST_TOKENS, spreadsheet
from components.inspection.machine.token_path import token_path
from components.inspection.model import Model

INDEX: Final = 1
"""Which number of each station is opened."""


def _overview(model: Model, text: str) -> Any:
    read = reading(model, text)
    return overview(model, read.ids, read.target)


def _token(model: Model, text: str) -> Any:
    read = reading(model, text)
    return token_path(model, read.ids, read.target, read.answers, read.place)


def _blocks(model: Model, text: str) -> Any:
    """The first and the last block of each stack, from its last token."""
    read = reading(model, text)
    return tuple(
        opened_block(model, read.ids, read.target, stack, layer, 0, read.tokens[stack] - 1)
        for stack, layer in _ends(model, read)
    )


def _numbers(model: Model, text: str) -> Any:
    """One number of each station of the last block, as far as each is known."""
    read, found = reading(model, text), []
    for stack, layer in _ends(model, read)[1::2]:
        place = read.tokens[stack] - 1
        for station in (*STATIONS, *ANSWERS):
            try:
                given = (stack, layer, 0, place, station, INDEX)
                found.append(open_number(model, read.ids, read.target, *given))
            except InspectionError:
                continue  # which `opened_block` says
    if not found:
        raise InspectionError(f"No number of '{model.name}' can be taken apart.")
    return tuple(found)


def _ends(model: Model, read: Reading) -> list[tuple[StackName, int]]:
    seen = overview(model, read.ids, read.target)
    there: list[tuple[StackName, int]] = []
    for river in seen.rivers:
        if river.heads is None:
            raise InspectionError(f"The attention of '{model.name}' cannot be drawn.")
        there += [(river.name, river.heads.numbers[0]), (river.name, river.heads.numbers[-1])]
    return there


def _push(model: Model, text: str) -> Any:
    read = reading(model, text)
    given = read.ids, read.target, read.answers, read.place
    answers = token_path(model, *given).answers
    if answers is None or len(answers.ids) < 2:
        raise InspectionError(f"'{model.name}' gives no two answers to be compared.")
    toward, rather = answers.ids[:2]
    return push(model, *given, toward, rather)


def _sheets(model: Model, text: str) -> Any:
    read = reading(model, text)
    target = None if read.target is None else read.target[: MOST_TOKENS - 1]
    return tuple(
        spreadsheet(model, read.ids[:MOST_TOKENS], target, group, layer, 0)
        for group, layer in _each_group(model, read)
    )


def _each_group(model: Model, read: Reading) -> Iterator[tuple[Any, int]]:
    for stack, layer in _ends(model, read)[::2]:
        for group in groups(model):
            if (group == "cross" and stack == "decoder") or group == stack:
                yield group, layer


MACHINE: Final[Mapping[str, Callable[[Model, str], Any]]] = {
    "The machine": _overview,
    "One token's path": _token,
    "A block opened": _blocks,
    "A number opened": _numbers,
    "Push": _push,
    "Spreadsheet": _sheets,
}
"""By what is shown: what it would get of a model."""
