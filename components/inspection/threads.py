"""On how many threads a network computes: a small one on one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import torch

from components.inspection.model import Model

SMALL: Final = 50_000_000
"""Parameters below which one thread does a pass: its products are so small that handing out their
parts costs a fifth of the work, and the other cores serve other readers meanwhile."""
ALL: Final = torch.get_num_threads()
"""As many as torch takes by itself."""


@contextmanager
def threads_of(model: Model) -> Iterator[None]:
    """Let this thread compute `model` on as many threads as suit it, and as before afterwards.

    Torch keeps the number for each thread by itself; a new thread begins with the last that any
    has set, so whoever has a model's turn sets it.
    """
    small = model.device.type == "cpu" and model.facts.parameters < SMALL
    before = torch.get_num_threads()
    torch.set_num_threads(1 if small else ALL)
    try:
        yield
    finally:
        torch.set_num_threads(before)
