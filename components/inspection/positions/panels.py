"""Does the code that is shown beside a view give what the view shows? Tried on the loaded
network."""

import inspect

import numpy as np
import torch
from torch import Tensor, nn
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.positions.fitting import rotation_check
from components.inspection.positions.twin import twin
from components.inspection.positions.vectors import rotated_vectors
from components.inspection.running import run


def built_like_llama(model: Model, text: str, layer: int) -> bool:
    """Say whether the few lines that take a Llama's queries and keys give those of `model`.

    Those lines are run on a twin: projections of `model.layers[layer].self_attn`, and the model's
    own cos and sin. Families with norms on queries, one matrix for all, or other pairs are not
    built so.
    """
    if model.kind != "causal" or len(model.anatomy.stacks) == 2:
        return False
    other = twin(model)
    network = other.network
    try:
        attention = network.get_submodule(f"model.layers.{layer}.self_attn")
        rotary = network.get_submodule("model.rotary_emb")
        projections = [attention.get_submodule(f"{name}_proj") for name in "qk"]
        found = rotated_vectors(model, text, layer)
    except (AttributeError, InspectionError):
        return False
    if set(inspect.signature(rotary.forward).parameters) != {"x", "position_ids"}:
        return False
    kept: list[Tensor] = []

    def keep(_module: nn.Module, _args: object, output: Tensor) -> None:
        kept.append(output)

    for projection in projections:
        projection.register_forward_hook(keep)
    ids = torch.tensor([model.encode(text)], device=model.device)
    size = found.rope.size
    with torch.no_grad():
        run(other, input_ids=ids)
        if len(kept) != 2 or any(each.shape[-1] % size for each in kept):
            return False
        q, k = (each.unflatten(-1, (-1, size)).transpose(1, 2) for each in kept)
        cos, sin = rotary(q, torch.arange(ids.shape[1], device=model.device)[None])
        if cos.is_complex() or cos.shape[-1] != size:
            return False
        rotated = apply_rotary_pos_emb(q, k, cos, sin)
    ours = tuple(each[0].float().cpu().numpy() for each in rotated)
    theirs = (found.rotated_queries, found.rotated_keys)
    if any(a.shape != b.shape for a, b in zip(ours, theirs, strict=True)):
        return False
    # As far off as our own rotation may be, the code's may be too.
    allowed = rotation_check(
        (found.queries, found.keys), theirs, found.rope, 0.0, model.facts.dtype
    ).bound
    return all(
        float(np.abs(a - b).max()) <= (allowed or 0.0) for a, b in zip(ours, theirs, strict=True)
    )
