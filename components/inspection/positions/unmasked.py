"""Twins that are read without a mask, or without being asked for an answer."""

from typing import Any

import torch

from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.positions.twin import brief, twin
from components.inspection.premises import measured
from components.inspection.premises.inputs import masked_arguments
from components.inspection.probe import probe_ids


def can_be_unmasked(model: Model) -> bool:
    """Say whether the causal mask can be taken off: some networks (GPT-Neo) keep one of their
    own."""
    if not measured(model, "own mask").holds:
        return False
    if "unmasked" not in model.known:
        other = twin(model)
        unmask(other)
        seen = record(other, probe_ids(model), keep=["attention"]).attentions
        model.known["unmasked"] = all(one.visible.all() for one in seen)
    found: bool = model.known["unmasked"]
    return found


def spare(other: Model) -> Model:
    """Let a twin read without saying anything."""

    def instead(_module: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
        return args, kwargs | brief(other)

    other.network.register_forward_pre_hook(instead, with_kwargs=True)
    return other


def unmask(other: Model) -> None:
    """Let each token of a twin attend to all others."""

    def instead(_module: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
        length = kwargs["input_ids"].shape[1]
        return args, kwargs | masked_arguments(other, torch.ones(length, length, dtype=torch.bool))

    other.network.register_forward_pre_hook(instead, with_kwargs=True)
