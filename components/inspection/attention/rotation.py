"""Queries and keys before RoPE turned them, by the positions page's own measurement."""

from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.positions.measured import before_rotation
from components.inspection.recording import Array


def unrotated(model: Model, ids: list[int], layer: int) -> tuple[Array, Array] | None:
    """Return [head, token, size] queries and [kv_head, token, size] keys before the rotation.

    None where the model does not rotate, or rotates in a way that cannot be taken apart.
    """
    try:
        return before_rotation(model, ids, layer)
    except InspectionError:
        return None
