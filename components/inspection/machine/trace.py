"""One pass in which one block is opened: what each of its modules was given, and what it gave."""

from collections.abc import Sequence
from contextlib import ExitStack
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from jaxtyping import Float32, Shaped
from torch import Tensor, nn

from components.inspection.anatomy import StackName
from components.inspection.edits import Edit
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import Part, record
from components.inspection.gathering import array_of
from components.inspection.model import Model
from components.inspection.recording import Recording
from components.inspection.stacks import blocks_of


@dataclass(frozen=True, eq=False)
class Call:
    """One module, run once."""

    module: nn.Module
    given: Shaped[Tensor, "..."] | None
    """Its first argument; None where that is no tensor, or was handed over by name."""
    gives: tuple[Shaped[Tensor, "..."], ...]

    @property
    def simple(self) -> bool:
        """It is one map with no other module in it."""
        return next(self.module.children(), None) is None

    def read(self, tokens: int) -> Float32[np.ndarray, "{tokens} inputs"] | None:
        """Return what it was given as a row for each token; None if it was not so."""
        return None if self.given is None else laid(self.given, tokens, 0)

    def gave(self, tokens: int) -> Float32[np.ndarray, "{tokens} outputs"] | None:
        """Return what it gave as a row for each token; None if it was not so."""
        return laid(self.gives[0], tokens, 0) if self.gives else None


@dataclass
class Trace:
    """What a pass left behind of one block. Modules are named by their paths in it."""

    block: nn.Module
    which: int
    """Of a block that is read again and again: the run that is meant, from 0."""
    calls: dict[str, Call] = field(default_factory=dict)
    """In the order in which they ended. Of a module that ran more than once, the first."""
    outside: dict[str, Call] = field(default_factory=dict)
    """Likewise of the network's modules outside of all blocks, where they were asked for."""
    runs: int = 0
    running: bool = False

    @property
    def inside(self) -> bool:
        """The run that is meant is under way."""
        return self.running and self.runs == self.which + 1


_TRACE: Final[ContextVar[Trace | None]] = ContextVar("trace of a block", default=None)


def traced(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None,
    stack: StackName,
    layer: int,
    keep: Sequence[Part] = ("residual", "attention"),
    outside: bool = False,
    edits: Sequence[Edit] = (),
) -> tuple[Recording, Trace]:
    """Let `model` read `text` once; return the recording, and what flowed in block `layer`.

    Nothing stays on the network, and other threads' passes are not seen. With `outside`, also what
    flowed outside of all blocks: tables, the last norm, the head. `edits` change the pass, as in
    `record`: a module that is edited gave what the network went on with.

    Raises:
        InspectionError: there is no such stack or block, or as `record`.
    """
    block, which = block_at(model, stack, layer)
    trace = Trace(block, which)
    token = _TRACE.set(trace)
    try:
        with ExitStack() as hooks:
            _hook(model, trace, hooks, outside)
            recording = record(model, text, target, keep=keep, bare=True, edits=edits)
    finally:
        _TRACE.reset(token)
    return recording, trace


def block_at(model: Model, stack: StackName, layer: int) -> tuple[nn.Module, int]:
    """Return the module that is block `layer` of `stack`, and which of its runs that is.

    Raises:
        InspectionError: there is no such stack or block.
    """
    if stack not in model.anatomy.stacks:
        raise InspectionError(
            f"'{model.name}' has no {stack}; it has: {', '.join(model.anatomy.stacks)}."
        )
    blocks = blocks_of(model.network, model.anatomy.stacks[stack])
    # Of ALBERT one block is as many layers as the configuration says.
    count = max(len(blocks), model.facts.layers) if len(blocks) == 1 else len(blocks)
    if not 0 <= layer < count:
        raise InspectionError(
            f"There is no layer {layer}: '{model.name}' has layers 0 to {count - 1} in its {stack}."
        )
    return blocks[layer % len(blocks)], layer // len(blocks)


def _hook(model: Model, trace: Trace, hooks: ExitStack, outside: bool) -> None:
    def begin(*_: Any) -> None:
        # A recording may need several passes: the last one counts.
        if _TRACE.get() is trace:
            trace.runs, trace.running = 0, False
            trace.calls.clear()
            trace.outside.clear()

    def enter(*_: Any) -> None:
        if _TRACE.get() is trace:
            trace.runs, trace.running = trace.runs + 1, True

    def leave(*_: Any) -> None:
        if _TRACE.get() is trace:
            trace.running = False

    hooks.callback(model.network.register_forward_pre_hook(begin).remove)
    hooks.callback(trace.block.register_forward_pre_hook(enter).remove)
    hooks.callback(trace.block.register_forward_hook(leave).remove)
    for path, module in trace.block.named_modules():
        if path and not isinstance(module, (nn.Dropout, nn.Identity)):
            _keep(hooks, module, path, trace, trace.calls, True)
    if outside:
        within = {
            id(module)
            for parts in model.anatomy.stacks.values()
            for block in blocks_of(model.network, parts)
            for module in block.modules()
        }
        for path, module in model.network.named_modules():
            if path and id(module) not in within and not isinstance(module, nn.ModuleList):
                _keep(hooks, module, path, trace, trace.outside, False)


def _keep(
    hooks: ExitStack,
    module: nn.Module,
    path: str,
    trace: Trace,
    calls: dict[str, Call],
    inside: bool,
) -> None:
    def hook(module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        if _TRACE.get() is not trace or (inside and not trace.inside) or path in calls:
            return
        given = args[0] if args and isinstance(args[0], Tensor) else None
        outputs = output if isinstance(output, (tuple, list)) else (output,)
        gives = tuple(one for one in outputs if isinstance(one, Tensor))
        # Copies: some families add to what a module gave in place (Falcon).
        calls[path] = Call(module, _own(given), tuple(one.detach().clone() for one in gives))

    hooks.callback(module.register_forward_hook(hook).remove)


def _own(tensor: Shaped[Tensor, "..."] | None) -> Shaped[Tensor, "..."] | None:
    return None if tensor is None else tensor.detach().clone()


LAYOUTS: Final = (0, 1)
"""Rows of tokens in which all heads stand side by side; or a row of tokens for each head."""


def laid(
    tensor: Shaped[Tensor, "..."], tokens: int, layout: int
) -> Float32[np.ndarray, "{tokens} _"] | None:
    """Return `tensor`, of one text, as a row for each token, if it lies in `layout`; else None."""
    if not tensor.is_floating_point() or not tensor.numel() or tensor.numel() % tokens:
        return None
    shape = tensor.shape
    if tokens == 1:
        return array_of(tensor).reshape(1, -1)
    if layout == 0:
        first = next((length for length in shape if length != 1), 1)
        return array_of(tensor).reshape(tokens, -1) if first == tokens else None
    if tensor.dim() < 3 or shape[-2] != tokens or tensor.numel() == tokens * shape[-1]:
        return None
    array = array_of(tensor).reshape(-1, tokens, shape[-1])
    return array.transpose(1, 0, 2).reshape(tokens, -1)
