"""What the page of the forward pass asks of a model, each once, on one text."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from components.inspection.anatomy import StackName
from components.inspection.attention.maps import groups
from components.inspection.errors import InspectionError
from components.inspection.machine.cell import ANSWERS, STATIONS, open_number
from components.inspection.machine.cell_asked import Asked
from components.inspection.machine.opened import opened_block
from components.inspection.machine.opening import opening
from components.inspection.machine.overview import overview
from components.inspection.machine.push import push
from components.inspection.machine.reading import reading
from components.inspection.machine.spreadsheet import MOST_TOKENS, formulas_checked
from components.inspection.machine.token_path import token_path
from components.inspection.model import Model
from components.inspection.premises.recorded import probed

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
        for stack, layer in _ends(model)
    )


def _numbers(model: Model, text: str) -> Any:
    """One number of each station of the last block, as far as each is known, and of the answer."""
    read, found = reading(model, text), []
    for stack, layer in _ends(model)[1::2]:
        place = read.tokens[stack] - 1
        opened = opening(model, read.ids, read.target, stack, layer)
        for station, take in STATIONS.items():
            asked = Asked(opened, 0, place, station, INDEX)
            try:
                asked.check()
                if station == "entered":  # of which the block before may have to be opened
                    given = stack, layer, 0, place, station, INDEX
                    found.append(open_number(model, read.ids, read.target, *given))
                else:
                    found.append(take(asked))
            except InspectionError:
                continue  # which `opened_block` says
    for station in ANSWERS:
        answer = read.answers, 0, 0, read.place, station, INDEX
        try:
            found.append(open_number(model, read.ids, read.target, *answer))
        except InspectionError:
            continue
    if not found:
        raise InspectionError(f"No number of '{model.name}' can be taken apart.")
    return tuple(found)


def _ends(model: Model) -> list[tuple[StackName, int]]:
    """Return the first and the last block of each stack that attend to their own tokens."""
    groups(model)  # which says why, if its attention cannot be drawn
    there: list[tuple[StackName, int]] = []
    for stack in model.anatomy.stacks:
        layers = [one.layer for one in probed(model).of(stack)]
        there += [(stack, layers[0]), (stack, layers[-1])] if layers else []
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
        formulas_checked(model, read.ids[:MOST_TOKENS], target, group, layer, 0)
        for group, layer in _each_group(model)
    )


def _each_group(model: Model) -> Iterator[tuple[Any, int]]:
    for stack, layer in _ends(model)[::2]:
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
