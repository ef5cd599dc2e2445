"""A second network of the same weights, whose positions may be changed at will.

The shared network is never touched: a twin has modules and a configuration of its own, but the
very same parameter tensors, so it takes next to no memory. What a twin changes (its rotary
module, its position table, hooks) is seen by nobody else.
"""

import copy
import inspect
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.positions.rotation import Rope


def twin(model: Model) -> Model:
    """Return `model` with a network of its own that shares every weight."""
    shared: dict[int, Tensor] = {id(weight): weight for weight in model.network.parameters()}
    for name, buffer in model.network.named_buffers():
        # Rotary modules write to theirs (LongRoPE, dynamic NTK): those are small, and copied.
        if "inv_freq" not in name:
            shared[id(buffer)] = buffer
    return replace(model, network=copy.deepcopy(model.network, dict(shared)))


def rotary_of(network: PreTrainedModel) -> nn.Module | None:
    """Return the module that makes cos and sin for all layers, if the family has one."""
    rotary = getattr(network.base_model, "rotary_emb", None)
    return rotary if isinstance(rotary, nn.Module) else None


def takes_layer_type(rotary: nn.Module) -> bool:
    """Say whether the family turns layers of different types differently (Gemma 3)."""
    return "layer_type" in inspect.signature(rotary.forward).parameters


def tables_of(network: PreTrainedModel) -> list[nn.Module]:
    """Return the attention modules that keep sin and cos in a table of their own (GPT-J)."""
    return [m for m in network.modules() if isinstance(getattr(m, "embed_positions", None), Tensor)]


class Standing(nn.Module):
    """In place of a rotary module: turns nothing."""

    def __init__(self, rotary: nn.Module) -> None:
        super().__init__()
        self.rotary = rotary

    def forward(self, x: Tensor, position_ids: Tensor, *args: Any, **kwargs: Any) -> Any:
        """Return cos 1 and sin 0 in the shape the family wants."""
        cos, sin = self.rotary(x, position_ids, *args, **kwargs)
        return torch.ones_like(cos), torch.zeros_like(sin)


def without_rotation(model: Model) -> Model:
    """Return a twin that turns nothing: every token stands at position 0."""
    other = twin(model)
    rotary = rotary_of(other.network)
    if rotary is not None:
        other.network.base_model.rotary_emb = Standing(rotary)
        return other
    tables = tables_of(other.network)
    if not tables:
        raise InspectionError(f"{model.source} does not rotate its queries and keys.")
    for attention in tables:
        sin, cos = attention.embed_positions.chunk(2, dim=-1)  # type: ignore[operator]
        attention.embed_positions = torch.cat([torch.zeros_like(sin), torch.ones_like(cos)], -1)
    return other


def table_for(rope: Rope, length: int, like: Tensor) -> Tensor:
    """Return GPT-J's table of sin and cos, [position, 2 * pair], for another rotation."""
    frequencies = torch.from_numpy(rope.frequencies).to(like.device)
    angles = torch.arange(length, device=like.device).float()[:, None] * frequencies
    table = torch.cat([angles.sin(), angles.cos()], dim=1) * rope.scaling
    return table.to(like.dtype)
