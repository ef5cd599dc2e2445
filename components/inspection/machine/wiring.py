"""What feeds what in one block: found on a probe by equality of numbers, and kept.

Families name and place their projections, norms and gates in their own ways. So none is looked up:
a short text is read once, and what each module gave is matched with what attention was seen to use.
Kept are only paths of modules and places of numbers; a reader's own text is matched again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Float32

from components.inspection.anatomy import StackName
from components.inspection.errors import InspectionError
from components.inspection.gathering import array_of
from components.inspection.machine.chain import find_chain
from components.inspection.machine.experts import RouterRule, find_router
from components.inspection.machine.matching import (
    LINEAR,
    Columns,
    Source,
    inputs_of,
    matched,
    source_of,
)
from components.inspection.machine.mlp_parts import MlpMaps, find_mlp
from components.inspection.machine.normed import NormRule, norm_rule
from components.inspection.machine.streams import Chain, Sub
from components.inspection.machine.trace import Trace, traced
from components.inspection.model import Model
from components.inspection.positions.measured import LayerCode, position_code
from components.inspection.positions.unrotated import UnrotatedVectors, unrotated
from components.inspection.probe import probe_ids, probe_target
from components.inspection.recording import AttentionKind, AttentionRecord, Recording

SUBS: Final[dict[AttentionKind, Sub]] = {"self": "attention", "cross": "cross-attention"}


@dataclass(frozen=True, eq=False)
class AttentionWiring:
    """Where one attention sublayer's vectors come from, and where its outputs go. None: unknown."""

    queries: Source | None
    keys: Source | None
    values: Source | None
    output: Columns | None
    """In the input of the map that mixes the heads' outputs."""
    turning: str
    """"still", "turns" or "unclear": what RoPE does between projection and scores."""

    @property
    def paths(self) -> set[str]:
        """The maps of this sublayer."""
        sources = (self.queries, self.keys, self.values)
        found = {p for one in sources if one and one.maps for p in one.maps.paths}
        return found | set(self.output.paths if self.output else ())


@dataclass(frozen=True, eq=False)
class Wiring:
    """The modules of one block that are understood."""

    attention: dict[AttentionKind, AttentionWiring]
    mlp: MlpMaps | None
    router: RouterRule | None
    norms: Mapping[str, NormRule]
    """The modules that are norms, by their paths."""
    chain: Chain | None
    """None: its parts are not known, or are added in another way."""


def wiring_of(model: Model, stack: StackName, layer: int) -> Wiring:
    """Return what feeds what in a block; found once and kept with the model.

    Raises:
        InspectionError: there is no such block, or the network cannot be run.
    """
    key = f"opened {stack} {layer}"
    if key not in model.known:
        model.known[key] = _found(model, stack, layer)
    found: Wiring = model.known[key]
    return found


def code_at(model: Model, stack: StackName, layer: int) -> LayerCode | None:
    """Return how a layer tells positions; None where that cannot be measured."""
    try:
        code = position_code(model)
    except InspectionError:
        return None
    return next((one.at(layer) for one in code.stacks if one.name == stack), None)


def _found(model: Model, stack: StackName, layer: int) -> Wiring:
    ids, target = probe_ids(model), probe_target(model)
    recording, trace = traced(model, ids, target, stack, layer)
    tokens = len(recording.stack(stack).tokens)
    attention: dict[AttentionKind, AttentionWiring] = {
        one.kind: _attention(model, one, trace, ids, target)
        for one in recording.attentions
        if (one.stack, one.layer) == (stack, layer)
    }
    taken = {path for each in attention.values() for path in each.paths}
    router = find_router(model, trace, tokens)
    down = model.anatomy.stacks[stack].mlp_down
    # A mixture may have a shared expert, which is not the whole of the MLP.
    mlp = None if router else find_mlp(model, trace, tokens, taken, down)
    chain = _chain(model, recording, trace, stack, layer, attention, mlp, router)
    return Wiring(attention, mlp, router, _norms(model, trace), chain)


def _norms(model: Model, trace: Trace) -> dict[str, NormRule]:
    found = {}
    for path, call in trace.calls.items():
        if call.simple and call.given is not None and call.given.is_floating_point():
            given, gives = call.given, call.gives[0] if call.gives else None
            if gives is not None and gives.shape == given.shape and given.dim():
                # A norm is one of the last axis, whatever stands before it.
                rows = [array_of(one).reshape(-1, given.shape[-1]) for one in (given, gives)]
                rule = norm_rule(call.module, rows[0], rows[1], model.facts.dtype)
                if rule is not None:
                    found[path] = rule
    return found


def _attention(
    model: Model,
    one: AttentionRecord,
    trace: Trace,
    ids: list[int],
    target: Sequence[int] | None,
) -> AttentionWiring:
    if one.queries is None or one.keys is None or one.values is None or one.outputs is None:
        return AttentionWiring(None, None, None, None, "unclear")
    vectors: AttentionRecord | UnrotatedVectors | None = one
    code = code_at(model, one.stack, one.layer) if one.kind == "self" else None
    turning = "still" if code is None else code.turning
    if turning != "still":
        place = (one.stack, one.layer)
        before = unrotated(model, ids, target, only=place)[0].get(place)
        vectors = before if turning == "turns" else None
    dtype = model.dtype
    return AttentionWiring(
        queries=_source(None if vectors is None else vectors.queries, trace, dtype),
        keys=_source(None if vectors is None else vectors.keys, trace, dtype),
        values=source_of(one.values, trace, dtype),
        output=matched(one.outputs, inputs_of(trace, one.outputs.shape[1])),
        turning=turning,
    )


def _source(
    vectors: Float32[np.ndarray, "head token size"] | None, trace: Trace, dtype: torch.dtype
) -> Source | None:
    return None if vectors is None else source_of(vectors, trace, dtype)


def _chain(
    model: Model,
    recording: Recording,
    trace: Trace,
    stack: StackName,
    layer: int,
    attention: dict[AttentionKind, AttentionWiring],
    mlp: MlpMaps | None,
    router: RouterRule | None,
) -> Chain | None:
    residual = recording.stack(stack).residual
    if residual is None or not attention or layer + 1 >= len(residual):
        return None
    entered, left = residual[layer], residual[layer + 1]
    tokens = len(entered)
    parts: dict[Sub, tuple[Sequence[str], Float32[np.ndarray, "token _"] | None]] = {}
    for kind, one in attention.items():
        read = None
        if one.queries and one.queries.maps and len(one.queries.maps.paths) == 1:
            call = trace.calls[one.queries.maps.paths[0]]
            read = call.read(tokens)
            read = read if read is not None and read.shape == entered.shape else None
        writes = _attention_writes(model, stack, kind, one, trace, entered)
        parts[SUBS[kind]] = (writes, read)
    parts["MLP"] = _mlp_writes(model, stack, trace, entered, attention, mlp, router)
    return find_chain(trace, entered, left, parts, model.facts.dtype)


def _attention_writes(
    model: Model,
    stack: StackName,
    kind: AttentionKind,
    one: AttentionWiring,
    trace: Trace,
    entered: Float32[np.ndarray, "token width"],
) -> list[str]:
    """Return the modules that may give what attention writes."""
    if one.output is not None and len(one.output.paths) == 1:
        return list(one.output.paths)
    row = model.anatomy.stacks[stack]
    named = row.attention_write if kind == "self" else row.cross_write
    return [named] if named else _as_wide(trace, entered, skip=set())


def _mlp_writes(
    model: Model,
    stack: StackName,
    trace: Trace,
    entered: Float32[np.ndarray, "token width"],
    attention: dict[AttentionKind, AttentionWiring],
    mlp: MlpMaps | None,
    router: RouterRule | None,
) -> tuple[list[str], Float32[np.ndarray, "token _"] | None]:
    """Return the modules that may give what the MLP writes, and what the MLP reads."""
    if mlp is not None:
        return [mlp.down], trace.calls[mlp.before.path].read(len(entered))
    read = None if router is None else trace.calls[router.path].read(len(entered))
    row = model.anatomy.stacks[stack]
    named = row.mlp_down or row.mlp_write
    if named:
        return [named], read
    skip = {path for one in attention.values() for path in one.paths}
    return _as_wide(trace, entered, skip), read


def _as_wide(
    trace: Trace, entered: Float32[np.ndarray, "token width"], skip: set[str]
) -> list[str]:
    """Return the modules whose output is as wide as the stream, maps first, the last run first."""
    found = [
        path
        for path, call in reversed(trace.calls.items())
        if path not in skip
        and (rows := call.gave(len(entered))) is not None
        and rows.shape == entered.shape
    ]
    return sorted(found, key=lambda p: not isinstance(trace.calls[p].module, LINEAR))
