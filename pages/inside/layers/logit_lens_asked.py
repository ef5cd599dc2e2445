"""What the logit lens asks: what the decoder reads, a token, and how many columns."""

from itertools import pairwise
from typing import Any, Final

from components.inspection.layers.logit_lens import LogitLens, logit_lens
from components.inspection.layers.logit_lens_states import Places, places_of
from components.lesson import Ask, Predict
from components.widgets.controls import token_label

COLUMNS: Final = (16, 64, 256, 512)
BETWEEN = (
    "Also show the stream after each attention, before the MLP has added to it: so it is told "
    "which of the two changed the answer."
)
AROUND = "How many tokens around the chosen one. In a few columns the words can be read."


def places(ask: Ask) -> tuple[Places, str | None]:
    """Ask what the decoder has written, where there is one; return the tokens that answer."""
    found = ask.inspect(places_of, ask.prompt, None)
    if not found.two_stacks:
        return found, None
    target = ask.target()
    return ask.inspect(places_of, ask.prompt, target), target


def lens_of(ask: Ask) -> tuple[LogitLens, int]:
    """Ask for a token and for rows; return the grid around it, and its place."""
    there, target = places(ask)
    place = ask.token("Token", "token", there.tokens, there.place)
    count = len(there.tokens)
    columns = count
    with ask.tucked("Rows, columns"):
        between = ask.toggle("Between attention and MLP", "between", hint=BETWEEN)
        if count > COLUMNS[0]:
            offered = [each for each in COLUMNS if each < count] + [count] * (count < COLUMNS[-1])
            columns = ask.choice_of("Columns", "columns", offered, hint=AROUND)
    first = first_column(count, place, columns)
    found = ask.inspect(logit_lens, ask.prompt, target, first, columns, between)
    if found.without_between:
        ask.note(found.without_between)
    if columns < count:
        ask.note(f"Shown are tokens {first} to {first + columns - 1} of {count}.")
    return found, place


def row_of(ask: Ask, found: LogitLens, place: int) -> int:
    """Ask for a row: at first that in which the answer at `place` is the likeliest first."""
    rows, names = range(len(found.boundaries)), row_names(found)
    return ask.choice_of(
        "After block", "after", rows, found.first_lead(place), says=names.__getitem__
    )


def row_names(found: LogitLens) -> list[str]:
    """Return what the rows are called among the controls."""
    return [each.name.removeprefix("block ") for each in found.boundaries]


def choose(ask: Ask, found: LogitLens, row: int, column: int) -> None:
    """Choose a cell, while a click on it is answered."""
    place = found.columns[column]
    ask.sets({"token": token_label(place, found.tokens[place]), "after": row_names(found)[row]})


def first_column(count: int, place: int, columns: int) -> int:
    """Return the first of `columns` tokens around `place`, the same for places near each other.

    >>> first_column(100, 99, 16), first_column(100, 0, 16), first_column(100, 50, 16)
    (84, 0, 40)
    """
    half = max(1, columns // 2)
    return max(0, min(count - columns, (place - half // 2) // half * half))


def first_to_lead(found: LogitLens, place: int, before: Any) -> Predict:
    """Ask after which block the answer at `place` is the likeliest first."""
    layers = found.boundaries[-1].layer + 1
    parts = min(layers, 4) if layers > 5 else layers
    cuts = [round(layers * part / parts) for part in range(parts + 1)]
    answers = ["the embedding"]
    for low, high in pairwise(cuts):
        answers.append(f"block {low}" if high - low == 1 else f"blocks {low} to {high - 1}")
    first = found.boundaries[found.first_lead(place)]
    right = sum(first.layer >= cut for cut in cuts[:-1])
    ranks = found.cells.rank[:, place - found.first]
    return Predict(
        "At the chosen token: after which block is the model's final answer the likeliest **for "
        "the first time**?",
        tuple(answers),
        answers[right],
        f"It leads first after {first.said}. After the embedding it has rank {int(ranks[0]):,}.",
        before=before,
    )
