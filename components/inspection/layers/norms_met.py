"""Which norms a vector meets on its way through one block, and before and behind all blocks.

Those of a block are found by the way from what enters it to what leaves it (`machine.chain`), those
outside by what they read or give on a probe: the last stream, or the first.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from jaxtyping import Float32

from components.inspection.anatomy import StackName
from components.inspection.machine.normed import NormRule, Where, norm_rule
from components.inspection.machine.streams import Sub, same
from components.inspection.machine.trace import Call, traced
from components.inspection.machine.wiring import Wiring, wiring_of
from components.inspection.model import Model
from components.inspection.probe import probe_ids, probe_target

LAST: Final = "behind the last block"
FIRST: Final = "of the embedding"
BEFORE: Final[Mapping[Sub, Where]] = {
    "attention": "before attention",
    "cross-attention": "before cross-attention",
    "MLP": "before MLP",
}
AFTER: Final[Mapping[Sub, Where]] = {
    "attention": "after attention",
    "cross-attention": "after cross-attention",
    "MLP": "after MLP",
}
"""A norm of the stream, when the part has written to it."""
OF_WRITE: Final = "of what {} writes"
"""A norm of that alone."""


def met(model: Model, stack: StackName, layer: int) -> Iterator[tuple[str, str, NormRule]]:
    """Yield the norms that a vector meets: where, in words, its path, and which norm it is.

    Where it is not known how the block's parts are added, a norm is called by its path.
    """
    wiring, outside = wiring_of(model, stack, layer), _outside(model, stack)
    yield from (each for each in outside if each[0] == FIRST)
    for where, path in _roles(wiring):
        if path in wiring.norms:
            yield where, path, wiring.norms[path]
    yield from (each for each in outside if each[0] == LAST)


def _roles(wiring: Wiring) -> Iterator[tuple[str, str]]:
    if wiring.chain is None:
        yield from ((f"called {path}", path) for path in wiring.norms)
        return
    shared = {sub.before for sub in wiring.chain.subs}
    if len(wiring.chain.subs) > len(shared) == 1 and (path := shared.pop()):
        yield "before all parts", path  # of a parallel block
        return
    for sub in wiring.chain.subs:
        if sub.before:
            yield BEFORE[sub.name], sub.before
        if sub.of_write:
            yield OF_WRITE.format(sub.name), sub.of_write
        if sub.of_sum:
            yield AFTER[sub.name], sub.of_sum


def _outside(model: Model, stack: StackName) -> tuple[tuple[str, str, NormRule], ...]:
    """Return the norms before and behind all blocks of a stack, as found on a probe, and kept."""
    key = f"norms outside the blocks of the {stack}"
    if key not in model.known:
        recording, trace = traced(
            model, probe_ids(model), probe_target(model), stack, 0, ("residual",), outside=True
        )
        found, rows = [], recording.stack(stack)
        for path, call in trace.outside.items() if rows.residual is not None else ():
            given, gives = rows_of_call(call, len(rows.tokens))
            if given is None or gives is None or given.shape != gives.shape:
                continue
            where = FIRST if same(gives, rows.residual[0]) else LAST  # type: ignore[index]
            if where == FIRST or same(given, rows.residual[-1]):  # type: ignore[index]
                rule = norm_rule(call.module, given, gives, model.facts.dtype)
                if rule is not None:
                    found.append((where, path, rule))
        model.known[key] = tuple(found)
    kept: tuple[tuple[str, str, NormRule], ...] = model.known[key]
    return kept


def rows_of_call(
    call: Call, tokens: int
) -> tuple[Float32[np.ndarray, "token _"] | None, Float32[np.ndarray, "token _"] | None]:
    return (call.read(tokens), call.gave(tokens)) if call.simple else (None, None)
