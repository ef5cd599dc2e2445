"""What may be handed to a network in place of ids: embeddings, positions, a mask of our own."""

from typing import Any

import torch
from jaxtyping import Bool
from torch import Tensor

from components.inspection.checks import Check
from components.inspection.model import Model
from components.inspection.premises import Premise
from components.inspection.premises.answers import allowed_rows, answer, probe_answer
from components.inspection.running import NetworkError


def embeddings(model: Model) -> Premise:
    """Handed the embeddings of its ids, the network answers as it does to the ids."""
    given = probe_answer(model).given
    with torch.no_grad():
        vectors = model.embeddings()[0](given["input_ids"])
    other = {name: value for name, value in given.items() if name != "input_ids"}
    return Premise(
        "embeddings",
        _same(model, other | {"inputs_embeds": vectors}, "embeddings give what ids give"),
        f"'{model.name}' answers otherwise when it is handed the embeddings of its tokens "
        "instead of their ids (some networks look ids up in further tables, layer by layer), so "
        "what each word counted cannot be told by changing embeddings.",
        claimed=model.anatomy.named,
    )


def position_ids(model: Model) -> Premise:
    """Told that its text stands at positions 0, 1, 2, ..., the network answers as untold."""
    given = probe_answer(model).given
    # RoBERTa's first position is not 0 but follows its reserved rows.
    first = model.anatomy.reserved_positions
    length = given["input_ids"].shape[1]
    places = torch.arange(first, first + length, device=model.device)[None]
    says = "told the positions 0, 1, 2, ... it answers as untold"
    check = (
        _same(model, given | {"position_ids": places}, says)
        if model.takes("position_ids") and len(model.anatomy.stacks) == 1
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
    given = probe_answer(model).given
    check = Check(says, float("nan"), 0.0)
    if list(model.anatomy.stacks) == ["decoder"]:
        length = given["input_ids"].shape[1]
        seen = torch.ones(length, length, dtype=torch.bool).tril()
        causal = given | masked_arguments(model, seen)
        alone = given | masked_arguments(model, torch.eye(length, dtype=torch.bool))
        check = _same(model, causal, says)
        if check.holds:
            moved = _difference(model, alone)
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


def _same(model: Model, other: dict[str, Any], says: str) -> Check:
    """Compare what the network answers to `other` with its answer to the probe, within what
    rounding may do."""
    error = _difference(model, other)
    return Check(says, error, allowed_rows(model) if error else 0.0)


def _difference(model: Model, other: dict[str, Any]) -> float:
    """Return by how much the answer to `other` differs from that to the probe; NaN if the network
    refuses it."""
    try:
        return float((answer(model, other) - probe_answer(model).numbers.double()).abs().max())
    except NetworkError:
        return float("nan")
