"""The twelve questions of the tour: each answer is computed from a recording of the text.

What this model, text or token leaves no question for is said in a sentence instead.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from components.inspection import rounding
from components.inspection.anatomy import StackName
from components.inspection.errors import InspectionError
from components.inspection.machine.overview import recorded
from components.inspection.machine.question import (
    Question,
    Seen,
    digits,
    largest,
    numbers,
)
from components.inspection.machine.questions_answers import first_lead, grows, recomputed
from components.inspection.machine.questions_attention import (
    asked_head,
    forbidden,
    looks_at,
    sums_to,
    writes_most,
)
from components.inspection.machine.questions_mlp import above_zero
from components.inspection.machine.questions_places import moved_by_three
from components.inspection.machine.token_path import token_path
from components.inspection.model import Model
from components.inspection.premises import require

STOPS: Final = 12
"""How many there are."""


def tour_questions(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None,
    stack: StackName,
    place: int,
) -> tuple[Question, ...]:
    """Return the question of each stop about the token at `place` of `stack`.

    Those about a block are about the one of `asked_head`. Where nothing can be asked, `asks` is
    empty and `because` says why.

    Raises:
        InspectionError: the text is empty or too long, or there is no such stack or token.
    """
    return questions_about(seen_of(model, text, target, stack, place))


def questions_about(seen: Seen) -> tuple[Question, ...]:
    """Return the question of each stop about what was recorded."""
    return tuple(_asked(number, ask, seen) for number, ask in enumerate(QUESTIONS, start=1))


def seen_of(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None,
    stack: StackName,
    place: int,
) -> Seen:
    """Return what the questions are made from.

    Raises:
        InspectionError: as `tour_questions`.
    """
    require(model, "output")
    recording = recorded(model, text, target)
    path = token_path(model, text, target, stack, place)
    residual = recording.stack(stack).residual
    layers = model.facts.layers if residual is None else len(residual) - 1
    try:
        layer, head = asked_head(recording, stack, place)
    except InspectionError:
        layer, head = layers // 2, None
    special = set(model.tokenizer.all_special_ids)
    plain = [one for one in recording.stacks[0].ids if one not in special]
    said = text if isinstance(text, str) else "".join(model.token_texts(plain))
    return Seen(model, said, recording, stack, place, path, layer, head)


def _asked(stop: int, ask: Callable[[Seen], Question], seen: Seen) -> Question:
    try:
        return ask(seen)
    except InspectionError as error:
        return Question(stop, "", (), "", str(error))


def how_many_tokens(seen: Seen) -> Question:
    """Ask how many tokens the text is."""
    special = set(seen.model.tokenizer.all_special_ids)
    count, words, signs = len(seen.ids), len(seen.text.split()), len(seen.text)
    marks = sum(one in special for one in seen.ids)
    near = (words, round(signs / 4), signs, count + 2, max(count - 2, 1), count + 5)
    parts = f"{_many(words, 'word')} and {_many(signs, 'character')}"
    added = f"{_many(marks, 'special token')} among them" if marks else "no special one among them"
    return Question(
        1,
        "How many tokens does the network read for this text?",
        numbers(count, (one for one in near if one > 0)),
        digits(count),
        f"{_many(count, 'token')}, {added}. The text has {parts}: a token is neither, but a piece "
        "that was frequent when the tokenizer was made.",
    )


def which_row(seen: Seen) -> Question:
    """Ask which row of the table is looked up."""
    rows, own = seen.model.rows_of_embedding, seen.read.ids[seen.place]
    around = sorted(range(len(seen.read.ids)), key=lambda one: abs(one - seen.place))
    others = [seen.read.ids[one] for one in around if seen.read.ids[one] != own]
    tried = [seen.place, *others, (own + 1) % rows, (own - 1) % rows, rows // 2]
    answers = numbers(own, (one for one in tried if 0 <= one < rows))
    if len(answers) < 2:
        raise InspectionError("The table has a single row, which every token is given.")
    return Question(
        2,
        f"Which row of the table is looked up for {seen.named(seen.place)}?",
        answers,
        digits(own),
        f"Its id is {own:,}, and the id is the number of the row, of {rows:,}. Where the token "
        f"stands in the text ({seen.place}) does not matter here.",
    )


def where_loudest(seen: Seen) -> Question:
    """Ask whose stream is longest in the middle of the network."""
    stream = seen.read.residual
    if stream is None:
        raise InspectionError(
            f"'{seen.model.name}' keeps no one residual stream with a row for each token, so no "
            "lengths can be compared."
        )
    middle = len(stream) // 2
    rounding.require_numbers(stream[middle])
    lengths = np.linalg.norm(stream[middle].astype(np.float64), axis=-1)
    order = np.argsort(-lengths, kind="stable")
    tried = (0, seen.place, len(lengths) - 1, *order)
    found = largest(
        lengths,
        tried,
        f"Half way through, all vectors are about as long, from {digits(float(lengths.min()))} to "
        f"{digits(float(lengths.max()))}: no line is the thickest.",
    )
    best = int(order[0])
    others = float(np.median(np.delete(lengths, best)))
    return Question(
        3,
        f"Half way through ({_after(middle)}): whose line is thickest, that is, whose vector is "
        "longest?",
        tuple(seen.named(one) for one in found),
        seen.named(best),
        f"The vector of {seen.named(best)} is {digits(float(lengths[best]))} long there, those of "
        f"the others {digits(others)} (the median).",
    )


def _after(boundary: int) -> str:
    return f"after layer {boundary - 1}" if boundary else "before the first layer"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


QUESTIONS: Final[tuple[Callable[[Seen], Question], ...]] = (
    how_many_tokens,
    which_row,
    where_loudest,
    looks_at,
    moved_by_three,
    forbidden,
    sums_to,
    writes_most,
    above_zero,
    first_lead,
    grows,
    recomputed,
)
