"""What may be handed to a network in place of ids: embeddings, positions, a mask of our own."""

from typing import Any

import torch
from jaxtyping import Bool, Float64
from torch import Tensor

from components.inspection.checks import Check
from components.inspection.forward_pass import arguments_of, inputs_of
from components.inspection.model import Model
from components.inspection.noise import allowed
from components.inspection.premises import Premise
from components.inspection.probe import probe_ids, probe_target
from components.inspection.running import NetworkError, run


def embeddings(model: Model) -> Premise:
    """Handed the embeddings of its ids, the network answers as it does to the ids."""
    inputs = inputs_of(model, probe_ids(model), probe_target(model))
    given = arguments_of(model, inputs)
    with torch.no_grad():
        vectors = model.embeddings()[0](given["input_ids"])
    other = {name: value for name, value in given.items() if name != "input_ids"}
    return Premise(
        "embeddings",
        _same(model, given, other | {"inputs_embeds": vectors}, "embeddings give what ids give"),
        f"'{model.name}' answers otherwise when it is handed the embeddings of its tokens "
        "instead of their ids (some networks look ids up in further tables, layer by layer), so "
        "what each word counted cannot be told by changing embeddings.",
        claimed=model.anatomy.named,
    )


def position_ids(model: Model) -> Premise:
    """Told that its text stands at positions 0, 1, 2, ..., the network answers as untold."""
    inputs = inputs_of(model, probe_ids(model), probe_target(model))
    given = arguments_of(model, inputs)
    # RoBERTa's first position is not 0 but follows its reserved rows.
    first = model.anatomy.reserved_positions
    length = given["input_ids"].shape[1]
    places = torch.arange(first, first + length, device=model.device)[None]
    says = "told the positions 0, 1, 2, ... it answers as untold"
    check = (
        _same(model, given, given | {"position_ids": places}, says)
        if model.takes("position_ids") and len(inputs) == 1
        else Check(says, float("nan"), 0.0)
    )
    return Premise(
        "positions",
        check,
        f"'{model.name}' cannot be told at which positions its text stands: its network takes no "
        "position numbers, or counts them in a way of its own.",
        claimed=False,
    )


def own_mask(model: Model) -> Premise:
    """Handed its own causal mask as a square, the network answers as ever; handed another, not."""
    says = "handed its own mask as a square, it answers as ever, and otherwise with another"
    inputs = inputs_of(model, probe_ids(model), probe_target(model))
    given = arguments_of(model, inputs)
    check = Check(says, float("nan"), 0.0)
    if len(inputs) == 1 and "decoder" in inputs:
        length = given["input_ids"].shape[1]
        seen = torch.ones(length, length, dtype=torch.bool).tril()
        causal = given | masked_arguments(model, seen)
        alone = given | masked_arguments(model, torch.eye(length, dtype=torch.bool))
        check = _same(model, given, causal, says)
        if check.holds:
            moved = difference(model, given, alone)
            if not moved > (check.bound or 0.0):
                check = Check(says, float("nan"), 0.0)
    return Premise(
        "own mask",
        check,
        f"'{model.name}' takes no attention mask of ours (a square of query and key tokens), so "
        "what each token may attend to cannot be changed here.",
        claimed=False,
    )


def masked_arguments(model: Model, seen: Bool[Tensor, "token token"]) -> dict[str, Any]:
    """Return the arguments that let query token i attend to key token j where `seen[i, j]`."""
    hidden = torch.zeros(seen.shape, dtype=model.dtype)
    hidden[~seen] = torch.finfo(model.dtype).min
    arguments: dict[str, Any] = {"attention_mask": hidden[None, None].to(model.device)}
    if model.takes("position_ids"):
        # OPT counts positions by its mask, which now has no row to count.
        first = model.anatomy.reserved_positions
        places = torch.arange(first, first + len(seen), device=model.device)
        arguments["position_ids"] = places[None]
    return arguments


def _same(model: Model, given: dict[str, Any], other: dict[str, Any], says: str) -> Check:
    """Compare what the network answers to two sets of arguments, within what rounding may do."""
    error = difference(model, given, other)
    bound = allowed(model, lambda: answer(model, given)) if error else 0.0
    return Check(says, error, bound)


def difference(model: Model, given: dict[str, Any], other: dict[str, Any]) -> float:
    """Return the largest difference of what the network answers; NaN if it refuses `other`."""
    usual = answer(model, given)
    try:
        return float((answer(model, other) - usual).abs().max())
    except NetworkError:
        return float("nan")


def answer(
    model: Model, arguments: dict[str, Any]
) -> Float64[Tensor, "batch token _"] | Float64[Tensor, "batch class"]:
    """Return the logits, or the last hidden states of a network without a head."""
    with torch.no_grad():
        output = run(model, **arguments)
    found = getattr(output, "logits", None)
    result: Tensor = output[0] if found is None else found
    return result.double()
