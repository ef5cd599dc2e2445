"""A token's row of the embedding table: a one-hot vector times the table, and what it costs.

"Each word is mapped to a row of W" and "a one-hot vector times W" are the same computation: all
products but one row's are with 0. Networks copy the row (`torch.nn.functional.embedding`).
"""

from dataclasses import dataclass
from math import sqrt
from typing import Any, Final, Literal

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.embeddings.table import table_of, tied
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import observe
from components.inspection.gathering import rows_of
from components.inspection.model import Model

MOST_TOKENS: Final = 64
"""Tokens of a text whose look-up is shown."""
AROUND: Final = 5
"""Rows of the table that are shown on each side of the token's own."""
REPEATED: Final = 4
"""How often a token is read, one after another, to see whether its place counts."""

Entering = Literal["as it is", "times a number", "otherwise", "with its place"]
"""What a row becomes on its way into the first block: itself; a multiple of itself (Gemma); another
vector that is the same wherever the token stands (a norm, a projection); one for each place."""


@dataclass(frozen=True)
class TableSize:
    """How large a table is."""

    rows: int
    width: int

    @property
    def numbers(self) -> int:
        """How many numbers it holds.

        >>> TableSize(32_064, 3_072).numbers, TableSize(30_522, 768).numbers
        (98500608, 23440896)
        """
        return self.rows * self.width

    @property
    def operations(self) -> int:
        """Multiplications and additions of a one-hot vector times the table.

        >>> TableSize(2_560, 256).operations
        1310720
        """
        return 2 * self.numbers


@dataclass(frozen=True, eq=False)
class LookUp:
    """One token of a text, and its row."""

    tokens: tuple[str, ...]
    """Of the text, the first `MOST_TOKENS`."""
    place: int
    """Which of them."""
    places: tuple[int, ...]
    """Where the same token stands."""
    id: int
    around: tuple[int, ...]
    """The ids whose rows are shown: the token's own and those beside it."""
    names: tuple[str, ...]
    """What these ids stand for."""
    one_hot: Float32[np.ndarray, " around"]
    """1 at the token's own row, 0 at the others."""
    table: Float32[np.ndarray, "around width"]
    product: Float32[np.ndarray, " width"]
    """The one-hot vector of all ids times the whole table."""
    size: TableSize
    share: float
    """Of the model's parameters, 0 to 1."""
    item: int
    """Bytes of one number."""
    tied: bool | None
    """The output's table is the same; None where the model has none."""
    scale: float
    """What the network's embedding multiplies the row by: 1 in most families."""
    enters: Entering
    factor: float
    """Of "times a number", by which; NaN of others."""
    checks: tuple[Check, ...]


def token_list(model: Model, text: str) -> tuple[str, ...]:
    """Return the first tokens of `text`, as they are looked up.

    Raises:
        InspectionError: the text is empty, or too long for the model.
    """
    return model.token_texts(model.encode(text)[:MOST_TOKENS])


def look_up(model: Model, text: str, place: int) -> LookUp:
    """Look up the token at `place` of `text`, in both ways, and see what becomes of its row.

    Of an encoder-decoder, as its encoder does.

    Raises:
        InspectionError: there is no such place, no table, or the table holds what is no number.
    """
    ids = model.encode(text)[:MOST_TOKENS]
    if not 0 <= place < len(ids):
        raise InspectionError(
            f"There is no token {place}: the text has tokens 0 to {len(ids) - 1}."
        )
    token, table = ids[place], table_of(model, "input")
    rounding.require_numbers(table[token])
    given = _given(model, [*ids, token])
    product = times_table(table, token)
    scale = _multiple(given[-1].double(), table[token].double())
    rows, width = table.shape
    around = _around(token, rows)
    enters, factor = _entering(model, token, table[token])
    return LookUp(
        tokens=model.token_texts(ids),
        place=place,
        places=tuple(at for at, one in enumerate(ids) if one == token),
        id=token,
        around=around,
        names=model.token_texts(around),
        one_hot=np.equal(around, token).astype(np.float32),
        table=_array(table[list(around)]),
        product=_array(product),
        size=TableSize(rows, width),
        share=rows * width / model.facts.parameters,
        item=table.element_size(),
        tied=_tied(model),
        scale=scale,
        enters=enters,
        factor=factor,
        checks=_checks(model, [*ids, token], given, product, scale),
    )


def times_table(table: Float[Tensor, "row width"], token: int) -> Float[Tensor, " width"]:
    """Return the one-hot vector of `token` times the whole table, in the table's own format."""
    one_hot = torch.zeros(1, len(table), dtype=table.dtype, device=table.device)
    one_hot[0, token] = 1
    return (one_hot @ table)[0]


def _checks(
    model: Model,
    ids: list[int],
    given: Float[Tensor, "token width"],
    product: Float[Tensor, " width"],
    scale: float,
) -> tuple[Check, ...]:
    expected = _array(product) if scale == 1 else (product.double() * scale).cpu().numpy()
    # The factor itself was rounded to the model's format, and the product is again.
    allowed = 0.0 if scale == 1 else 3 * rounding.unit(model.facts.dtype) * np.abs(expected)
    first = [ids.index(one) for one in ids]
    same = _array(given)
    return (
        rounding.compared(
            "one-hot times the table is what the network's embedding gives"
            + ("" if scale == 1 else ", times its factor"),
            _array(given[-1]),
            expected,
            allowed,
            "The network does not simply look its tokens up in this table.",
        ),
        rounding.compared(
            "equal tokens are given equal rows",
            same,
            same[first],
            0.0,
            "What the network's embedding gives depends on more than the token.",
        ),
    )


def _given(model: Model, ids: list[int]) -> Float[Tensor, "token width"]:
    """Return what the network's embedding module gives for `ids`."""
    module: Any = model.embeddings()[0]
    with torch.no_grad():
        found = module(torch.tensor([ids], device=table_of(model, "input").device))
    rows: Tensor = found[0]
    if rows.dim() != 2 or len(rows) != len(ids):
        raise InspectionError(f"The embedding of '{model.name}' does not give one row for a token.")
    return rows


def _entering(model: Model, token: int, row: Float[Tensor, " width"]) -> tuple[Entering, float]:
    """Say what a row has become where it enters the first block, read several times in a row."""
    stack = next(iter(model.anatomy.stacks))
    seen = observe(model, [token] * REPEATED, keep=["residual"]).streams
    rows = rows_of(seen["entered", stack, 0], REPEATED) if ("entered", stack, 0) in seen else None
    if rows is None:
        return "otherwise", float("nan")
    rows, row = rows.double().cpu(), row.double().cpu()
    off = rounding.unit(model.facts.dtype) * float(rows.abs().max()) * 2
    if float((rows - rows[:1]).abs().max()) > off:
        return "with its place", float("nan")
    if rows.shape[1] != len(row):
        return "otherwise", float("nan")
    factor = _multiple(rows[0], row)
    if torch.equal(rows[0], row):
        return "as it is", 1.0
    if float((rows[0] - factor * row).abs().max()) <= 2 * off:
        return "times a number", factor
    return "otherwise", float("nan")


def root_of_width(factor: float, width: int, dtype: str) -> bool:
    """Say whether a factor is the square root of the width, in a model's format (Gemma's is).

    >>> root_of_width(8.0, 64, "float32"), root_of_width(8.1, 64, "float32")
    (True, False)
    """
    return abs(factor / sqrt(width) - 1) <= 4 * rounding.unit(dtype)


def _multiple(found: Float[Tensor, " width"], row: Float[Tensor, " width"]) -> float:
    """Return by what `row` is multiplied in `found`, at best; 1 where both are the same."""
    length = float(row @ row)
    return 1.0 if length == 0 or torch.equal(found, row) else float(found @ row) / length


def _around(token: int, rows: int) -> tuple[int, ...]:
    first = max(0, min(token - AROUND, rows - 2 * AROUND - 1))
    return tuple(range(first, min(rows, first + 2 * AROUND + 1)))


def _tied(model: Model) -> bool | None:
    try:
        table_of(model, "output")
    except InspectionError:
        return None
    return tied(model)


def _array(values: Float[Tensor, "*axes"]) -> Float32[np.ndarray, "*axes"]:
    return values.detach().to("cpu", torch.float32).numpy()
