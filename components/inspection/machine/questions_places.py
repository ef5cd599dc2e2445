"""The tour's question about places: what changes when a word moves on by three of them.

Which one is asked follows from what was measured of the layer: it turns, it lowers scores with the
distance, it adds learned numbers, or the place was added to the vector at the start.
"""

from typing import Final

import numpy as np

from components.inspection import rounding
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.machine.question import Question, Seen, digits
from components.inspection.positions.bias import DistanceBias
from components.inspection.positions.measured import LayerCode, StackCode, position_code
from components.inspection.positions.rotation import Rope
from components.inspection.positions.words import said

MOVED: Final = 3
"""By how many places."""
ROUNDINGS: Final = 4.0
"""Results that are rounded between two vectors of a table and what enters the first block: their
sum, and perhaps a norm of it."""


def moved_by_three(seen: Seen) -> Question:
    """Ask what the move changes.

    Raises:
        InspectionError: nothing marks places here, or it cannot be taken apart.
    """
    stack = next(one for one in position_code(seen.model).stacks if one.name == seen.stack)
    layer = stack.at(seen.layer)
    asked = _of_layer(seen, layer)
    if asked is not None:
        return asked
    if stack.added:
        return _added(seen)
    raise InspectionError(f"There is no clock to ask of here. {_sentence(seen, stack)}")


def _sentence(seen: Seen, stack: StackCode) -> str:
    if stack.rotating:
        return (
            f"Layer {seen.layer} of '{seen.model.name}' turns nothing, so its queries and keys are "
            "the same at all places; other layers turn theirs."
        )
    return said(seen.model)


def _of_layer(seen: Seen, layer: LayerCode | None) -> Question | None:
    if layer is None:
        return None
    if layer.rope is not None and layer.rope.frequencies.any():
        return turned(layer.rope, seen.layer)
    head = seen.head or 0
    if layer.bias is not None and layer.bias.kind == "linear":
        return lowered(layer.bias, seen.layer, head)
    if layer.bias is not None and layer.bias.kind == "by distance":
        return farther(layer.bias, seen.layer, head)
    return None


def turned(rope: Rope, layer: int) -> Question:
    """Ask by what angles the clocks turn."""
    fast, slow = float(rope.frequencies.max()), float(rope.frequencies.min())
    if fast == slow:
        answers = tuple(_degrees(places * fast) for places in (0, 1, MOVED, 2 * MOVED))
        right, hands = answers[2], "its hands turn"
    else:
        right = _both(MOVED * fast, MOVED * slow)
        answers = (
            _both(0.0, 0.0),
            _both(fast, slow),
            right,
            _both(MOVED * fast, MOVED * fast),
        )
        hands = "its fastest and its slowest hand turn"
    slowest = f"; the slowest makes {_degrees(slow)} a place" if fast != slow else ""
    return Question(
        5,
        f"Layer {layer} turns queries and keys like hands of clocks. The word moves on by {MOVED} "
        f"places: by how much do {hands}?",
        answers,
        right,
        f"The fastest hand makes {_degrees(fast)} a place, {MOVED} times as much is "
        f"{_degrees(MOVED * fast)}{slowest}.",
    )


def lowered(bias: DistanceBias, layer: int, head: int) -> Question:
    """Ask by how much ALiBi lowers a score."""
    slope = float(bias.slopes[min(head, len(bias.slopes) - 1)])
    answers = ("0", *(digits(times * slope) for times in (1, MOVED, MOVED**2)))
    if slope <= bias.allowed or len(set(answers)) < len(answers):
        raise InspectionError(
            f"Head {head} of layer {layer} takes off next to nothing for the distance, so there is "
            "no difference to ask of."
        )
    return Question(
        5,
        f"In layer {layer}, head {head}, each place farther away lowers a score (ALiBi). A token "
        f"moves {MOVED} places farther away: by how much does its score fall?",
        answers,
        answers[2],
        f"It falls by {digits(slope)} for each place: {MOVED} times as much is {answers[2]}.",
    )


def farther(bias: DistanceBias, layer: int, head: int) -> Question:
    """Ask which of two distances is given the larger number."""
    near, far = -1, -1 - MOVED
    if near not in bias.distances or far not in bias.distances:
        raise InspectionError("Distances of one and of four places were not seen in this model.")
    numbers = bias.added[min(head, len(bias.added) - 1)]
    first, second = (float(numbers[bias.distances == one][0]) for one in (near, far))
    answers = ("the token just before", "both the same", f"the one {MOVED} places farther away")
    same = abs(first - second) <= bias.allowed
    return Question(
        5,
        f"In layer {layer}, head {head}, a learned number for the distance is added to each score. "
        "Which token is given more?",
        answers,
        answers[1] if same else answers[0] if first > second else answers[2],
        f"{digits(first)} is added for the token just before, and {digits(second)} for the one "
        f"{-far} places back.",
    )


def _added(seen: Seen) -> Question:
    """Ask what enters the first block when the word stands elsewhere: measured by letting the
    network read that word at all places.

    Raises:
        InspectionError: the text fills the context, or the vectors cannot be seen.
    """
    here = seen.place
    there = here + MOVED
    if max(here, there) >= seen.model.context:
        there = here - MOVED
    if there < 0:
        raise InspectionError(f"There is no room to move a word by {MOVED} places in this model.")
    token, count = int(seen.read.ids[here]), max(here, there) + 1
    # A decoder's start token stands before what it is given.
    text = seen.ids if seen.writes_target else [token] * count
    target = [token] * (count - 1) if seen.writes_target else None
    stream = record(seen.model, text, target, keep=("residual",)).stack(seen.stack).residual
    if stream is None or stream.shape[1] <= max(here, there):
        raise InspectionError(f"What enters the first block of '{seen.model.name}' is not seen.")
    rounding.require_numbers(stream[0])
    one, other = stream[0, here].astype(np.float64), stream[0, there].astype(np.float64)
    moved, length = float(np.linalg.norm(one - other)), float(np.linalg.norm(one))
    differs = moved > ROUNDINGS * rounding.unit(seen.model.facts.dtype) * length
    answers = (
        "the same vector",
        "the same vector, turned by an angle",
        "another one: its place's own vector is added",
    )
    return Question(
        5,
        f"No clocks here. {seen.token} moves from place {here} to place {there}: what enters the "
        "first block for it?",
        answers,
        answers[2] if differs else answers[0],
        f"The two vectors differ by {digits(moved)}; the first is {digits(length)} long.",
    )


def _both(fast: float, slow: float) -> str:
    return f"{_degrees(fast)} and {_degrees(slow)}"


def _degrees(radians: float) -> str:
    """Write an angle.

    >>> _degrees(0.0), _degrees(3.0), _degrees(1e-6)
    ('0°', '172°', 'under 0.001°')
    """
    angle = float(np.degrees(radians))
    return "under 0.001°" if 0 < angle < 0.001 else f"{digits(angle)}°"
