"""Many heads in one picture: mean, maximum, and rollout through the layers."""

from typing import Final

import numpy as np
from jaxtyping import Float32, Float64

from components.inspection import rounding
from components.inspection.attention.maps import AttentionMaps
from components.inspection.checks import Check
from components.inspection.errors import InspectionError

STAYS: Final = 0.5
"""Half of what a layer hands on is the token itself, by the residual connection (rollout)."""


def mean_over_heads(maps: AttentionMaps, layer: int) -> Float32[np.ndarray, "query key"]:
    """Return the mean weight over the heads of `layer`. Rows sum to 1."""
    return maps.weights[maps.place_of(layer)].mean(0)


def max_over_heads(maps: AttentionMaps, layer: int) -> Float32[np.ndarray, "query key"]:
    """Return the largest weight of any head. Rows sum to 1 or more."""
    return maps.weights[maps.place_of(layer)].max(0)


def rollout(maps: AttentionMaps, layer: int) -> Float32[np.ndarray, "token token"]:
    """Return attention followed from `layer` down to the input: of query tokens to key tokens.

    Each layer counts as half attention (the mean over its heads), half residual connection; the
    layers' matrices are multiplied, the last one from the left: A_l ... A_1 A_0. Values and MLPs
    are left out, so it is a rough guide. Rows sum to 1.

    Source: Abnar and Zuidema, "Quantifying Attention Flow in Transformers" (2020).

    Raises:
        InspectionError: cross-attention, whose rows and columns are not the same tokens.
    """
    if maps.group == "cross":
        raise InspectionError(
            "Rollout follows one stack's self-attention down to its own input; cross-attention "
            "looks into another stack. Choose the encoder's or the decoder's own attention."
        )
    flow = np.eye(maps.weights.shape[-1])
    for mixed in _mixed(maps, layer):
        flow = mixed @ flow
    return flow.astype(np.float32)


def rollout_check(
    flow: Float32[np.ndarray, "token token"], maps: AttentionMaps, layer: int
) -> Check:
    """Compare a rollout with walks the other way: from each query token down through the layers."""
    down = np.eye(len(flow))
    for mixed in reversed(_mixed(maps, layer)):
        down = down @ mixed
    # Each layer's product is a sum over the tokens, of numbers that sum to 1.
    allowed = rounding.unit("float32") + maps.layers * rounding.summed(len(flow), "float64")
    return rounding.compared(
        "each row is where attention leads from its token, layer by layer, down to the input",
        flow,
        down,
        allowed,
        "The layers were not multiplied as they follow one another.",
    )


def _mixed(maps: AttentionMaps, layer: int) -> list[Float64[np.ndarray, "token token"]]:
    """Return each layer's matrix up to `layer`, the lowest first: half attention, half identity."""
    found = []
    for weights in maps.weights[: maps.place_of(layer) + 1]:
        mean = weights.mean(0, dtype=np.float64)
        mean /= np.maximum(mean.sum(-1, keepdims=True), 1e-12)
        found.append(STAYS * np.eye(len(mean)) + (1 - STAYS) * mean)
    return found
