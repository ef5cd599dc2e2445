"""All that the drawing shows of one look: what is asked of the model for it, and what is sent.

No Streamlit here: the page asks its engine, a notebook its own model, by the same steps.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from components.inspection.anatomy import StackName
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.machine.cell import ANSWERS, open_number
from components.inspection.machine.kept import kept
from components.inspection.machine.opened import opened_block
from components.inspection.machine.overview import MOST_ROWS, Overview, River, overview
from components.inspection.machine.push import Push, push
from components.inspection.machine.reading import Reading, reading
from components.inspection.machine.token_path import TokenPath, token_path
from components.inspection.recording import AttentionKind
from components.widgets.machine.block_payload import block_part
from components.widgets.machine.cell_payload import cell_part, refused_part
from components.widgets.machine.look import Look
from components.widgets.machine.payload import (
    Part,
    before_part,
    numbered,
    overview_part,
    path_part,
    push_part,
)

MOST_CHOICES: Final = 60
"""Answers that are offered to be compared."""
Inspect = Callable[..., Any]
"""`inspect(inspection, *inputs)` returns `inspection(model, *inputs)`."""


@dataclass(frozen=True, eq=False)
class Assembled:
    """What is drawn of one look."""

    look: Look
    stack: StackName
    place: int
    read: Reading
    overview: Overview
    path: TokenPath
    push: Push | None
    parts: dict[str, Part | None]
    """What the drawing is sent, by name."""
    unknown: tuple[str, ...]
    """What cannot be drawn, and why."""
    checks: tuple[Check, ...]

    @property
    def river(self) -> River:
        """The stack of the chosen token."""
        return next(one for one in self.overview.rivers if one.name == self.stack)

    @property
    def state(self) -> dict[str, Any]:
        """Where the drawing is, ready to be sent."""
        head = min(self.look.head, self.overview.heads - 1)
        return asdict(self.look) | {"stack": self.stack, "place": self.place, "head": head}

    @property
    def label(self) -> str:
        """The drawing in a sentence."""
        river, answers = self.overview.last, self.path.answers
        best = ""
        if answers is not None:
            best = (
                f" The likeliest {answers.asked} is “{answers.texts[0]}” with probability "
                f"{answers.shares[0]:.1%}."
            )
        return (
            f"The forward pass of {self.overview.model}: {len(river.tokens)} tokens through "
            f"{river.layers} blocks of {self.overview.heads} heads.{best}"
        )


@dataclass
class _Told:
    """What is found on the way to tell."""

    unknown: list[str] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)


def assembled(inspect: Inspect, prompt: str, look: Look) -> Assembled:
    """Return what is drawn of `prompt` at this `look`.

    Raises:
        InspectionError: nothing can be drawn of this model and text.
    """
    read: Reading = inspect(reading, prompt, look.written)
    stack, place = _where(look, read)
    first = first_row(place, read.tokens[stack])
    given = read.ids, read.target
    found, look, refused = _overview(inspect, given, first, look)
    path: TokenPath = inspect(token_path, *given, stack, place, first, look.edits)
    river = next(one for one in found.rivers if one.name == stack)
    told = _Told([*refused, *found.unknown, *path.unknown], [*found.checks, *path.checks])
    choices = _choices(found, path)
    pair = _pair(look, choices)
    pushed = _push(inspect, look, (*given, stack, place), pair, told)
    block, cell = _open(inspect, look, given, river, place, found.heads, told)
    return Assembled(
        look=look,
        stack=stack,
        place=place,
        read=read,
        overview=found,
        path=path,
        push=pushed,
        parts=numbered(
            {
                "overview": overview_part(found, read.written),
                "path": path_part(path, river.layers) | push_part(pushed, pair, choices),
                "block": block,
                "cell": cell,
                "kept": _kept(inspect, read, first),
                "before": _before(inspect, look, given, stack, place, first),
            }
        ),
        unknown=tuple(dict.fromkeys(told.unknown)),
        checks=tuple(told.checks),
    )


def _overview(
    inspect: Inspect, given: Any, first: int, look: Look
) -> tuple[Overview, Look, list[str]]:
    """Return the pass as it is looked at; what cannot be switched off stays on, and is told."""
    try:
        return inspect(overview, *given, first, look.edits), look, []
    except InspectionError as error:
        if not look.off:
            raise
        return inspect(overview, *given, first, ()), replace(look, off=()), [str(error)]


def _where(look: Look, read: Reading) -> tuple[StackName, int]:
    """Return the chosen token: its stack and its place; one that is no more is the last."""
    stack = next((name for name in read.tokens if name == look.stack), read.answers)
    usual = read.place if stack == read.answers else 0
    place = usual if look.token is None else look.token
    return stack, min(place, read.tokens[stack] - 1)


def first_row(place: int, tokens: int) -> int:
    """Return the first row that is drawn, so that `place` is among them and seldom another.

    >>> first_row(10, 30), first_row(199, 200), first_row(70, 200)
    (0, 136, 32)
    """
    if tokens <= MOST_ROWS:
        return 0
    return max(0, min(tokens - MOST_ROWS, 32 * ((place - 16) // 32)))


def _choices(found: Overview, path: TokenPath) -> dict[int, str]:
    """Return the answers that may be compared, by id: the likeliest, and the text's own tokens."""
    if path.answers is None:
        return {}
    choices = dict(zip(path.answers.ids, path.answers.texts, strict=True))
    if path.answers.asked != "class":
        for river in found.rivers:
            for one, text in zip(river.ids, river.tokens, strict=True):
                choices.setdefault(one, text)
    return dict(list(choices.items())[:MOST_CHOICES])


def _pair(look: Look, choices: dict[int, str]) -> tuple[int, int] | None:
    """Return the ids of the two answers that are compared: those asked for, or the likeliest."""
    if len(choices) < 2:
        return None
    toward = look.toward if look.toward in choices else next(iter(choices))
    others = [each for each in choices if each != toward]
    rather = look.rather if look.rather in others else others[0]
    assert toward is not None and rather is not None
    return toward, rather


def _push(
    inspect: Inspect, look: Look, asked: Any, pair: tuple[int, int] | None, told: _Told
) -> Push | None:
    if not look.push or pair is None:
        return None
    try:
        found: Push = inspect(push, *asked, *pair, look.edits)
    except InspectionError as error:
        told.unknown.append(str(error))
        return None
    told.checks += found.checks
    return found


def _open(
    inspect: Inspect,
    look: Look,
    given: Any,
    river: River,
    place: int,
    heads: int,
    told: _Told,
) -> tuple[Part | None, Part | None]:
    """Return the open block and the number that is opened in it, as they are sent."""
    if look.station in ANSWERS:
        return None, _number(inspect, (*given, river.name, 0, 0, place), look, "self", told)
    if look.open is None or look.open >= river.layers:
        return None, None
    kind: AttentionKind = "cross" if look.cross and river.crossing else "self"
    where = river.name, look.open, min(look.head, heads - 1), place
    try:
        block = inspect(opened_block, *given, *where, river.first, MOST_ROWS, kind, look.edits)
    except InspectionError as error:
        told.unknown.append(str(error))
        return None, None
    told.unknown += block.unknown
    told.checks += block.checks
    cell = _number(inspect, (*given, *where), look, kind, told) if look.station else None
    return block_part(block), cell


def _number(inspect: Inspect, where: Any, look: Look, kind: AttentionKind, told: _Told) -> Part:
    """Return the number that is opened, as it is sent."""
    try:
        cell = inspect(open_number, *where, look.station, look.index, kind, look.edits)
    except InspectionError as error:
        return refused_part(look.station, look.index, str(error))
    told.checks.append(cell.check)
    return cell_part(cell)


def _kept(inspect: Inspect, read: Reading, first: int) -> Part | None:
    """Return which rows the last written token has left as they were."""
    found = None if read.written is None else inspect(kept, read.ids, read.target, first)
    if found is None:
        return None
    return {"rows": found.rows.astype(int).tolist(), "largest": found.largest}


def _before(
    inspect: Inspect, look: Look, given: Any, stack: StackName, place: int, first: int
) -> Part | None:
    """Return what there was before parts were switched off."""
    if not look.off:
        return None
    path = inspect(token_path, *given, stack, place, first, ())
    return before_part(inspect(overview, *given, first, ()), path)
