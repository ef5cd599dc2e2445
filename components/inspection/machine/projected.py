"""Queries, keys and values of one head, as their maps give them, before any rotation."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float32

from components.inspection import rounding
from components.inspection.checks import Check, worst
from components.inspection.machine.matching import (
    Columns,
    Source,
    gathered,
    outputs_of,
    times,
    weights_of,
)
from components.inspection.machine.normed import Normed, Where, normed
from components.inspection.machine.opening import Opening
from components.inspection.machine.trace import laid
from components.inspection.machine.wiring import AttentionWiring, code_at
from components.inspection.positions.rotation import Rope, rotated

Name = Literal["queries", "keys", "values"]
ANGLES = 8.0
"""Roundings of an angle, its cosine and its sine in float32."""


@dataclass(frozen=True, eq=False)
class Projected:
    """One head's queries, keys or values on their way, for all tokens."""

    source: Source
    given: Float32[np.ndarray, "token size"] | None
    """What the map gives, before a factor or a norm."""
    before: Float32[np.ndarray, "token size"]
    """Before the rotation: what it gives after them."""
    norm: Normed | None
    """A norm of these vectors (Qwen 3), on this head's numbers; over all heads' in OLMo 2."""
    checks: tuple[Check, ...]


def source_at(opened: Opening, name: Name) -> Source | None:
    """Return where queries, keys or values come from; None if that is not known."""
    wired: AttentionWiring | None = opened.wiring.attention.get(opened.kind)
    if wired is None:
        return None
    return {"queries": wired.queries, "keys": wired.keys, "values": wired.values}[name]


def projected(opened: Opening, name: Name, head: int, rows: slice) -> Projected | None:
    """Return a head's vectors before any rotation; None if their map is not known.

    `head` counts query heads for queries, else key-value heads; `rows` are the tokens whose norm is
    shown.
    """
    source = source_at(opened, name)
    if source is None:
        return None
    tokens = len(opened.keys) if name != "queries" else opened.tokens
    outputs = outputs_of(opened.trace, tokens)
    given, checks = None, []
    if source.maps is not None and head < len(source.maps.which):
        if source.norm is None:
            given = gathered(source.maps, outputs, head)
            if given is None:
                return None
        checks += [_map_check(opened, name, source.maps, head, tokens, outputs)]
    if source.norm is None:
        if given is None:
            return None
        before = times(given, source.factor, opened.model.dtype) if source.factor != 1 else given
        return Projected(source, given, before, None, tuple(checks))
    return _normed(opened, name, source, head, rows, tokens, checks)


def _normed(
    opened: Opening,
    name: Name,
    source: Source,
    head: int,
    rows: slice,
    tokens: int,
    checks: list[Check],
) -> Projected | None:
    assert source.norm is not None and source.normed is not None
    call = opened.trace.calls.get(source.norm)
    if call is None or call.given is None:
        return None
    read = laid(call.given, tokens, source.layout)
    gave = laid(call.gives[0], tokens, source.layout)
    if read is None or gave is None or read.shape != gave.shape:
        return None
    columns = source.normed.columns[head]
    where: dict[Name, Where] = {
        "queries": "of queries",
        "keys": "of keys",
        "values": "of values",
    }
    own = call.gives[0].shape[-1] == len(columns)
    x, y = (read[:, columns], gave[:, columns]) if own else (read, gave)
    rule = opened.wiring.norms.get(source.norm)
    norm = None
    if rule is not None:
        norm = normed(call.module, rule, x[rows], y[rows], opened.dtype, where[name], "vector")
    found = () if norm is None else (norm.check,)
    return Projected(source, read[:, columns], gave[:, columns], norm, (*checks, *found))


def _map_check(
    opened: Opening,
    name: Name,
    maps: Columns,
    head: int,
    tokens: int,
    outputs: dict[str, Float32[np.ndarray, "token _"]],
) -> Check:
    """Compare what a map gave with its rows of weights times what it read."""
    says = f"the map's rows of weights times what it reads are the {name}"
    checks = []
    for number, path in enumerate(maps.paths):
        columns = maps.columns[head][maps.which[head] == number]
        call = opened.trace.calls.get(path)
        read = None if call is None else call.read(tokens)
        if call is None or read is None or path not in outputs:
            return Check(says, float("nan"), 0.0, "The map did not run as on the probe.")
        if len(columns):
            weight, bias = weights_of(call.module, columns)
            checks.append(map_check(says, outputs[path][:, columns], read, weight, bias, opened))
    return worst(checks)


def map_check(
    says: str,
    gave: Float32[np.ndarray, "row outputs"],
    read: Float32[np.ndarray, "row inputs"],
    weight: Float32[np.ndarray, "outputs inputs"],
    bias: Float32[np.ndarray, " outputs"] | None,
    opened: Opening,
) -> Check:
    """Compare what a linear map gave with its weights times what it read, plus its bias."""
    added = np.zeros(len(weight)) if bias is None else bias.astype(np.float64)
    ours = read.astype(np.float64) @ weight.T.astype(np.float64) + added
    sizes = np.abs(read) @ np.abs(weight).T + np.abs(added)
    allowed = product_share(read.shape[1], opened.dtype) * sizes + rounding.least(opened.dtype)
    meaning = "What feeds these numbers is something else than is drawn."
    return rounding.compared(says, gave, ours, allowed, meaning)


def product_share(terms: int, dtype: str) -> float:
    """Return by what share of its terms' summed sizes a sum of `terms` products may be off.

    Products are summed in float32; a GPU may round partial sums to the model's format.
    """
    return rounding.unit(dtype) + rounding.summed(terms)


def turned_check(
    opened: Opening,
    name: Name,
    before: Float32[np.ndarray, "token size"],
    after: Float32[np.ndarray, "token size"],
    rope: Rope | None,
    uncertain: float,
) -> Check:
    """Compare the vectors that were scored (or mixed) with those that the map gives, turned."""
    if rope is None:
        return rounding.compared(
            f"what the map gives are the {name}",
            after,
            before,
            0.0,
            "These numbers come from elsewhere than is drawn.",
        )
    places = np.arange(len(before), dtype=np.float32)
    ours = rotated(before, places, rope)
    fastest = float(np.abs(rope.frequencies).max(initial=0.0))
    off = 3 * rounding.unit(opened.dtype) + ANGLES * rounding.unit("float32") * (
        1 + places * fastest
    )
    off = off + places * uncertain
    # A turned number is made of two, each at most as long as the vector's largest.
    sizes = 2 * np.abs(before).max(-1, keepdims=True) * rope.scaling
    return rounding.compared(
        f"what the map gives, turned by position, are the {name}",
        after,
        ours,
        off[:, None] * sizes,
        "The vectors before the rotation, or its angles, are not those that are drawn.",
    )


def rope_at(opened: Opening) -> tuple[Rope | None, float]:
    """Return how the layer turns queries and keys, and by how much a frequency may be off."""
    if opened.kind == "cross":
        return None, 0.0
    code = code_at(opened.model, opened.stack, opened.layer)
    if code is None or code.turning != "turns":
        return None, 0.0
    return code.rope, code.uncertain
