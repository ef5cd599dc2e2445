"""What a safetensors file says of itself: 8 bytes of length, a JSON header, then the numbers.

Read by the rules of the format (safetensors' own documentation), so that a file that breaks one is
told of before a library opens it.
"""

import json
import struct
from math import prod
from pathlib import Path
from typing import Any, Final

from components.inspection.errors import InspectionError

MOST_HEADER_BYTES: Final = 16 * 2**20
"""Enough for the names and sizes of 100,000 tensors; the format itself allows 100 MB."""
MOST_AXES: Final = 64
"""torch's own limit."""
BITS: Final = {
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0"), 8),
    **dict.fromkeys(("F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
}
"""How many bits one number of each type takes."""

Shapes = dict[str, tuple[int, ...]]
"""The size of each stored tensor, by its name."""


def read_shapes(file: Path, source: str) -> Shapes:
    """Return the sizes of the tensors in `file`.

    Raises:
        InspectionError: it is no such file, is cut short, or its header contradicts itself.
    """
    try:
        with file.open("rb") as opened:
            size = file.stat().st_size
            (length,) = struct.unpack("<Q", opened.read(8))
            if length > min(MOST_HEADER_BYTES, size - 8):
                raise ValueError
            header = json.loads(opened.read(length).decode())
        header.pop("__metadata__", None)
        parts = sorted(_part(tensor) for tensor in header.values())
        ends = [0, *(end for _, end in parts)]
        whole = all(end == start for end, (start, _) in zip(ends, parts, strict=False))
        if not whole or 8 + length + ends[-1] != size:
            raise ValueError
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError):
        raise InspectionError(
            f"The weights file {file.name} of '{source}' is broken or cut short. Fetch it again."
        ) from None
    return {name: tuple(tensor["shape"]) for name, tensor in header.items()}


def _part(tensor: dict[str, Any]) -> tuple[int, int]:
    """Return where a tensor begins and ends.

    Raises:
        ValueError, KeyError, TypeError: its type, its size and its place do not agree.
    """
    shape, (start, end) = tensor["shape"], tensor["data_offsets"]
    numbers = [*shape, start, end]
    if any(not isinstance(each, int) or isinstance(each, bool) or each < 0 for each in numbers):
        raise ValueError
    if len(shape) > MOST_AXES or prod(shape) * BITS[tensor["dtype"]] != 8 * (end - start):
        raise ValueError
    return start, end
