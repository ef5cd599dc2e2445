"""The last hidden states of a batch of texts: of the network without its head."""

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.running import run_part


def encoder_of(model: Model) -> nn.Module:
    """Return the part of a network that gives hidden states: without a head, of two stacks the
    encoder."""
    network = model.network
    return network.get_encoder() if len(model.anatomy.stacks) == 2 else network.base_model


def takes(part: nn.Module, argument: str) -> bool:
    """Say whether a part of a network can be called with `argument`."""
    known = inspect.signature(part.forward).parameters
    # One stack of two, saved alone, hands on whatever it is given.
    handed_on = set(known) <= {"args", "kwargs"}
    return argument in known or handed_on


def hidden_states(
    model: Model, ids: Int[Tensor, "batch token"], read: Bool[Tensor, "batch token"], **further: Any
) -> Float[Tensor, "batch token width"]:
    """Return the last hidden states of a batch, after the final norm; where `read` is False there
    is padding.

    Raises:
        InspectionError: it is not one vector for each token.
    """
    part = encoder_of(model)
    given: dict[str, Any] = {"attention_mask": read.long(), "use_cache": False}
    given = {name: value for name, value in given.items() if takes(part, name)}
    with torch.no_grad():
        states = run_part(model, part, input_ids=ids, **given, **further)[0]
    if states.shape[:2] != ids.shape:
        raise InspectionError(
            f"'{model.name}' has no one hidden state for each token, of which a sentence's vector "
            "could be made. Choose another model."
        )
    return states


def padded(
    model: Model, ids: Sequence[Sequence[int]], left: bool = False
) -> tuple[Int[Tensor, "batch token"], Bool[Tensor, "batch token"]]:
    """Return ids of one length, and which of them are to be read.

    Where a tokenizer names no token for padding, any will do: it is masked.
    """
    most, pad = max(map(len, ids)), model.tokenizer.pad_token_id
    if pad is None or not 0 <= pad < model.rows_of_embedding:
        pad = 0
    filled = torch.full((len(ids), most), pad)
    read = torch.zeros(len(ids), most, dtype=torch.bool)
    for row, each in enumerate(ids):
        where = slice(most - len(each), most) if left else slice(0, len(each))
        filled[row, where] = torch.tensor(each)
        read[row, where] = True
    return filled.to(model.device), read.to(model.device)
