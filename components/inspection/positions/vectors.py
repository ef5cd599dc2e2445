"""One layer's queries and keys, before and after the model turned them."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32

from components.inspection import rounding
from components.inspection.attention.scores import ScoreRule, score_rule
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.positions.fitting import ROUNDINGS, other_error, rotation_check
from components.inspection.positions.rope import rotating_layer
from components.inspection.positions.rotation import Rope
from components.inspection.positions.twin import Place, RotaryInputs
from components.inspection.positions.unrotated import UnrotatedVectors, unrotated
from components.inspection.recording import AttentionRecord


@dataclass(frozen=True, eq=False)
class RotatedVectors:
    """One layer's queries and keys, before and after the model turned them."""

    layer: int
    tokens: tuple[str, ...]
    rope: Rope
    queries: Float32[np.ndarray, "head token size"]
    """Before the rotation."""
    keys: Float32[np.ndarray, "kv_head token size"]
    """Before the rotation."""
    rotated_queries: Float32[np.ndarray, "head token size"]
    """What the model's own pass multiplied."""
    rotated_keys: Float32[np.ndarray, "kv_head token size"]
    """What it multiplied them with."""
    scale: float
    """The factor from q.k to the score, as measured: 1/sqrt(size) in most families."""
    cap: float | None
    """Scores are squeezed to cap x tanh(score / cap) before the softmax (Gemma 2)."""
    rounded: float
    """By what share of their lengths the model's own turned vectors may be rounded."""
    other_error: float
    """Largest difference from the model's own vectors if pairs were formed the other way."""
    checks: tuple[Check, ...]
    """That turning leads from the vectors before to those after, and that the scale is right."""

    def key_head(self, head: int) -> int:
        """Return the key-value head that query head `head` reads: neighbours share one."""
        return head // (len(self.queries) // len(self.keys))


@dataclass(frozen=True, eq=False)
class RotatedLayer:
    """As `RotatedVectors`, with all that was recorded of the layer."""

    vectors: RotatedVectors
    attention: AttentionRecord
    rule: ScoreRule


def rotated_vectors(model: Model, text: str, layer: int) -> RotatedVectors:
    """Let `model` read `text`; return one layer's queries and keys before and after rotation.

    After: from a recording of the model's own pass. Before: the same layer of a twin attends a
    second time with all angles 0, so the family's own projections (and norms of queries and keys,
    where there are some) make them. That our rotation leads from one to the other is then
    a test of both. Of an encoder-decoder, its encoder.

    Raises:
        InspectionError: the model does not rotate, has no such layer, or does not rotate in it.
    """
    return turned_layer(model, text, layer).vectors


def turned_layer(model: Model, text: str, layer: int) -> RotatedLayer:
    """Do as `rotated_vectors`, and return the layer's recording too.

    Raises:
        InspectionError: as there.
    """
    known = rotating_layer(model, layer)
    assert known.rope is not None
    place: Place = (known.stack, layer)
    ids = model.encode(text)
    target: list[int] | None = [] if len(model.anatomy.stacks) == 2 else None
    recording = record(model, ids, target, keep=["attention"], bare=True)
    after = next(a for a in recording.of(known.stack) if a.layer == layer)
    before, handed = unrotated(model, ids, target, only=place)
    pair, found = before[place], after.understood()
    if pair is None:
        raise InspectionError(
            f"The queries and keys of layer {layer} of '{model.name}' cannot be seen."
        )
    rope, check = _own(known.rope, known.uncertain, pair, after, handed.get(place, []))
    rule = score_rule(after)
    vectors = RotatedVectors(
        layer=layer,
        tokens=recording.stack(known.stack).tokens,
        rope=rope,
        queries=pair.queries,
        keys=pair.keys,
        rotated_queries=found.queries,
        rotated_keys=found.keys,
        scale=rule.scale,
        cap=rule.cap,
        rounded=2 * ROUNDINGS * rounding.unit(after.dtype)
        + rounding.unit("float32") * 12 * len(ids),
        other_error=other_error((pair.queries, pair.keys), (found.queries, found.keys), rope),
        checks=(check, rule.check),
    )
    return RotatedLayer(vectors, after, rule)


def _own(
    rope: Rope,
    uncertain: float,
    before: UnrotatedVectors,
    after: AttentionRecord,
    handed: list[RotaryInputs],
) -> tuple[Rope, Check]:
    """Return `rope` with the angles that were handed over for this text, and how well they lead.

    Some rotations depend on the text's length (dynamic NTK, LongRoPE). Which numbers make a pair
    does not, and is known from a longer text than this may be.
    """
    found = after.understood()
    pairs = (before.queries, before.keys), (found.queries, found.keys)
    tried = [(rope, rotation_check(*pairs, rope, uncertain, after.dtype))]
    for each in handed:
        tables = each.fine
        if len(tables.turns) > 1 and tables.pairs == rope.pairs:
            own = replace(rope, frequencies=tables.frequencies.astype(np.float32))
            if abs(tables.scaling - rope.scaling) > tables.uncertain:
                own = replace(own, scaling=tables.scaling)
            tried.append((own, rotation_check(*pairs, own, tables.uncertain, after.dtype)))
    return min(tried, key=lambda one: (not one[1].holds, one[1].error))
