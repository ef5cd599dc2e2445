"""What queries and keys were before a layer turned them: its block runs a second time, unrotated.

The family's own projections (and norms of queries and keys, where there are some) make them: only
the angles that the block is handed are 0.
"""

import copy
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn
from transformers import Cache

from components.inspection.forward_pass import arguments_of, inputs_of
from components.inspection.model import Model
from components.inspection.positions.twin import (
    Interception,
    Place,
    RotaryInputs,
    brief,
    intercepted,
    no_turn,
)
from components.inspection.running import run
from components.inspection.softmax_tap import SoftmaxTap
from components.inspection.tap import COLLECTOR, AttentionCapture, Collector


@dataclass(frozen=True, eq=False)
class UnrotatedVectors:
    """Queries and keys of one layer, as they are before any rotation."""

    queries: Float32[np.ndarray, "head token size"]
    keys: Float32[np.ndarray, "kv_head token size"]


class _EnoughError(Exception):
    """The layer that was asked for has run."""


def unrotated(
    model: Model, ids: list[int], target: Any = None, only: Place | None = None
) -> tuple[Mapping[Place, UnrotatedVectors | None], Mapping[Place, list[RotaryInputs]]]:
    """Let a twin of `model` read `ids`; return what each layer would have had without turning.

    Second, the tables that each layer was handed to turn by. With `only`, of that layer alone, and
    the pass ends there. None where a block does not attend, or lays its vectors out in an unknown
    way.
    """
    twin = intercepted(model)
    found: dict[Place, UnrotatedVectors | None] = {}

    def capture(place: Place, block: nn.Module, args: Any, kwargs: Any) -> None:
        if only is not None and place != only:
            return
        twin.change = no_turn
        twin.keep()
        try:
            found[place] = _attended(twin, model, block, args, kwargs)
        finally:
            twin.change = None
            twin.keep()
        if only is not None:
            raise _EnoughError

    twin.on_entry = capture
    try:
        with torch.no_grad():
            run(twin.model, **arguments_of(model, inputs_of(model, ids, target)), **brief(model))
    except _EnoughError:
        pass
    return found, dict(twin.handed)


def _attended(
    twin: Interception, model: Model, block: nn.Module, args: Any, kwargs: Any
) -> UnrotatedVectors | None:
    legacy = not type(model.network)._can_set_attn_implementation()
    collector = Collector(place=twin.place)
    token = COLLECTOR.set(collector)
    try:
        with ExitStack() as taps:
            if model.known.get("whole", legacy):
                collector.whole = taps.enter_context(SoftmaxTap())
            block.forward(*twin.instead(_own(args)), **twin.instead(_own(kwargs)))
        collector.collect()
    finally:
        COLLECTOR.reset(token)
    return _vectors(collector.caught[0]) if collector.caught else None


def _vectors(caught: AttentionCapture) -> UnrotatedVectors | None:
    if caught.queries is None or caught.keys is None:
        return None
    # Without a module's name, keys were caught as the product has them, transposed.
    keys = caught.keys if caught.module is not None else caught.keys.transpose(-1, -2)
    return UnrotatedVectors(_heads(caught.queries), _heads(keys))


def _heads(tensor: Float[Tensor, "... token size"]) -> Float32[np.ndarray, "head token size"]:
    array = tensor.detach().to("cpu", torch.float32).numpy()
    return array.reshape(-1, *array.shape[-2:]).copy()


def _own(value: Any) -> Any:
    """Return copies: a block may write into what it is given, and runs once more."""
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, Cache):
        return copy.deepcopy(value)
    if isinstance(value, dict):
        return {key: _own(one) for key, one in value.items()}
    if type(value) in (tuple, list):
        return type(value)(_own(one) for one in value)
    return value
