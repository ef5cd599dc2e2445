"""One layer's queries and keys, before and after the model turned them."""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from components.inspection.anatomy import part
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.positions import twin as twins
from components.inspection.positions.rope import (
    config_of,
    head_size,
    inputs_of,
    layers_of,
    require_rope,
    rope_of,
)
from components.inspection.positions.rotation import CONVENTIONS, Array, Rope, turned
from components.inspection.tap import SINK, Caught, Sink, SoftmaxTap, end_legacy


@dataclass(frozen=True, eq=False)
class RotatedVectors:
    """One layer's queries and keys, before and after the model turned them."""

    layer: int
    tokens: tuple[str, ...]
    rope: Rope
    queries: Array
    """[head, token, size] before the rotation."""
    keys: Array
    """[kv_head, token, size] before the rotation."""
    turned_queries: Array
    """[head, token, size]: what the model's own pass multiplied."""
    turned_keys: Array
    """[kv_head, token, size]"""
    weights: Array
    """[head, reader, read], 0 to 1: the model's attention."""
    scale: float
    """The factor from q.k to the score: 1/sqrt(size) in most families."""
    error: float
    """Largest difference between our rotation of what was before and the model's after."""
    other_error: float
    """The same if the pairs are formed by the other convention."""
    tolerance: float
    """What rounding may account for, given the model's dtype and the vectors' length."""

    def key_head(self, head: int) -> int:
        """Return the key-value head that query head `head` reads."""
        return head * len(self.keys) // len(self.queries)


def rotated_vectors(model: Model, text: str, layer: int) -> RotatedVectors:
    """Let `model` read `text`; return one layer's queries and keys before and after rotation.

    After: from a recording of the model's own pass. Before: the same layer of a twin attends a
    second time with cos 1 and sin 0, so the family's own projections (and norms of queries and
    keys, where there are some) make them. That our rotation leads from one to the other is then
    a test of both.

    Raises:
        InspectionError: the model does not rotate, has no such layer, or does not rotate in it.
    """
    require_rope(model)
    blocks = layers_of(model)
    if not 0 <= layer < len(blocks):
        raise InspectionError(
            f"There is no layer {layer}: {model.source} has layers 0 to {len(blocks) - 1}."
        )
    recording = record(model, text, keep=["attention"])
    after = next(a for a in recording.attentions if a.layer == layer and a.kind == "self")
    queries, keys = _before(model, list(recording.stack().ids), layer)
    keys = keys[:: max(1, len(keys) // len(after.keys))]
    rope, (error, other_error) = _fitting(rope_of(model, layer), queries, keys, after)
    eps = float(torch.finfo(model.dtype).eps)
    tolerance = 16 * eps * max(1.0, float(np.abs(after.queries).max()), float(np.abs(keys).max()))
    # Angles are products in float32: their rounding grows with the position.
    tolerance += float(np.abs(queries).max()) * len(recording.stack().ids) * 1.2e-7
    if error > tolerance and np.allclose(queries, after.queries, atol=tolerance):
        raise InspectionError(
            f"Layer {layer} of {model.source} does not rotate: this family leaves some layers "
            "without positions. Choose another layer."
        )
    return RotatedVectors(
        layer=layer,
        tokens=recording.stack().tokens,
        rope=rope,
        queries=queries,
        keys=keys,
        turned_queries=after.queries,
        turned_keys=after.keys,
        weights=after.weights,
        scale=_scale(model, layer, head_size(config_of(model))),
        error=error,
        other_error=other_error,
        tolerance=tolerance,
    )


def _fitting(rope: Rope, queries: Array, keys: Array, after: Any) -> tuple[Rope, tuple[float, ...]]:
    """Try both conventions on the model's own vectors; return the nearer one and both errors."""
    positions = np.arange(queries.shape[1], dtype=np.float32)
    errors = {}
    for convention in CONVENTIONS:
        tried = replace(rope, convention=convention)
        errors[tried.convention] = max(
            float(np.abs(turned(queries, positions, tried) - after.queries).max()),
            float(np.abs(turned(keys, positions, tried) - after.keys).max()),
        )
    best = min(CONVENTIONS, key=errors.__getitem__)
    return replace(rope, convention=best), (errors[best], max(errors.values()))


def _scale(model: Model, layer: int, size: int) -> float:
    tower = next(iter(model.anatomy.towers.values()))
    attention = part(layers_of(model)[layer], tower.attention)
    stated = getattr(attention, "scaling", None)
    return float(stated) if isinstance(stated, (int, float)) else float(size) ** -0.5


def _before(model: Model, ids: list[int], layer: int) -> tuple[Array, Array]:
    """Return queries and keys of `layer` with nothing turned, in an otherwise unchanged pass."""
    other = twins.twin(model)
    tower = next(iter(model.anatomy.towers.values()))
    attention: Any = part(layers_of(other)[layer], tower.attention)
    table = None
    if twins.rotary_of(other.network) is None:
        still = layers_of(twins.without_rotation(model))[layer]
        table = getattr(part(still, tower.attention), "embed_positions", None)
    own = attention.forward
    caught: list[Caught] = []

    def forward(*args: Any, **kwargs: Any) -> Any:
        unturned = dict(kwargs)
        if kwargs.get("position_embeddings") is not None:
            cos, sin = kwargs["position_embeddings"]
            unturned["position_embeddings"] = (torch.ones_like(cos), torch.zeros_like(sin))
        kept = getattr(attention, "embed_positions", None)
        if table is not None:
            attention.embed_positions = table
        caught.append(_attended(model, attention, own, args, unturned))
        if table is not None:
            attention.embed_positions = kept
        return own(*args, **kwargs)

    attention.forward = forward
    with torch.no_grad():
        other.network(**inputs_of(model, ids))
    queries, keys = caught[0].queries, caught[0].keys
    return _heads(queries), _heads(keys)


def _attended(model: Model, attention: nn.Module, own: Any, args: Any, kwargs: Any) -> Caught:
    sink = Sink(tap=None if model.watched else SoftmaxTap())
    token = SINK.set(sink)
    try:
        with ExitStack() as taps:
            if sink.tap is not None:
                taps.enter_context(sink.tap)
            own(*args, **kwargs)
        if sink.tap is not None:
            end_legacy(sink, attention)
    finally:
        SINK.reset(token)
    return sink.caught[0]


def _heads(tensor: torch.Tensor) -> NDArray[np.float32]:
    array = tensor.detach().to("cpu", torch.float32).numpy()
    return array.reshape(-1, *array.shape[-2:]).copy()
