"""How far a network carries a rounding on: measured, since no formula knows.

Each block's output is moved by at most one unit in its last place, at random, as if it had been
computed in another order; how far that moves the result is the floor of what rounding alone can
do. Two ways to compute the same thing (with a cache and without; from ids and from embeddings)
agree if they differ by no more than `ROUNDINGS` times that.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, Final

import torch
from jaxtyping import Float, Float64
from torch import Tensor, nn

from components.inspection.hooks import with_first
from components.inspection.model import Model
from components.inspection.stacks import blocks_of

ROUNDINGS: Final = 8.0
"""A block rounds some dozens of times where the floor has it round once; they are independent, so
their effects add up as a root: of 64 roundings 8 times one. Over 128 families in float32, logits
with a cache and without differed by 2.7 times the floor at most."""
SEEDS: Final = 2
"""How often the floor is measured: the larger counts."""

_JITTER: Final[ContextVar[torch.Generator | None]] = ContextVar("jitter", default=None)


def floor(
    model: Model,
    run: Callable[[], Float[Tensor, "..."]],
    usual: Float[Tensor, "..."] | None = None,
) -> float:
    """Return the largest change of `run()` when each block's output is rounded once more.

    `usual` is what it gives without, if that is known already.
    """
    usual = run() if usual is None else usual
    return float(floors(model, lambda: run().reshape(-1), usual.reshape(-1)))


def floors(
    model: Model, run: Callable[[], Float[Tensor, "*axes _"]], usual: Float[Tensor, "*axes _"]
) -> Float64[Tensor, "*axes"]:
    """Do as `floor` for each row of what `run()` gives by itself."""
    usual = usual.double()
    # The result is rounded too, even where no block's rounding reaches it.
    largest = float(torch.finfo(model.dtype).eps) / 2 * usual.abs().amax(-1)
    for seed in range(SEEDS):
        with _jittered(model, seed):
            moved = (run().double() - usual).abs().amax(-1)
        largest = torch.maximum(largest, moved)
    return largest


def allowed(
    model: Model,
    run: Callable[[], Float[Tensor, "..."]],
    usual: Float[Tensor, "..."] | None = None,
) -> float:
    """Return by how much `run()` may differ from the same thing computed in another order."""
    return ROUNDINGS * floor(model, run, usual)


@contextmanager
def _jittered(model: Model, seed: int) -> Iterator[None]:
    generator = torch.Generator().manual_seed(seed)
    token = _JITTER.set(generator)

    def moved(tensor: Any) -> Any:
        if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
            return tensor
        draw = torch.rand(tensor.shape, generator=generator) * 2 - 1
        step = torch.finfo(tensor.dtype).eps * draw.to(tensor.device, torch.float32)
        return (tensor.float() * (1 + step)).to(tensor.dtype)

    def hook(_module: nn.Module, _args: Any, output: Any) -> Any:
        # Other readers' passes go through the same blocks.
        if _JITTER.get() is not generator:
            return None
        return with_first(output, moved)

    try:
        with ExitStack() as hooks:
            for parts in model.anatomy.stacks.values():
                for block in blocks_of(model.network, parts):
                    hooks.callback(block.register_forward_hook(hook).remove)
            yield
    finally:
        _JITTER.reset(token)
