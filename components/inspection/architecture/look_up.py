"""From a token's row to what enters the first block: times what, and plus what, as measured.

A text is read, and again with its tokens moved on by one place. What two tokens at one place enter
with then differs by what their rows differ by, times one number; and what is left of each, once
its row is taken off, was added for its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import torch
from jaxtyping import Float32, Float64

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.embeddings.lookup import MOST_TOKENS
from components.inspection.embeddings.table import table_of
from components.inspection.errors import InspectionError
from components.inspection.gathering import array_of
from components.inspection.machine.trace import traced
from components.inspection.model import Model
from components.inspection.probe import ordinary_tokens

ROUNDINGS: Final = 4.0
"""Results rounded on the way: the product with the factor, and up to three sums."""
MOST_ROWS: Final = 8
"""One-hot vectors of one product: each is as long as the vocabulary."""
SUM: Final = "what enters is the token's row times one number, plus what its place adds"

Adds = Literal["nothing", "the same at each place", "another vector at each place"]


@dataclass(frozen=True, eq=False)
class Entered:
    """What becomes of the rows of a text on their way into the first block."""

    tokens: tuple[str, ...]
    """The first `MOST_TOKENS`; of an encoder-decoder, the encoder's."""
    ids: tuple[int, ...]
    rows: Float32[np.ndarray, "token width"]
    """Of the table."""
    factor: float
    """What the network multiplies each row by: 1 in most families."""
    added: Float32[np.ndarray, "token width"]
    """0 where it is less than rounding may do."""
    entered: Float32[np.ndarray, "token width"]
    """factor x row + added."""
    adds: Adds
    normed: bool
    """The sum goes through a norm before it enters the first block (BERT, BLOOM)."""
    checks: tuple[Check, ...]

    def again(self, place: int) -> tuple[int, ...]:
        """Return where else the token at `place` stands."""
        return tuple(
            at for at, one in enumerate(self.ids) if one == self.ids[place] and at != place
        )

    def apart(self, place: int, other: int) -> float:
        """Return by what share of its length what enters at `place` differs from `other`."""
        one, two = (self.entered[at].astype(np.float64) for at in (place, other))
        return float(np.linalg.norm(one - two)) / max(float(np.linalg.norm(one)), 1e-30)


def entering(model: Model, text: str) -> Entered:
    """Take apart what enters the first block of `model`'s first stack.

    Raises:
        InspectionError: there is no table, no one stream, or what enters is not as wide as a row.
    """
    ids = model.encode(text)[:MOST_TOKENS]
    moved = _moved(model, ids)
    table = table_of(model, "input")
    rows, others = (array_of(table[each]) for each in (ids, moved))
    one, normed = _before_the_first_block(model, ids)
    two, _ = _before_the_first_block(model, moved)
    if one.shape != rows.shape:
        raise InspectionError(
            f"A row of '{model.name}' has {rows.shape[1]:,} numbers, and what enters its first "
            f"block {one.shape[1]:,}: a matrix stands between them, so what is added to the row "
            "cannot be told. Choose another model."
        )
    rounding.require_numbers(rows, others, one, two)
    factor, check = _factor(one, two, rows, others, model.facts.dtype)
    scaled = factor * rows.astype(np.float64)
    added = one - scaled
    off = ROUNDINGS * rounding.unit(model.facts.dtype) * (np.abs(scaled) + np.abs(one))
    added = np.where(np.abs(added) <= off, 0.0, added)
    return Entered(
        tokens=model.token_texts(ids),
        ids=tuple(ids),
        rows=rows,
        factor=factor,
        added=added.astype(np.float32),
        entered=one,
        adds=_adds(added, off),
        normed=normed,
        checks=(check,),
    )


def _moved(model: Model, ids: list[int]) -> list[int]:
    """Return as many ids, as far as can be the same ones at other places."""
    moved = [*ids[1:], ids[0]]
    if moved != ids:
        return moved
    other = next(one for one in ordinary_tokens(model) if one != ids[0])
    return [other] * len(ids)


def _before_the_first_block(
    model: Model, ids: Sequence[int]
) -> tuple[Float32[np.ndarray, "token _"], bool]:
    """Return what enters the first block; where it comes out of a norm, what went into that.

    Raises:
        InspectionError: there is not one row for each token.
    """
    stack = next(iter(model.anatomy.stacks))
    target: list[int] | None = [] if len(model.anatomy.stacks) == 2 else None
    recording, trace = traced(model, ids, target, stack, 0, keep=("residual",), outside=True)
    residual = recording.stack(stack).residual
    if residual is None:
        raise InspectionError(
            f"'{model.name}' has no one stream with a row for each token: it keeps several side by "
            "side, so what a token's row becomes cannot be told. Choose another model."
        )
    entered: Float32[np.ndarray, "token _"] = residual[0]
    for call in trace.outside.values():
        gave, read = call.gave(len(ids)), call.read(len(ids))
        is_norm = "norm" in type(call.module).__name__.lower()
        if is_norm and gave is not None and read is not None and np.array_equal(gave, entered):
            return read, True
    return entered, False


def _factor(
    one: Float32[np.ndarray, "token width"],
    two: Float32[np.ndarray, "token width"],
    rows: Float32[np.ndarray, "token width"],
    others: Float32[np.ndarray, "token width"],
    dtype: str,
) -> tuple[float, Check]:
    """Return by what the rows are multiplied, and whether that tells two tokens at one place."""
    entered = one.astype(np.float64) - two
    apart = rows.astype(np.float64) - others
    length = float(np.square(apart).sum())
    fitted = float((entered * apart).sum()) / length if length else 1.0
    found = []
    for factor in (1.0, fitted):
        sizes = np.abs(one) + np.abs(two) + abs(factor) * (np.abs(rows) + np.abs(others))
        # What is added may be a sum itself (BERT's place and segment), of parts that nearly cancel:
        # of its size at one number nothing is known, so the largest of the token is taken.
        sizes = sizes.max(-1, keepdims=True)
        # The factor was rounded to the format as well, and is in all products alike.
        allowed = ROUNDINGS * rounding.unit(dtype) * sizes.astype(np.float64) + rounding.least(
            dtype
        )
        found.append((factor, rounding.compared(
            SUM, entered, factor * apart, allowed, "Something else than a sum makes what enters."
        )))  # fmt: skip
    return found[0] if found[0][1].holds else found[1]


def _adds(
    added: Float64[np.ndarray, "token width"], off: Float64[np.ndarray, "token width"]
) -> Adds:
    if not added.any():
        return "nothing"
    same = np.abs(added - added[:1]) <= 2 * (off + off[:1])
    return "the same at each place" if same.all() else "another vector at each place"


def product_of_one_hot(model: Model, text: str) -> tuple[Check, ...]:
    """Compare, for the tokens of `text`, one-hot x table with the rows that are read, bit for bit.

    Raises:
        InspectionError: there is no table.
    """
    table, ids = table_of(model, "input"), model.encode(text)[:MOST_ROWS]
    one_hot = torch.zeros(len(ids), len(table), dtype=table.dtype, device=table.device)
    one_hot[range(len(ids)), ids] = 1
    return (
        rounding.compared(
            "a matrix of one-hot vectors times the table is the rows, bit for bit",
            array_of(one_hot @ table),
            array_of(table[ids]),
            0.0,
            "The table holds something that is no number: 0 times it is none either.",
        ),
    )
