"""Queries and keys before RoPE turned them, by the positions page's own measurement."""

import numpy as np
from jaxtyping import Float32

from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.positions.measured import before_rotation


def unrotated(
    model: Model, ids: list[int], layer: int
) -> (
    tuple[Float32[np.ndarray, "head token size"], Float32[np.ndarray, "kv_head token size"]] | None
):
    """Return queries and keys before the rotation.

    None where the model does not rotate, or rotates in a way that cannot be taken apart.
    """
    try:
        return before_rotation(model, ids, layer)
    except InspectionError:
        return None
