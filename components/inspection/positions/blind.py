"""A twin that cannot tell positions: whatever marks them is switched off, and that is measured.

Three things are switched off, known by what they are, not by their names: angles to turn by become
0; the vectors that are added become those of one place; and whatever else is handed to a block, or
made in it, and is the same for any tokens (a bias for the distance, vectors for distances),
becomes what it is for one place, or else 0.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from components.inspection.errors import InspectionError
from components.inspection.forward_pass import arguments_of, inputs_of
from components.inspection.model import Model
from components.inspection.positions.measured import position_code
from components.inspection.positions.repeated import marks
from components.inspection.positions.twin import Interception, Place, brief, intercepted, no_turn
from components.inspection.positions.words import sentence
from components.inspection.probe import drawn
from components.inspection.recording import HIDDEN
from components.inspection.running import run

Change = Callable[[Float[Tensor, "*axes"], tuple[int, ...]], Float[Tensor, "*axes"]]
"""Makes of what is handed to a block, and the lengths that its axes of tokens may have, something
without positions."""
Steady = set[tuple[Place | str, tuple[Any, ...]]]
"""What is the same whatever the tokens: a block and the way to one of its arguments, or the name of
a module and the way to its output."""


def without_positions(model: Model) -> Model:
    """Return a twin of `model` that cannot tell positions apart but by a causal mask.

    Raises:
        InspectionError: something of what tells positions cannot be switched off.
    """
    steady = _steady(model)
    for change in (_one_place, _nothing):
        twin = _switched_off(model, steady, change)
        if _is_blind(model, twin):
            return twin.model
    raise InspectionError(
        f"{sentence(position_code(model))} Vitrine cannot switch that off, so it cannot be seen "
        "what the model would do without."
    )


def _switched_off(model: Model, steady: Steady, change: Change) -> Interception:
    twin = intercepted(model)
    twin.change = no_turn
    twin.keep()

    def empty(place: Place, _block: nn.Module, args: Any, kwargs: Any) -> Any:
        return _instead(steady, place, (), (args, kwargs), lambda one: change(one, twin.tokens))

    twin.on_entry = empty
    for path, module in _modules(twin.model):

        def still(_module: nn.Module, _args: Any, output: Any, path: str = path) -> Any:
            return _instead(steady, path, (), output, _first_place)

        module.register_forward_hook(still)
    return twin


def _is_blind(model: Model, twin: Interception) -> bool:
    """Say whether one token at all places leaves no mark of where it stands."""
    found = marks(model, twin)
    first = {name: next(m for p, m in found.items() if p[0] == name) for name, _ in found}
    return not any(each.stream for each in first.values()) and not any(
        each.scores for each in found.values()
    )


def _steady(model: Model) -> Steady:
    """Let a twin read two texts; return what its blocks are handed, and its modules give, in
    both."""
    twin = intercepted(model)
    seen: dict[tuple[Any, tuple[Any, ...]], list[Tensor]] = {}

    def look(place: Place, _block: nn.Module, args: Any, kwargs: Any) -> None:
        for way, tensor in _tensors((args, kwargs), ()):
            seen.setdefault((place, way), []).append(tensor.clone())

    twin.on_entry = look
    for path, module in _modules(twin.model):

        def keep(_module: nn.Module, _args: Any, output: Any, path: str = path) -> None:
            for way, tensor in _tensors(output, ()):
                seen.setdefault((path, way), []).append(tensor.clone())

        module.register_forward_hook(keep)
    length = max(2, min(12, model.context - 2))
    two = len(model.anatomy.stacks) == 2
    with torch.no_grad():
        for seed in (0, 1):
            target = drawn(model, 6, seed + 2) if two else None
            inputs = inputs_of(model, drawn(model, length, seed), target)
            run(twin.model, **arguments_of(model, inputs), **brief(model))
    halves = ((key, each[: len(each) // 2], each[len(each) // 2 :]) for key, each in seen.items())
    return {
        key
        for key, one, other in halves
        if one
        and all(a.shape == b.shape and torch.equal(a, b) for a, b in zip(one, other, strict=True))
    }


def _modules(model: Model) -> Iterator[tuple[str, nn.Module]]:
    """Yield the modules with weights or tables of their own and no module below."""
    for path, module in model.network.base_model.named_modules():
        if path and next(module.children(), None) is None:
            yield path, module


def _tensors(
    value: Any, way: tuple[Any, ...]
) -> Iterator[tuple[tuple[Any, ...], Float[Tensor, "..."]]]:
    if isinstance(value, Tensor):
        if value.is_floating_point() and value.dim() >= 2:
            yield way, value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _tensors(one, (*way, key))
    elif type(value) in (tuple, list):
        for place, one in enumerate(value):
            yield from _tensors(one, (*way, place))


def _instead(steady: Steady, where: Any, way: tuple[Any, ...], value: Any, change: Any) -> Any:
    if isinstance(value, Tensor):
        return change(value) if (where, way) in steady else value
    if isinstance(value, dict):
        return {k: _instead(steady, where, (*way, k), one, change) for k, one in value.items()}
    if type(value) in (tuple, list):
        return type(value)(
            _instead(steady, where, (*way, place), one, change) for place, one in enumerate(value)
        )
    return value


def _is_mask(value: Float[Tensor, "..."]) -> bool:
    return bool(((value == 1) | (value == 0)).all()) or bool((value <= HIDDEN).any())


def _one_place(value: Float[Tensor, "*axes"], tokens: tuple[int, ...]) -> Float[Tensor, "*axes"]:
    """Return what `value` has for the first place, at all places; a mask as it is.

    Places are along the axes that are as long as the text, and along the rows of a plain table.
    """
    axes = [axis for axis, length in enumerate(value.shape) if length in tokens]
    if value.dim() == 2:
        axes = [0]
    if _is_mask(value):
        return _nothing(value, tokens)
    first = value
    for axis in axes:
        first = first.narrow(axis, 0, 1)
    return first.expand_as(value)


def _nothing(value: Float[Tensor, "*axes"], _tokens: tuple[int, ...]) -> Float[Tensor, "*axes"]:
    """Return 0 wherever `value` is no mask; tables of angles 0 have been put in already."""
    if bool(((value == 1) | (value == 0)).all()):
        return value
    return torch.where(value > HIDDEN, torch.zeros_like(value), value)


def _first_place(value: Float[Tensor, "*axes token width"]) -> Float[Tensor, "*axes token width"]:
    """Return the first row for all, as a module gives vectors for places."""
    return value if _is_mask(value) else value[..., :1, :].expand_as(value)
