"""Attention by what it moves: weights times the norm of what each value writes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from components.inspection.attention.maps import (
    AttentionMaps,
    Group,
    maps_of,
    records_of,
    require_group,
)
from components.inspection.attention.projection import Projection, output_projection, writes_check
from components.inspection.attention.record_checks import outputs_check
from components.inspection.checks import Check, worst
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.premises import require
from components.inspection.recording import AttentionRecord, Recording


@dataclass(frozen=True, eq=False)
class ValueWeighted:
    """The norm of what each key token hands to each query token through each head.

    A large weight on a token whose value is short moves little: first-token sinks often are
    such.

    Source: Kobayashi et al., "Attention is Not Only a Weight" (2020).
    """

    maps: AttentionMaps
    """The raw weights of the same pass."""
    value_lengths: Float32[np.ndarray, "layer head key"]
    """Norm of the token's value after the head's slice of the output projection: what it would
    write into the residual stream if it got all the attention."""
    checks: tuple[Check, ...]
    """Of the values and projections that `value_lengths` are made of."""

    @property
    def moved(self) -> Float32[np.ndarray, "layer head query key"]:
        """Weight x value length, in the stream's units."""
        return self.maps.weights * self.value_lengths[:, :, None, :]

    @property
    def shares(self) -> Float32[np.ndarray, "layer head query key"]:
        """0 to 1: `moved` as a share of its row's sum."""
        moved = self.moved
        return moved / np.maximum(moved.sum(-1, keepdims=True), 1e-12)


def value_weighted(
    model: Model, text: str | Sequence[int], target: str | Sequence[int] | None, group: Group
) -> ValueWeighted:
    """Let `model` read `text` once, and weigh its attention by the norm of the values.

    Raises:
        InspectionError: as for `attention_maps`, or the output projection is not known.
    """
    require_group(model, group)
    return value_weighted_of(
        model, record(model, text, target, keep=["attention", "residual"]), group
    )


def value_weighted_of(model: Model, recording: Recording, group: Group) -> ValueWeighted:
    """Weigh the attention of a recording that has "attention" and "residual".

    Raises:
        InspectionError: the output projection or the values are not known.
    """
    require(model, "outputs")
    records = records_of(recording, group)
    stack = recording.stack("decoder" if group == "cross" else group)
    added = stack.cross_writes if group == "cross" else stack.attention_writes
    lengths, writes = [], []
    for one in records:
        projection = output_projection(model, group, one.layer, one.heads)
        lengths.append(value_lengths(one, projection))
        if added is not None:
            outputs = one.understood().outputs
            writes.append(writes_check(projection, outputs, added[one.layer], one.dtype))
    checks = (outputs_check(records), *([worst(writes)] if writes else []))
    return ValueWeighted(maps_of(model, recording, group), np.stack(lengths), checks)


def value_lengths(one: AttentionRecord, projection: Projection) -> Float32[np.ndarray, "head key"]:
    """Return the norm of what each token's value writes through each head."""
    values = one.for_heads(one.understood().values)
    return np.asarray(np.linalg.norm(projection.writes(values), axis=-1), dtype=np.float32)
