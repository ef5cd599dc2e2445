"""A second network of the same weights, in which positions may be changed at will.

The shared network is never touched: a twin has modules and a configuration of its own, but the
very same parameter tensors, so it takes next to no memory. What a twin changes (its hooks, tables
that it keeps) is seen by nobody else.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor, nn

from components.inspection.anatomy import StackName
from components.inspection.copies import duplicate
from components.inspection.model import Model
from components.inspection.positions.tables import Tables, Turns, recognised
from components.inspection.stacks import blocks_of

Place = tuple[StackName, int]
"""A stack, and a layer in it as the network counts its blocks."""


def twin(model: Model) -> Model:
    """Return `model` with a network of its own that shares every weight.

    What was measured on `model` is not handed on: of its twin it need not be so.
    """
    shared: dict[int, Tensor] = {id(weight): weight for weight in model.network.parameters()}
    for name, buffer in model.network.named_buffers():
        # Rotary modules write to theirs (LongRoPE, dynamic NTK): those are small, and copied.
        if "inv_freq" not in name:
            shared[id(buffer)] = buffer
    whole = {name: model.known[name] for name in ("whole",) if name in model.known}
    return replace(model, network=duplicate(model.network, shared), known=whole)


def brief(model: Model) -> dict[str, Any]:
    """Return what spares a network the logits of all tokens but the last, where it offers that:
    for passes of which only the inside is looked at."""
    return {"logits_to_keep": 1} if model.takes("logits_to_keep") else {}


@dataclass(frozen=True, eq=False)
class RotaryInputs:
    """What a layer was handed to turn its queries and keys by."""

    tables: Tables
    fine: Tables
    """The same in float32, where the module that made them makes them so; else `tables`."""
    kept: bool
    """They are rows of a table that the layer keeps, and end with it."""


Change = Callable[[Place, Tables], Turns | None]
"""Returns the angles to hand over instead, or None to leave them as they are."""
Entry = Callable[[Place, nn.Module, Any, Any], tuple[Any, Any] | None]


@dataclass
class Interception:
    """A twin whose layers are handed what one likes instead of their own tables of angles."""

    model: Model
    """The twin: run it."""
    change: Change | None = None
    """What to hand over; None leaves everything as it is."""
    on_entry: Entry | None = None
    """Called with what a block is about to be run with; may return something else."""
    start: int = 0
    """The position of the first token."""
    handed: dict[Place, list[RotaryInputs]] = field(default_factory=dict)
    """What each layer was handed in the last pass; of several tables it may use one only."""
    place: Place | None = None
    tokens: tuple[int, ...] = ()
    """How many tokens a block is run with: the lengths that its input may be."""
    kept: dict[Place, list[tuple[nn.Module, str, Float[Tensor, "position _"]]]] = field(
        default_factory=dict
    )
    """Tables that a block keeps: the module, their name in it, and the network's own."""
    _makers: list[tuple[Any, nn.Module, Any, Any]] = field(default_factory=list)

    def instead(self, value: Any) -> Any:
        """Return `value` with each table of angles in it replaced as `change` says."""
        assert self.place is not None
        tables = self._recognised(value)
        if tables is None:
            if isinstance(value, dict):
                return {key: self.instead(one) for key, one in value.items()}
            if type(value) in (tuple, list):
                return type(value)(self.instead(one) for one in value)
            return value
        known = self.handed.setdefault(self.place, [])
        if not any(np.array_equal(one.tables.turns, tables.turns) for one in known):
            known.append(RotaryInputs(tables, self._fine(value, tables), kept=False))
        turns = None if self.change is None else self.change(self.place, tables)
        return value if turns is None else tables.laid_out(turns, value)

    def keep(self) -> None:
        """Give the blocks the tables that they are to keep, as `change` says."""
        for place, tables in self.kept.items():
            for module, name, own in tables:
                known = recognised(own, len(own))
                assert known is not None
                turns = None if self.change is None else self.change(place, known)
                table = own if turns is None else known.laid_out(turns, own)
                if name in module._buffers:
                    module._buffers[name] = table
                else:
                    setattr(module, name, table)

    def _fine(self, value: Any, tables: Tables) -> Tables:
        if tables.dtype == "float32":
            return tables
        for made, module, args, kwargs in self._makers:
            if made is value or (isinstance(value, tuple) and value[0] is _first(made)):
                again = module.forward(*_in_float32(args), **_in_float32(kwargs))
                return self._recognised(again) or tables
        return tables

    def _recognised(self, value: Any) -> Tables | None:
        found = (recognised(value, tokens, self.start) for tokens in self.tokens)
        return next((one for one in found if one is not None), None)

    def made(self, module: nn.Module, args: Any, kwargs: Any, output: Any) -> Any:
        """Take note of what a module without weights gives; inside a block, perhaps replace it."""
        inside = self.place is not None
        if inside and self._recognised(output) is None:
            return None
        if isinstance(output, (tuple, Tensor)):
            self._makers.append((output, module, args, kwargs))
        return self.instead(output) if inside else None


def intercepted(model: Model) -> Interception:
    """Return a twin of `model` whose tables of angles can be seen and replaced."""
    found = Interception(twin(model))
    network = found.model.network
    for name, parts in found.model.anatomy.stacks.items():
        for layer, block in enumerate(blocks_of(network, parts)):
            _hook_block(found, (name, layer), block)
    for module in network.modules():
        if next(module.parameters(), None) is None:
            module.register_forward_hook(found.made, with_kwargs=True)
    network.base_model.register_forward_pre_hook(lambda *_: _begin(found))
    return found


def altered(model: Model, change: Change, start: int = 0) -> Model:
    """Return a twin of `model` whose layers are handed what `change` says instead.

    For texts whose first token stands at position `start`.
    """
    found = intercepted(model)
    found.change, found.start = change, start
    found.keep()
    return found.model


def _begin(found: Interception) -> None:
    found.handed.clear()
    found._makers.clear()
    found.place = None


def _hook_block(found: Interception, place: Place, block: nn.Module) -> None:
    tables = [each for module in block.modules() for each in _kept_by(module)]
    if tables:
        found.kept[place] = tables

    def before(module: nn.Module, args: Any, kwargs: Any) -> tuple[Any, Any]:
        found.place, found.tokens = place, _tokens(args, kwargs)
        for _, _, own in tables:
            known = recognised(own, len(own))
            assert known is not None
            found.handed.setdefault(place, []).append(RotaryInputs(known, known, kept=True))
        args, kwargs = found.instead(args), found.instead(kwargs)
        told = None if found.on_entry is None else found.on_entry(place, module, args, kwargs)
        return (args, kwargs) if told is None else told

    def after(*_: Any) -> None:
        found.place = None

    block.register_forward_pre_hook(before, with_kwargs=True)
    block.register_forward_hook(after, always_call=True)


def _kept_by(module: nn.Module) -> list[tuple[nn.Module, str, Float[Tensor, "position _"]]]:
    own = {**vars(module), **module._buffers}
    return [
        (module, name, value)
        for name, value in own.items()
        if isinstance(value, Tensor) and value.dim() == 2 and recognised(value, len(value))
    ]


def _tokens(args: Any, kwargs: Any) -> tuple[int, ...]:
    """Return how many tokens a block may be run with: the lengths of its first tensor's axes.

    OPT flattens text and position, XLNet puts the position first, others have several streams.
    """
    tensors = (v for v in (*args, *kwargs.values()) if isinstance(v, Tensor) and v.dim() >= 2)
    lengths = next(tensors).shape[:-1]
    return tuple(dict.fromkeys([length for length in lengths if length > 1] or [1]))


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) and value else None


def _in_float32(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.float() if value.is_floating_point() else value
    if isinstance(value, dict):
        return {key: _in_float32(one) for key, one in value.items()}
    if type(value) in (tuple, list):
        return type(value)(_in_float32(one) for one in value)
    return value


def no_turn(_place: Place, tables: Tables) -> Turns:
    """Say, as a change, that nothing is turned: each angle is 0."""
    return np.ones_like(tables.turns)
