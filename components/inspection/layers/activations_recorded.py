"""How silent each layer's MLP is, noted while a pass is under way: no layer's numbers are kept."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from jaxtyping import Bool, Float32, Float64
from torch import Tensor, nn

from components.inspection.anatomy import StackName
from components.inspection.errors import InspectionError
from components.inspection.gathering import array_of
from components.inspection.machine.mlp_parts import MlpMaps, Piece, activated, hidden_check
from components.inspection.model import Model
from components.inspection.progress import Progress
from components.inspection.stacks import blocks_of

THRESHOLDS: Final = (0.0, 0.001, 0.01, 0.05, 0.1)
"""A neuron's output is silent at a token if it is at most this share of the largest there (either
sign). 0: exact zeros only."""
MOST_NUMBERS: Final = 2**22
"""Of one layer: neurons times tokens. 2,048 neurons at 2,048 tokens."""


@dataclass(frozen=True, eq=False)
class Silence:
    """How silent one layer is at all tokens of a text."""

    share: Float32[np.ndarray, " threshold"]
    """Of the outputs of all neurons at all tokens, 0 to 1, by `THRESHOLDS`."""
    never: Float32[np.ndarray, " threshold"]
    """Of the neurons: silent at every token."""


class _Watch:
    """What is noted of the layers, in the order in which they run."""

    def __init__(self) -> None:
        self.given: dict[str, Float32[np.ndarray, "token _"]] = {}
        self.layers: list[Silence | None] = []


_WATCH: Final[ContextVar[_Watch | None]] = ContextVar("watch of activations", default=None)


def silence_of(
    after: Float64[np.ndarray, "token neuron"],
) -> Bool[np.ndarray, "threshold token neuron"]:
    """Say which outputs of an activation are silent, by `THRESHOLDS`."""
    sizes = np.abs(after)
    largest = sizes.max(axis=1, keepdims=True)
    return np.stack([sizes <= share * largest for share in THRESHOLDS])


@contextmanager
def watched(
    model: Model, stack: StackName, maps: MlpMaps, progress: Progress
) -> Iterator[list[Silence | None]]:
    """Note the silence of each layer of `stack` in the pass that is run meanwhile.

    Every block is taken to be wired as `maps` says; where its hidden numbers say otherwise, its
    silence is None. The list is whole when the pass is over.
    """
    watch = _Watch()
    token = _WATCH.set(watch)
    blocks = blocks_of(model.network, model.anatomy.stacks[stack])
    many = max(model.facts.layers, len(blocks))
    try:
        with ExitStack() as hooks:

            def begin(*_: Any) -> None:
                if _WATCH.get() is watch:  # of several passes the last one counts
                    watch.layers.clear()

            hooks.callback(model.network.register_forward_pre_hook(begin).remove)
            for block in blocks:
                _hook(model, block, maps, watch, hooks, progress, many)
            yield watch.layers
    finally:
        _WATCH.reset(token)


def _hook(
    model: Model,
    block: nn.Module,
    maps: MlpMaps,
    watch: _Watch,
    hooks: ExitStack,
    progress: Progress,
    many: int,
) -> None:
    pieces = [maps.before, *([maps.up] if maps.up else [])]

    def keep(path: str) -> Any:
        def hook(_module: nn.Module, _args: Any, output: Any) -> None:
            if _WATCH.get() is watch and isinstance(output, Tensor):
                watch.given[path] = _rows(output)

        return hook

    def enter(_module: nn.Module, _args: Any) -> None:
        if _WATCH.get() is watch:
            watch.given.clear()

    def down(_module: nn.Module, args: tuple[Any, ...]) -> None:
        if _WATCH.get() is watch and args and isinstance(args[0], Tensor):
            watch.given[maps.down] = _rows(args[0])

    def leave(*_: Any) -> None:
        if _WATCH.get() is watch:
            watch.layers.append(_silence(model, maps, watch.given))
            progress(min(len(watch.layers) / many, 1.0), "Reading, layer by layer")

    hooks.callback(block.register_forward_pre_hook(enter).remove)
    hooks.callback(block.register_forward_hook(leave).remove)
    named = dict(block.named_modules())
    for path in {piece.path for piece in pieces} & named.keys():
        hooks.callback(named[path].register_forward_hook(keep(path)).remove)
    if maps.down in named:
        hooks.callback(named[maps.down].register_forward_pre_hook(down).remove)


def _rows(tensor: Tensor) -> Float32[np.ndarray, "token _"]:
    return array_of(tensor).reshape(-1, tensor.shape[-1])


def _silence(
    model: Model, maps: MlpMaps, given: dict[str, Float32[np.ndarray, "token _"]]
) -> Silence | None:
    """Return a layer's silence; None where it is not wired as `maps` says.

    Raises:
        InspectionError: there are too many numbers.
    """
    if not {maps.before.path, maps.down} <= given.keys():
        return None
    before, hidden = _piece(maps.before, given), given[maps.down]
    up = None if maps.up is None else _piece(maps.up, given)
    if before.size > MOST_NUMBERS:
        most = MOST_NUMBERS // before.shape[1]
        raise InspectionError(
            f"Each layer has {before.shape[1]:,} neurons, and the text {len(before):,} tokens; "
            f"they are compared at up to {most:,} tokens. Shorten the text."
        )
    if before.shape != hidden.shape or (up is not None and up.shape != hidden.shape):
        return None
    if not hidden_check(before, up, hidden, maps.activation, model.facts.dtype).holds:
        return None
    return silence_shares(silence_of(activated(before, maps.activation)))


def silence_shares(mask: Bool[np.ndarray, "threshold token neuron"]) -> Silence:
    """Return how silent a layer is, by which of its outputs are."""
    return Silence(mask.mean((1, 2)).astype(np.float32), mask.all(1).mean(1).astype(np.float32))


def _piece(
    piece: Piece, given: dict[str, Float32[np.ndarray, "token _"]]
) -> Float32[np.ndarray, "token _"]:
    return given[piece.path][:, piece.start : piece.stop]
