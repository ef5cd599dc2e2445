"""A second network like the first, with modules of its own."""

import copy
from collections.abc import Mapping
from typing import Any

from torch import Tensor
from transformers import PreTrainedModel


def duplicate(network: PreTrainedModel, shared: Mapping[int, Any] | None = None) -> PreTrainedModel:
    """Return a copy of `network`; what `shared` names by its id is not copied but put in itself.

    Some families keep the last pass's states in their modules (RecurrentGemma), with the way back
    for gradients; these are copied without it, as torch would not copy them otherwise.
    """
    memo: dict[int, Any] = dict(shared or {})
    for module in network.modules():
        for value in (*vars(module).values(), *module._buffers.values()):
            if isinstance(value, Tensor) and not value.is_leaf:
                memo.setdefault(id(value), value.detach().clone())
    return copy.deepcopy(network, memo)
