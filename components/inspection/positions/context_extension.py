"""Run a model with another rotation than the one it was trained with.

transformers' own functions compute every rotation; a twin of the network (`twin.py`) is handed its
angles, so that the shared model stays as it is.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import torch
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from components.inspection import rounding
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.positions.extension_methods import HIGH, LOW, NAMES, ContextExtension
from components.inspection.positions.measured import position_code
from components.inspection.positions.rope import require_rotation
from components.inspection.positions.rotation import Rope
from components.inspection.positions.tables import Tables, Turns, turns_of
from components.inspection.positions.twin import Place, intercepted

FULL: Final = "full_attention"
OF_THE_LENGTH: Final = ("dynamic", "longrope")
"""Types whose frequencies depend on how long the text is."""
POWERS: Final = 32 * rounding.unit("float32")
"""By what share a power of the base may be rounded, with an exponent times ln(base) up to 16."""


def parameters_for(rope: Rope, extension: ContextExtension) -> dict[str, Any]:
    """Return transformers' `rope_parameters` for `extension` of a model that rotates by `rope`.

    An extension that the model has already is replaced: the method starts from its base and the
    length it was first trained for.

    Raises:
        InspectionError: the method or the factor does not exist, or the base is not known.
    """
    if extension.method not in NAMES or not LOW <= extension.factor <= HIGH:
        raise InspectionError(
            f"There is no context extension '{extension.method}' by {extension.factor:g}: the "
            f"methods are {', '.join(NAMES)}, the factors {LOW:g} to {HIGH:g}."
        )
    factor, rotated = extension.factor, rope.rotated
    if rotated <= 2:
        raise InspectionError(
            "Only one pair of each head is rotated here; context extension tells fast pairs from "
            "slow ones, so it needs at least two."
        )
    if rope.kind == "proportional":
        raise InspectionError(
            "This rotation leaves a share of its pairs unrotated ('proportional'), and the methods "
            "of extension start from a formula for all of them: they cannot be tried on it."
        )
    if not np.isfinite(rope.theta):
        raise InspectionError(
            "The frequencies of this rotation are not those of RoPE's formula for any base, so the "
            "methods of extension, which all start from that, cannot be tried on it."
        )
    parameters: dict[str, Any] = {"rope_theta": rope.theta, "rope_type": extension.method}
    if extension.method in ("trained", "theta"):
        exponent = rotated / (rotated - 2) if extension.method == "theta" else 0.0
        return {"rope_type": "default", "rope_theta": rope.theta * factor**exponent}
    parameters["factor"] = factor
    if extension.method == "by_parts":
        parameters |= {"rope_type": "yarn", "attention_factor": 1.0}
    if extension.method in ("by_parts", "yarn", "longrope", "llama3"):
        parameters["original_max_position_embeddings"] = rope.context
    if extension.method == "llama3":
        parameters |= {"low_freq_factor": 1.0, "high_freq_factor": 4.0}
    if extension.method == "longrope":
        last = max(1, rope.pairs - 1)
        parameters["short_factor"] = [1.0] * rope.pairs
        parameters["long_factor"] = [factor ** (pair / last) for pair in range(rope.pairs)]
    return parameters


def under(rope: Rope, extension: ContextExtension, length: int) -> Rope:
    """Return the rotation `rope` becomes under `extension` for a text of `length` tokens.

    Computed by transformers' LlamaRotaryEmbedding, without a model.
    """
    if extension.method == "trained":
        return rope
    # Dynamic NTK compares with the trained length; the others state it by themselves.
    longer = 1.0 if extension.method == "dynamic" else extension.factor
    config = LlamaConfig(
        head_dim=rope.rotated,
        max_position_embeddings=int(rope.context * longer),
        rope_parameters=parameters_for(rope, extension),
    )
    rotary = LlamaRotaryEmbedding(config)
    made: Any = config.rope_parameters
    rotary(torch.zeros(1), torch.tensor([[max(1, length) - 1]]))  # dynamic types look at the length
    return replace(
        rope,
        frequencies=rotary.inv_freq.float().numpy().copy(),
        scaling=float(rotary.attention_scaling),
        kind=str(made["rope_type"]),
        theta=float(made["rope_theta"]),
    )


@dataclass(frozen=True, eq=False)
class Target:
    """The rotation that is extended, and the layers that have it."""

    rope: Rope
    layers: tuple[int, ...]
    others: tuple[int, ...]
    """Layers that rotate otherwise, and stay as they are."""


def target(model: Model) -> Target:
    """Return which rotation of `model` is extended.

    Where layers rotate differently, that of the layers with full attention: those of sliding
    attention never look far. If none is said to be full, that whose slowest pair turns most slowly.

    Raises:
        InspectionError: the model does not rotate.
    """
    stack = require_rotation(model)
    ropes = {each.layer: each.rope for each in stack.layers if each.rope is not None}
    types = getattr(model.network.config.get_text_config(), "layer_types", None) or []
    full = [layer for layer in ropes if layer < len(types) and types[layer] == FULL]
    chosen = (
        full[0] if full else max(ropes, key=lambda layer: float(ropes[layer].wavelengths.max()))
    )
    rope = ropes[chosen]
    layers = tuple(layer for layer, one in ropes.items() if _alike(one, rope))
    return Target(rope, layers, tuple(layer for layer in ropes if layer not in layers))


def target_or_none(model: Model) -> Target | None:
    """Return what `target` does, or None if the model does not rotate."""
    return target(model) if position_code(model).first.rotating else None


def _alike(one: Rope, other: Rope) -> bool:
    return (
        np.array_equal(one.frequencies, other.frequencies)
        and one.scaling == other.scaling
        and one.size == other.size
    )


def extended(model: Model, extension: ContextExtension, length: int) -> Model:
    """Return a twin of `model` that rotates as `extension` says, for texts of `length` tokens.

    Raises:
        InspectionError: the model does not rotate, or there is no such extension.
    """
    found = target(model)
    changed = under(found.rope, extension, length)
    # Dynamic NTK leaves short texts alone: bit for bit, where its formula gives what there is.
    same = changed.scaling == found.rope.scaling and np.allclose(
        changed.frequencies, found.rope.frequencies, rtol=POWERS, atol=0.0
    )
    return _handed(model, found, None if same else changed, length)


def rebuilt(model: Model, length: int) -> Model:
    """Return a twin that is handed the angles of the measured frequencies: it should be the model.

    Raises:
        InspectionError: the model does not rotate.
    """
    found = target(model)
    return _handed(model, found, found.rope, length)


def _handed(model: Model, found: Target, rope: Rope | None, length: int) -> Model:
    """Return a twin whose target layers turn by `rope`; None leaves them their own angles.

    A table that a layer keeps (GPT-J) is made as long as the text, where it is too short.
    """
    stack = next(iter(model.anatomy.stacks))
    twin = intercepted(model)

    def change(place: Place, tables: Tables) -> Turns | None:
        if place[0] != stack or place[1] not in found.layers or tables.pairs != found.rope.pairs:
            return None
        rows = len(tables.turns)
        if place in twin.kept:
            rows = max(rows, length)
            if rope is None and rows == len(tables.turns):
                return None
        elif rope is None:
            return None
        own = rope or found.rope
        if rope is found.rope and rope.kind in OF_THE_LENGTH:
            return turns_of(tables.frequencies, tables.scaling, rows)
        return turns_of(own.frequencies, own.scaling, rows)

    twin.change = change
    twin.keep()
    return twin.model
