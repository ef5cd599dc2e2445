"""What shows a machine's limits: a large product of matrices, and a copy of many bytes."""

from collections.abc import Callable
from typing import Any, Final

import torch

from components.inspection.devices import memory, ran_out
from components.inspection.model import Model

SIDE: Final = {"cpu": 512, "cuda": 8_192, "mps": 2_048}
"""Of the square matrices that are multiplied, where there is room."""
LEAST_SIDE: Final = 128
LEAST_COPY: Final = 2**22
MOST_COPY: Final = 2**28
SHARE_OF_FREE: Final = 0.25
"""Of the free memory, that the products' matrices may take, and the copies' bytes."""


def product(model: Model) -> tuple[int, Callable[[], object]]:
    """Return the side of two square matrices in the model's format, and their product.

    As large as `SIDE` says, and smaller where there is no room.

    Raises:
        torch.OutOfMemoryError: not even the smallest fit.
    """
    free, _ = memory(str(model.device))
    side = SIDE[model.device.type]
    while side > LEAST_SIDE and 2 * side**2 * model.dtype.itemsize > free * SHARE_OF_FREE:
        side //= 2
    while True:
        try:
            multiply = _squares(model, side)
            multiply()
        except RuntimeError as error:
            if side <= LEAST_SIDE or not ran_out(error):
                raise
            side //= 2
        else:
            return side, multiply


def _squares(model: Model, side: int) -> Callable[[], object]:
    one = torch.ones((side, side), dtype=model.dtype, device=model.device)
    out = torch.empty_like(one)
    return lambda: torch.mm(one, one, out=out)


def copy(model: Model) -> tuple[int, Callable[[], Any]]:
    """Return how many bytes are copied (as many as the weights have), and the copy."""
    free, _ = memory(str(model.device))
    most = min(MOST_COPY, int(free * SHARE_OF_FREE / 2))
    size = min(max(model.facts.weight_bytes, LEAST_COPY), most)
    source = torch.ones(size, dtype=torch.uint8, device=model.device)
    target = torch.empty_like(source)
    return size, lambda: target.copy_(source)
