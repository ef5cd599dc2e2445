"""Attention by what it moves: weights times the length of what each value writes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.inspection.attention.maps import AttentionMaps, Group, maps_of, records_of
from components.inspection.attention.projection import output_projection
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.recording import Array


@dataclass(frozen=True, eq=False)
class ValueWeighted:
    """The length of what each token hands to each reader through each head.

    A large weight on a token whose value is short moves little: first-token sinks often are
    such.

    Source: Kobayashi et al., "Attention is Not Only a Weight" (2020).
    """

    maps: AttentionMaps
    """The raw weights of the same pass."""
    value_lengths: Array
    """[layer, head, read]: length of the read token's value after the head's slice of the output
    projection: what it would write into the stream if it got all the attention."""
    error: float
    """Largest difference between what the heads' writes add up to (with the projection's bias)
    and what attention added to the stream, over the largest number there."""

    @property
    def moved(self) -> Array:
        """[layer, head, reader, read]: weight x value length, in the stream's own units."""
        return self.maps.weights * self.value_lengths[:, :, None, :]

    @property
    def shares(self) -> Array:
        """[layer, head, reader, read], 0 to 1: `moved` as a share of its row's sum."""
        moved = self.moved
        return moved / np.maximum(moved.sum(-1, keepdims=True), 1e-12)


def value_weighted(
    model: Model, text: str | Sequence[int], target: str | Sequence[int] | None, group: Group
) -> ValueWeighted:
    """Let `model` read `text` once, and weigh its attention by the length of the values.

    Raises:
        InspectionError: as for `attention_maps`, or the output projection is not known.
    """
    recording = record(model, text, target, keep=["attention", "residual"])
    records = records_of(recording, group)
    lengths, errors = [], [0.0]
    stack = recording.stack("decoder" if group == "cross" else group)
    added = stack.cross_writes if group == "cross" else stack.attention_writes
    for layer, one in enumerate(records):
        projection = output_projection(model, group, layer, one.heads)
        values = np.repeat(one.values, one.heads // one.kv_heads, axis=0)
        lengths.append(np.linalg.norm(projection.writes(values), axis=-1))
        if added is not None:
            difference = np.abs(projection.added(one.outputs) - added[layer]).max()
            errors.append(float(difference / np.abs(added[layer]).max().clip(1e-12)))
    return ValueWeighted(maps_of(recording, group), np.stack(lengths), max(errors))
