"""Many heads in one picture: mean, maximum, and rollout through the layers."""

from typing import Final, Literal

import numpy as np

from components.inspection.attention.maps import AttentionMaps
from components.inspection.errors import InspectionError
from components.inspection.recording import Array

Combination = Literal["mean", "max", "rollout"]
STAYS: Final = 0.5
"""Half of what a layer hands on is the token itself, by the residual connection (rollout)."""


def mean_over_heads(maps: AttentionMaps, layer: int) -> Array:
    """Return [reader, read]: the mean weight over the heads of `layer`. Rows sum to 1."""
    return maps.weights[layer].mean(0)


def max_over_heads(maps: AttentionMaps, layer: int) -> Array:
    """Return [reader, read]: the largest weight of any head. Rows sum to 1 or more."""
    return maps.weights[layer].max(0)


def rollout(maps: AttentionMaps, layer: int) -> Array:
    """Return [reader, read]: attention followed from `layer` down to the input. Rows sum to 1.

    Each layer counts as half attention (the mean over its heads), half residual connection;
    the layers' matrices are multiplied. Values and MLPs are left out, so it is a rough guide.

    Source: Abnar and Zuidema, "Quantifying Attention Flow in Transformers" (2020).

    Raises:
        InspectionError: cross-attention, whose rows and columns are not the same tokens.
    """
    if maps.group == "cross":
        raise InspectionError(
            "Rollout follows one tower's self-attention down to its own input; cross-attention "
            "looks into another tower. Choose the encoder's or the decoder's own attention."
        )
    flow = np.eye(maps.weights.shape[-1])
    for weights in maps.weights[: layer + 1]:
        mean = weights.mean(0, dtype=np.float64)
        mean /= np.maximum(mean.sum(-1, keepdims=True), 1e-12)
        flow = (STAYS * np.eye(len(mean)) + (1 - STAYS) * mean) @ flow
    return flow.astype(np.float32)
