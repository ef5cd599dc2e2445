"""A number that enters the first block: rows of tables, added up, perhaps scaled and normed."""

from itertools import combinations

import numpy as np
from jaxtyping import Float32
from torch import nn

from components.inspection import rounding
from components.inspection.machine.cell_asked import Asked
from components.inspection.machine.cell_sums import CellDetail, Operand, Sum, sub
from components.inspection.machine.normed import norm_rule, normed
from components.inspection.machine.streams import ROUNDINGS, close, same
from components.inspection.machine.trace import Call


def embedding(asked: Asked, recorded: float) -> CellDetail:
    """Open a number of the stream that enters block 0.

    Raises:
        InspectionError: no rows of tables add up to it.
    """
    opened, i = asked.opened, asked.index
    stream = opened.entered
    assert stream is not None
    found = _tables(asked, stream)
    norm = None
    call = None if found is not None else _giving(asked, stream)
    given = None if call is None else call.read(opened.tokens)
    if call is not None and given is not None and given.shape == stream.shape:
        rule = norm_rule(call.module, given, stream, asked.dtype)
        found = None if rule is None else _tables(asked, given)
        if rule is not None:
            x, y = given[asked.row()], stream[asked.row()]
            norm = normed(call.module, rule, x, y, asked.dtype, "of the embedding")
    if found is None:
        raise asked.unknown("no rows of its tables add up to what enters its first block.")
    tables, factor = found
    labels, left = [], []
    for number, (path, given_rows) in enumerate(tables.items()):
        row = f", row {opened.read_by.ids[asked.place]}" if number == 0 else ""
        labels.append(f"{path}{row}")
        left.append(float(given_rows[asked.place, i]))
    right = np.ones(len(left))
    right[0] = factor
    total = Sum.of_products(lambda n: labels[n], np.array(left) / right, right)
    total.off = ROUNDINGS * rounding.unit(asked.dtype) * (total.sizes + abs(total.total))
    n = sub(i)
    symbols = f"x{n} = E[id, {i}]" + ("" if factor == 1 else " · factor")
    symbols += " + P" * (len(left) > 1) + (f"[m, {i}]" if len(left) > 1 else "")
    if norm is not None:
        total.normed(norm, i, asked.dtype)
        symbols += ", normed"
    operands = [Operand("embedding", asked.place, (i,))]
    return total.detail("entered", i, asked.name(), symbols, recorded, operands)


def _giving(asked: Asked, stream: Float32[np.ndarray, "token width"]) -> Call | None:
    """Return the module outside of the blocks that gives what enters the first block."""
    calls = (call for call in _here(asked).values() if call.simple)
    return next((call for call in calls if same(call.gave(asked.opened.tokens), stream)), None)


def _here(asked: Asked) -> dict[str, Call]:
    """Return what flowed outside of the blocks, of this stack."""
    other = "encoder" if asked.opened.stack == "decoder" else "decoder"
    two = len(asked.opened.model.anatomy.stacks) == 2
    return {
        path: call
        for path, call in asked.opened.trace.outside.items()
        if not (two and other in path.split("."))
    }


def _tables(
    asked: Asked, stream: Float32[np.ndarray, "token width"]
) -> tuple[dict[str, Float32[np.ndarray, "token width"]], float] | None:
    """Return the tables whose rows add up to `stream`, that of tokens first and times a factor."""
    tokens, width = stream.shape
    tables: dict[str, Float32[np.ndarray, ...]] = {}
    for path, call in _here(asked).items():
        rows = call.gave(tokens)
        if (
            isinstance(call.module, nn.Embedding)
            and rows is not None
            and rows.shape == stream.shape
        ):
            tables[path] = rows
    for count in range(1, len(tables) + 1):
        for chosen in combinations(tables, count):
            for factor in (1.0, width**0.5):
                terms = [tables[path] for path in chosen]
                terms[0] = terms[0] * np.float32(factor)
                if close(stream, terms, asked.dtype).holds:
                    return dict(zip(chosen, terms, strict=True)), factor
    return None
