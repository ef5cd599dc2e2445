"""Questions of the tour about one head: where it looks, what is forbidden, and what it writes."""

import numpy as np
from jaxtyping import Bool

from components.inspection import rounding
from components.inspection.anatomy import StackName
from components.inspection.attention.record_checks import misplaced
from components.inspection.errors import InspectionError
from components.inspection.machine.question import (
    Question,
    Seen,
    digits,
    largest,
    numbers,
    share_of,
)
from components.inspection.recording import Recording


def asked_head(recording: Recording, stack: StackName, place: int) -> tuple[int, int]:
    """Return layer and head that look most at one token that is neither the first nor their own.

    Where there is no such token, the middle one of the layers that attend, and head 0.

    Raises:
        InspectionError: no attention of that stack can be drawn, or its weights are no numbers.
    """
    records = list(recording.of(stack))
    wrong = misplaced(recording)
    if not records or wrong:
        raise InspectionError(wrong[0] if wrong else f"No attention was seen in the {stack}.")
    best, found = 0.0, (records[len(records) // 2].layer, 0)
    for one in records:
        row = one.weights[:, place].copy()
        rounding.require_numbers(row)
        row[:, [0, place]] = 0
        head, key = np.unravel_index(int(row.argmax()), row.shape)
        if row[head, key] > best:
            best, found = float(row[head, key]), (one.layer, int(head))
    return found


def looks_at(seen: Seen) -> Question:
    """Ask which token the head looks at most."""
    one, head = seen.attention()
    weights = one.weights[head, seen.place]
    open_to = np.flatnonzero(one.visible[head, seen.place])
    if len(open_to) < 2:
        raise InspectionError(
            f"{seen.named(seen.place)} may look at itself only. Choose another token, and there is "
            "something to ask."
        )
    order = np.argsort(-weights, kind="stable")
    allowed = set(open_to.tolist())
    tried = [place for place in (0, seen.place, *order.tolist()) if place in allowed]
    found = largest(
        weights,
        tried,
        f"{_name(seen)} looks at no token clearly more than at the others.",
    )
    best = int(order[0])
    told = share_of(float(weights[best]))
    first = f", the first token {share_of(float(weights[0]))}"
    beside = first if best and 0 in allowed else ""
    return Question(
        4,
        f"{_name(seen)}: at which token does {seen.named(seen.place)} look most?",
        tuple(seen.named(place) for place in found),
        seen.named(best),
        f"{seen.named(best)} gets {told} of its attention{beside}.",
    )


def forbidden(seen: Seen) -> Question:
    """Ask which cells of the square are masked."""
    one, head = seen.attention()
    visible = one.visible[head]
    if len(visible) < 2:
        raise InspectionError("The square of one token has one cell, which is allowed. Write more.")
    patterns = masks(visible)
    right = next((says for says, mask in patterns.items() if np.array_equal(mask, visible)), None)
    hidden, cells = int((~visible).sum()), visible.size
    if right is None:
        raise InspectionError(
            f"{hidden:,} of the {cells:,} cells are masked, in a pattern of this model's own."
        )
    # Two patterns may be one in a short text.
    others = [says for says, mask in patterns.items() if not np.array_equal(mask, visible)]
    kept = {right, *others[:3]}
    return Question(
        6,
        f"A row reads, a column is read. Which cells are forbidden in {_name(seen, small=True)}?",
        tuple(says for says in patterns if says in kept),
        right,
        f"{hidden:,} of the {cells:,} cells are masked: their scores are so low that no weight is "
        "left."
        if hidden
        else f"All {cells:,} cells are open: each token may look at each, before and behind it.",
    )


def masks(visible: Bool[np.ndarray, "query key"]) -> dict[str, Bool[np.ndarray, "query key"]]:
    """Return the patterns that a square may have, by what they forbid; windows as wide as this
    one's."""
    count = len(visible)
    back = np.subtract.outer(np.arange(count), np.arange(count))
    seen = np.where(visible, back, 0)
    far, near = int(seen.max()), int(np.abs(seen).max())
    # Where nothing is cut off, a window of half the text is what might be guessed.
    far, near = (one if one < count - 1 else max(count // 2, 1) for one in (far, near))
    return {
        "none": np.ones_like(visible),
        "all before the row's token": back <= 0,
        "all after the row's token": back >= 0,
        f"all after the row's token, or over {_places(far)} before it": (back >= 0) & (back <= far),
        f"all over {_places(near)} away": np.abs(back) <= near,
    }


def sums_to(seen: Seen) -> Question:
    """Ask what a row of weights sums to."""
    one, head = seen.attention()
    weights, scores = one.weights[head, seen.place], one.scores[head, seen.place]
    rounding.require_numbers(weights)
    open_to = np.flatnonzero(one.visible[head, seen.place])
    total, count = float(weights.sum(dtype=np.float64)), len(open_to)
    exact = abs(total - 1) <= rounding.of_row_sum(len(weights), one.dtype)
    right = 1.0 if exact else total
    sink = len(scores) > len(weights)
    rest = f" A learned sink takes the other {share_of(1 - total)}." if sink and not exact else ""
    tried = (1.0, 0.5, float(count), float(scores[open_to].sum(dtype=np.float64)), 0.0)
    return Question(
        7,
        "The softmax makes weights of the scores of a row. What do the weights of the row of "
        f"{seen.named(seen.place)} sum to?",
        numbers(right, tried),
        digits(right),
        f"The row's weights sum to {total:.6f} ({count:,} of its cells are open). They are shares "
        f"of one whole, however high the scores are.{rest}",
    )


def writes_most(seen: Seen) -> Question:
    """Ask which head writes the longest vector."""
    one, head = seen.attention()
    lengths = seen.path.head_writes
    if lengths is None or seen.layer not in seen.path.numbers:
        raise InspectionError(
            "What each head writes by itself cannot be told in this model, only what all of them "
            "write together."
        )
    here = lengths[seen.path.numbers.index(seen.layer)].astype(np.float64)
    rounding.require_numbers(here)
    if one.heads < 2:
        raise InspectionError(f"Layer {seen.layer} has a single head: it writes all there is.")
    order = np.argsort(-here, kind="stable")
    found = largest(
        here,
        (head, order[1], order[-1], *order),
        f"No head of layer {seen.layer} clearly writes more than the others here.",
    )
    best, second = int(order[0]), int(order[1])
    return Question(
        8,
        f"Which head of layer {seen.layer} writes most to the stream of {seen.named(seen.place)}?",
        tuple(f"head {number}" for number in found),
        f"head {best}",
        f"What head {best} writes is {digits(float(here[best]))} long; next comes head {second} "
        f"with {digits(float(here[second]))}.",
    )


def _name(seen: Seen, small: bool = False) -> str:
    return f"{'layer' if small else 'Layer'} {seen.layer}, head {seen.head}"


def _places(count: int) -> str:
    return f"{count} place{'' if count == 1 else 's'}"
