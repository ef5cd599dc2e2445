"""One head's attention at some tokens: from queries and keys to what each head writes."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float32

from components.inspection.attention.record_checks import (
    masked_check,
    outputs_check,
    rows_check,
    weights_check,
)
from components.inspection.attention.scores import ScoreRule, score_rule
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.machine.head_writes import head_writes
from components.inspection.machine.normed import Normed
from components.inspection.machine.opening import Opening
from components.inspection.machine.projected import (
    Name,
    Projected,
    projected,
    rope_at,
    turned_check,
)
from components.inspection.positions.rotation import Rope
from components.inspection.recording import AttentionRecord

NAMES: tuple[Name, ...] = ("queries", "keys", "values")


@dataclass(frozen=True, eq=False)
class Attended:
    """One head's attention at the query tokens that are shown."""

    queries: Float32[np.ndarray, "row size"] | None
    """Of this head, as scored: turned, where RoPE turns."""
    keys: Float32[np.ndarray, "key size"] | None
    values: Float32[np.ndarray, "key value_size"] | None
    queries_before: Float32[np.ndarray, "row size"] | None
    """Before RoPE; None where nothing is turned."""
    keys_before: Float32[np.ndarray, "key size"] | None
    rope: Rope | None
    norms: tuple[Normed, ...]
    """Of queries and keys."""
    dots: Float32[np.ndarray, "row key"] | None
    """Queries times keys."""
    scale: float | None
    """Factor on `dots`, measured."""
    cap: float | None
    """Scores are squeezed to cap x tanh(score / cap)."""
    bias: Float32[np.ndarray, "row key"] | None
    """What is added for positions; 0 where masked. None if nothing is."""
    scores: Float32[np.ndarray, "row key"]
    """What goes into the softmax; very low or minus infinity where masked."""
    sinks: Float32[np.ndarray, " row"] | None
    """The score of a learned sink (GPT-OSS), which takes a share of the softmax."""
    visible: Bool[np.ndarray, "row key"]
    weights: Float32[np.ndarray, "row key"]
    """0 to 1."""
    outputs: Float32[np.ndarray, "row value_size"] | None
    """Weights times values."""
    head_writes: Float32[np.ndarray, "head row"] | None
    """Norm of what each head writes, before a norm of all heads' sum."""
    unknown: tuple[str, ...]
    """What cannot be known here and why, a sentence each."""
    checks: tuple[Check, ...]


def attended(opened: Opening, head: int, rows: slice) -> Attended:
    """Return one head's attention at the query tokens `rows`."""
    one, unknown, checks = opened.one, [], []
    alone = _alone(one, head)
    rule = None
    try:
        rule = score_rule(alone)
        checks.append(rule.check)
    except InspectionError as error:
        unknown.append(str(error))
    here = _rows(alone, rows)
    checks += [
        rows_check([here]),
        weights_check([here]),
        masked_check([here.weights], [here.visible]),
    ]
    if here.outputs is not None and here.values is not None:
        mixed = outputs_check([here])
        put = opened.edited("head", head=head)
        own = not put and opened.wiring.attention[opened.kind].output is not None
        if mixed.holds or own:
            checks.append(mixed)
        elif not put:
            unknown.append(
                "What a head gives is not its weights times the values here: this network does "
                "more to it (a gate behind it, for one)."
            )
    found = {name: _vectors(opened, name, head, rows, unknown, checks) for name in NAMES}
    rope, _ = rope_at(opened)
    norms = tuple(each.norm for each in found.values() if each is not None and each.norm)
    kv_head = one.kv_head(head)
    queries, keys = found["queries"], found["keys"]
    dots = None if here.queries is None or here.keys is None else here.queries[0] @ here.keys[0].T
    tokens = one.weights.shape[-1]
    return Attended(
        queries=None if one.queries is None else one.queries[head, rows],
        keys=None if one.keys is None else one.keys[kv_head],
        values=None if one.values is None else one.values[kv_head],
        queries_before=None if rope is None or queries is None else queries.before[rows],
        keys_before=None if rope is None or keys is None else keys.before,
        rope=rope,
        norms=norms,
        dots=None if rule is None else dots,
        scale=None if rule is None else rule.scale,
        cap=None if rule is None else rule.cap,
        bias=rule.bias[0, rows] if rule is not None and rule.biased else None,
        scores=_unshifted(here, rule, rows),
        sinks=_sinks(here, rule, rows, tokens),
        visible=here.visible[0],
        weights=here.weights[0],
        outputs=None if here.outputs is None else here.outputs[0],
        head_writes=head_writes(opened, rows, unknown, checks),
        unknown=tuple(unknown),
        checks=tuple(checks),
    )


def _alone(one: AttentionRecord, head: int) -> AttentionRecord:
    """Return the record of one head: all other heads' numbers are not worked on."""
    kv_head, bare = one.kv_head(head), one.bare
    if bare is not None:
        bare = bare[head : head + 1] if len(bare) > 1 else bare
    return replace(
        one,
        queries=None if one.queries is None else one.queries[head : head + 1],
        keys=None if one.keys is None else one.keys[kv_head : kv_head + 1],
        values=None if one.values is None else one.values[kv_head : kv_head + 1],
        scores=one.scores[head : head + 1],
        weights=one.weights[head : head + 1],
        outputs=None if one.outputs is None else one.outputs[head : head + 1],
        bare=bare,
    )


def _rows(one: AttentionRecord, rows: slice) -> AttentionRecord:
    return replace(
        one,
        queries=None if one.queries is None else one.queries[:, rows],
        scores=one.scores[:, rows],
        weights=one.weights[:, rows],
        outputs=None if one.outputs is None else one.outputs[:, rows],
        bare=None,
    )


def _unshifted(
    here: AttentionRecord, rule: ScoreRule | None, rows: slice
) -> Float32[np.ndarray, "row key"]:
    """Return the scores, before a family takes off each row its largest."""
    scores = here.scores[0, :, : here.weights.shape[-1]]
    if rule is None:
        return scores
    return scores - _shift(rule, rows, len(scores))


def _shift(rule: ScoreRule, rows: slice, count: int) -> Float32[np.ndarray, "row 1"]:
    shift = rule.shift[0]
    return shift[rows] if len(shift) > 1 else np.broadcast_to(shift, (count, 1))


def _sinks(
    here: AttentionRecord, rule: ScoreRule | None, rows: slice, tokens: int
) -> Float32[np.ndarray, " row"] | None:
    if here.scores.shape[-1] == tokens:
        return None
    sink = here.scores[0, :, tokens]
    return sink if rule is None else sink - _shift(rule, rows, len(sink))[:, 0]


def _vectors(
    opened: Opening,
    name: Name,
    head: int,
    rows: slice,
    unknown: list[str],
    checks: list[Check],
) -> Projected | None:
    one = opened.one
    recorded = {"queries": one.queries, "keys": one.keys, "values": one.values}[name]
    if recorded is None:
        unknown.append(
            f"Which {name} this layer uses cannot be seen: its code lays them out in a way that "
            "Vitrine does not know."
        )
        return None
    number = head if name == "queries" else one.kv_head(head)
    found = projected(opened, name, number, rows)
    if found is None:
        turning = opened.wiring.attention[opened.kind].turning
        why = (
            "it does more with the angles of RoPE than turn them"
            if turning == "unclear"
            else "no linear map of this block was seen to give these numbers"
        )
        unknown.append(f"Which weights make the {name} of this layer is not known: {why}.")
        return None
    if found.given is None or found.source.maps is None:
        unknown.append(
            f"Which weights make the {name} of this layer is not known: they stand behind a norm, "
            "and no linear map was seen to give what goes into it."
        )
    if found.source.norm is not None and found.norm is None:
        unknown.append(
            f"What the module '{found.source.norm}' does to the {name}, between their map and "
            "the scores, is not understood."
        )
    rope, uncertain = rope_at(opened) if name != "values" else (None, 0.0)
    checks += found.checks
    checks.append(turned_check(opened, name, found.before, recorded[number], rope, uncertain))
    return found
