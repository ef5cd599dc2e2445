"""What a network answers to the probe, and how far rounding moves it: one measurement for all
premises that compare another way of asking with it."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from components.inspection.forward_pass import arguments_of, inputs_of
from components.inspection.model import Model
from components.inspection.noise import ROUNDINGS, floors
from components.inspection.probe import probe_ids, probe_target, sums_alike
from components.inspection.running import run


@dataclass(frozen=True, eq=False)
class Answer:
    """A plain pass over the probe."""

    given: dict[str, Any]
    """What the network was called with."""
    logits: bool
    """It answered with logits; else these are the last hidden states of one without a head."""
    numbers: Float[Tensor, "batch token _"] | Float[Tensor, "batch class"]


def probe_answer(model: Model) -> Answer:
    """Return what `model` answers to the probe; read once and kept with it."""
    # A premise may be measured on a float32 copy, which shares what is known.
    key = sums_alike(f"probe answer {model.dtype}")
    if key not in model.known:
        given = arguments_of(model, inputs_of(model, probe_ids(model), probe_target(model)))
        model.known[key] = Answer(given, *_read(model, given))
    found: Answer = model.known[key]
    return found


def allowed_rows(model: Model, last: int = 0) -> float:
    """Return by how much the answer to the probe may differ when it is computed in another order:
    that of its `last` tokens, or of all; measured once and kept."""
    key = sums_alike(f"probe floors {model.dtype}")
    if key not in model.known:
        found = probe_answer(model)
        model.known[key] = floors(model, lambda: _read(model, found.given)[1], found.numbers)
    rows: Float64[Tensor, "*axes"] = model.known[key]
    return ROUNDINGS * float(rows[..., -last:].max())


def answer(
    model: Model, arguments: dict[str, Any]
) -> Float64[Tensor, "batch token _"] | Float64[Tensor, "batch class"]:
    """Return the logits, or the last hidden states of a network without a head."""
    return _read(model, arguments)[1].double()


def _read(model: Model, arguments: dict[str, Any]) -> tuple[bool, Tensor]:
    with torch.no_grad():
        output = run(model, **arguments)
    found = getattr(output, "logits", None)
    return found is not None, output[0] if found is None else found
