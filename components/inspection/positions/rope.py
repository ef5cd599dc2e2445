"""Which rotation a model applies, layer by layer."""

from typing import Any, Final

import torch
from torch import nn
from transformers import PretrainedConfig

from components.inspection.anatomy import part
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.positions import twin as twins
from components.inspection.positions.rotation import Rope

INSTEAD: Final = {
    "learned": "adds a learned vector for each position to the token's embedding",
    "sinusoidal": "adds a fixed wave for each position to the token's embedding",
    "alibi": "subtracts from each score in proportion to the distance (ALiBi)",
    "relative": "adds a learned number for each distance to the scores (T5's buckets)",
    "unknown": "marks positions in a way that Vitrine does not know",
}


def rotates(model: Model) -> bool:
    """Say whether `model` turns its queries and keys."""
    there = twins.rotary_of(model.network) or twins.tables_of(model.network)
    return model.anatomy.position in ("rope", "unknown") and bool(there)


def require_rope(model: Model) -> None:
    """Raise an InspectionError that says what `model` does instead, unless it rotates."""
    if not rotates(model):
        raise InspectionError(
            f"{model.source} rotates nothing: it {INSTEAD[model.anatomy.position]}. See "
            "'Other ways' for that, or choose a model with RoPE: the bundled storyteller, Llama, "
            "Qwen, Gemma, Phi, Pythia."
            if model.anatomy.position in INSTEAD
            else f"{model.source} has no rotation of its own to show. Choose a model with RoPE."
        )


def layers_of(model: Model) -> list[nn.Module]:
    """Return the blocks of the tower that rotates."""
    tower = next(iter(model.anatomy.towers.values()))
    return list(part(model.network.base_model, tower.blocks).children())


def config_of(model: Model) -> PretrainedConfig:
    """Return the configuration that speaks of the text model."""
    return model.network.config.get_text_config()


def layer_type_of(model: Model, layer: int) -> str | None:
    """Return the layer's type where the family turns types differently, else None."""
    rotary = twins.rotary_of(model.network)
    if rotary is None or not twins.takes_layer_type(rotary):
        return None
    return str(config_of(model).layer_types[layer])


def rope_of(model: Model, layer: int = 0) -> Rope:
    """Return the rotation of `layer`, as the model's own rotary module has it.

    The convention is that of most families; `rotated_vectors` finds out the true one.

    Raises:
        InspectionError: the model does not rotate.
    """
    require_rope(model)
    config = config_of(model)
    kind, size = layer_type_of(model, layer), head_size(config)
    parameters = rope_parameters(config, kind)
    rotary = twins.rotary_of(model.network)
    if rotary is None:
        table = twins.tables_of(model.network)[0].embed_positions
        # Position 1 holds sin(theta_i) and cos(theta_i).
        sin, cos = table[1].float().chunk(2)  # type: ignore[index]
        frequencies, scaling = torch.atan2(sin, cos), 1.0
    else:
        prefix = f"{kind}_" if kind else ""
        frequencies = getattr(rotary, f"{prefix}inv_freq")
        scaling = float(getattr(rotary, f"{prefix}attention_scaling", 1.0))
    return Rope(
        frequencies=frequencies.detach().float().cpu().numpy().copy(),
        scaling=scaling,
        size=size,
        convention="interleaved" if rotary is None else "split-half",
        kind=str(parameters.get("rope_type", "default")),
        theta=float(parameters.get("rope_theta") or 10_000.0),
        context=int(parameters.get("original_max_position_embeddings") or model.context),
    )


def head_size(config: PretrainedConfig) -> int:
    """Return the length of one head's query."""
    stated = getattr(config, "head_dim", None)
    return int(stated or config.hidden_size // config.num_attention_heads)


def rope_parameters(config: PretrainedConfig, layer_type: str | None = None) -> dict[str, Any]:
    """Return transformers' `rope_parameters` for one type of layer; empty where there are none."""
    parameters = getattr(config, "rope_parameters", None) or {}
    return dict(parameters[layer_type] if layer_type else parameters)


def inputs_of(model: Model, ids: list[int]) -> dict[str, Any]:
    """Return the arguments of one plain pass over `ids` (of a network with one tower)."""
    given = torch.tensor([ids], device=model.device)
    inputs: dict[str, Any] = {"input_ids": given, "attention_mask": torch.ones_like(given)}
    return inputs | ({"use_cache": False} if model.kind == "causal" else {})
