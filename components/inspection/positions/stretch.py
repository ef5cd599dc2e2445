"""Run a model with another rotation than the one it was trained with.

transformers' own functions compute every rotation; the changed configuration and rotary module
belong to a twin of the network (`twin.py`), so that the shared model stays as it is.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import torch
from transformers import LlamaConfig, PretrainedConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.positions import twin as twins
from components.inspection.positions.rope import (
    config_of,
    layer_type_of,
    require_rope,
    rope_of,
    rope_parameters,
)
from components.inspection.positions.rotation import Array, Rope
from components.inspection.positions.ways import HIGH, LOW, NAMES, Stretch

FULL: Final = "full_attention"


def parameters_for(rope: Rope, own: dict[str, Any], stretch: Stretch) -> dict[str, Any]:
    """Return transformers' `rope_parameters` for `stretch` of a model that has `own`.

    Raises:
        InspectionError: the way or the factor does not exist.
    """
    if stretch.way not in NAMES or not LOW <= stretch.factor <= HIGH:
        raise InspectionError(
            f"There is no stretching '{stretch.way}' by {stretch.factor:g}: the ways are "
            f"{', '.join(NAMES)}, the factors {LOW:g} to {HIGH:g}."
        )
    if stretch.way == "trained":
        return own
    factor, turned = stretch.factor, rope.turned
    if turned <= 2:
        raise InspectionError(
            "Only one pair of each head is turned here; stretching tells fast pairs from slow "
            "ones, so it needs at least two."
        )
    parameters: dict[str, Any] = {"rope_theta": rope.theta, "rope_type": stretch.way}
    if "partial_rotary_factor" in own:
        parameters["partial_rotary_factor"] = own["partial_rotary_factor"]
    if stretch.way == "theta":
        exponent = turned / (turned - 2)
        return parameters | {"rope_type": "default", "rope_theta": rope.theta * factor**exponent}
    parameters["factor"] = factor
    if stretch.way in ("yarn", "longrope", "llama3"):
        parameters["original_max_position_embeddings"] = rope.context
    if stretch.way == "llama3":
        parameters |= {"low_freq_factor": 1.0, "high_freq_factor": 4.0}
    if stretch.way == "longrope":
        last = max(1, rope.pairs - 1)
        parameters["short_factor"] = [1.0] * rope.pairs
        parameters["long_factor"] = [factor ** (pair / last) for pair in range(rope.pairs)]
    return parameters


def stretched(model: Model, stretch: Stretch, length: int) -> Model:
    """Return a twin of `model` that rotates as `stretch` says, for texts of `length` tokens.

    In a family that turns layers of different types differently, the layers of full attention
    change; those of sliding attention never look far.

    Raises:
        InspectionError: the model does not rotate, or there is no such stretching.
    """
    require_rope(model)
    other = twins.twin(model)
    config, layer = config_of(other), _layer(model)
    kind, rope = layer_type_of(model, layer), rope_of(model, layer)
    own = rope_parameters(config, kind)
    wanted = parameters_for(rope, own, stretch)
    rotary = twins.rotary_of(other.network)
    if rotary is None:
        _swap_tables(other, rope, stretch, length)
        return other
    _set(config, kind, wanted)
    made = type(rotary)(config).to(model.device)
    other.network.base_model.rotary_emb = made
    return other


def _set(config: PretrainedConfig, kind: str | None, wanted: dict[str, Any]) -> None:
    if kind:
        config.rope_parameters = dict(config.rope_parameters) | {kind: wanted}
    else:
        config.rope_parameters = wanted


def _layer(model: Model) -> int:
    """Return the first layer whose rotation is changed."""
    types = getattr(config_of(model), "layer_types", None) or []
    several = layer_type_of(model, 0) is not None
    return types.index(FULL) if several and FULL in types else 0


def _swap_tables(other: Model, rope: Rope, stretch: Stretch, length: int) -> None:
    """Give a family without a rotary module (GPT-J) tables of sin and cos of another rotation."""
    if stretch.way == "trained" and length <= rope.context:
        return
    changed = under(rope, stretch, length)
    for attention in twins.tables_of(other.network):
        like = attention.embed_positions
        attention.embed_positions = twins.table_for(changed, length, like)  # type: ignore[arg-type]


def under(rope: Rope, stretch: Stretch, length: int) -> Rope:
    """Return the rotation `rope` becomes under `stretch` for a text of `length` tokens.

    Computed by transformers' LlamaRotaryEmbedding, without a model.
    """
    if stretch.way == "trained":
        return rope
    # Dynamic NTK compares with the trained length; the others state it by themselves.
    longer = 1.0 if stretch.way == "dynamic" else stretch.factor
    config = LlamaConfig(
        head_dim=rope.turned,
        max_position_embeddings=int(rope.context * longer),
        rope_parameters=parameters_for(rope, {}, stretch),
    )
    rotary = LlamaRotaryEmbedding(config)
    made = rope_parameters(config)
    rotary(torch.zeros(1), torch.tensor([[max(1, length) - 1]]))  # dynamic types look at the length
    return replace(
        rope,
        frequencies=rotary.inv_freq.float().numpy().copy(),
        scaling=float(rotary.attention_scaling),
        kind=str(made["rope_type"]),
        theta=float(made["rope_theta"]),
    )


@dataclass(frozen=True, eq=False)
class StretchedAttention:
    """One head's attention as trained and under another rotation."""

    tokens: tuple[str, ...]
    trained: Array
    """[reader, read], 0 to 1."""
    changed: Array
    """[reader, read], 0 to 1."""
    answers: tuple[str, str]
    """The likeliest next token as trained, and under the other rotation."""
    logit_change: float
    """Largest change of a logit of the last token."""
    same_as_model: float
    """Largest difference between a twin with the model's own parameters and the model: 0."""


def attention_under(
    model: Model, text: str, layer: int, head: int, stretch: Stretch
) -> StretchedAttention:
    """Let `model` read `text` as trained, and a twin under `stretch`; return one head of both.

    Raises:
        InspectionError: the model does not rotate, or there is no such layer, head or stretching.
    """
    require_rope(model)
    own = record(model, text, keep=["attention", "logits"])
    length = len(own.stack().ids)
    same = record(stretched(model, Stretch("trained"), length), text, keep=["logits"])
    other = record(stretched(model, stretch, length), text, keep=["attention", "logits"])
    assert own.logits is not None and same.logits is not None and other.logits is not None
    pick = [next(a for a in r.attentions if a.layer == layer) for r in (own, other)]
    if not 0 <= head < pick[0].heads:
        raise InspectionError(f"There is no head {head}: layer {layer} has {pick[0].heads} heads.")
    answers = model.token_texts([int(r.logits[-1].argmax()) for r in (own, other)])  # type: ignore[index]
    return StretchedAttention(
        tokens=own.stack().tokens,
        trained=pick[0].weights[head],
        changed=pick[1].weights[head],
        answers=(answers[0], answers[1]),
        logit_change=float(np.abs(own.logits[-1] - other.logits[-1]).max()),
        same_as_model=float(np.abs(own.logits - same.logits).max()),
    )
