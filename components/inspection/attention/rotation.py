"""Queries and keys before RoPE turned them: the rotation, undone with the model's own angles."""

import torch
from torch import Tensor

from components.inspection.model import Model
from components.inspection.recording import Array


def unturned(model: Model, layer: int, vectors: Array) -> Array | None:
    """Return `vectors[head, token, size]` of tokens 0, 1, 2, ... as they were before RoPE.

    None where the model does not rotate, or keeps its angles where they cannot be asked for
    (GPT-J turns neighbours instead of halves, inside its attention).

    Source: Su et al., "RoFormer" (2021); a rotation is undone by turning back.
    """
    angles = _angles(model, layer, vectors.shape[1])
    if angles is None:
        return None
    cos, sin = angles
    turned = cos.shape[-1]
    if turned > vectors.shape[-1] or not torch.equal(cos[:, : turned // 2], cos[:, turned // 2 :]):
        return None
    found = torch.from_numpy(vectors).clone()
    part = found[..., :turned]
    first, second = part.chunk(2, dim=-1)
    # Cosine and sine may carry a factor (YaRN): their squares do not sum to 1 then.
    back = (part * cos - torch.cat((-second, first), -1) * sin) / (cos**2 + sin**2)
    found[..., :turned] = back
    return found.numpy()


def _angles(model: Model, layer: int, tokens: int) -> tuple[Tensor, Tensor] | None:
    rotary = getattr(model.network.base_model, "rotary_emb", None)
    if model.anatomy.position != "rope" or rotary is None:
        return None
    places = torch.arange(tokens, device=model.device)[None]
    like = torch.zeros(1, tokens, 1, device=model.device, dtype=torch.float32)
    types = getattr(model.network.config.get_text_config(), "layer_types", None)
    with torch.no_grad():
        try:
            cos, sin = rotary(like, places)
        except (TypeError, AttributeError):
            # Families whose layers turn differently ask which (Gemma 3).
            if not types:
                return None
            cos, sin = rotary(like, places, types[layer])
    return cos[0].float().cpu(), sin[0].float().cpu()
