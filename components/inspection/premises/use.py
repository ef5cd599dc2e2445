"""Does the network use what was recorded? An array that is only looked at passes any comparison."""

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import Observation, observe
from components.inspection.model import Model
from components.inspection.premises import Premise
from components.inspection.probe import probe_ids, probe_target

PARTS = ("queries", "keys", "values", "scores", "weights", "outputs")


def use(model: Model) -> Premise:
    """A change of each recorded array, in each layer, moves what the network answers."""
    idle = unused(model)
    return Premise(
        "use",
        Check("a change of each recorded array moves the logits", float(len(idle)), 0.0),
        f"Some of what was recorded does not take part in what '{model.name}' answers: "
        f"{', '.join(idle[:5])}. It must not be shown as if it did."
        if idle
        else "",
        claimed=model.anatomy.named,
    )


def unused(model: Model) -> list[str]:
    """Return the names of recorded arrays that have no influence on what the network answers.

    The influence is the gradient of random sums of the logits with respect to every entry of the
    array: exactly 0 where it is not used.

    Raises:
        InspectionError: what the network answers cannot be seen.
    """
    seen = observe(model, probe_ids(model), probe_target(model), gradients=True)
    answer = _answer(model, seen)
    named = dict(_arrays(seen))
    drawn = torch.rand(answer.shape, generator=torch.Generator().manual_seed(0)).to(answer.device)
    live = {name: tensor for name, tensor in named.items() if tensor.requires_grad}
    if not live or not answer.requires_grad:
        return list(named)
    gradients = torch.autograd.grad(
        (answer.float() * drawn).sum(), list(live.values()), allow_unused=True
    )
    moves = {
        name
        for name, gradient in zip(live, gradients, strict=True)
        if gradient is not None and bool(gradient.count_nonzero())
    }
    return [name for name in named if name not in moves]


def _answer(model: Model, seen: Observation) -> Float[Tensor, "..."]:
    """Return the logits; of a network without them, what its last stack gives.

    Raises:
        InspectionError: that cannot be seen.
    """
    if seen.logits is not None:
        return seen.logits
    last = list(model.anatomy.stacks)[-1]
    layers = [layer for what, stack, layer in seen.streams if (what, stack) == ("residual", last)]
    if not layers:
        raise InspectionError(
            f"'{model.name}' gives hidden states only, and Vitrine does not see them from layer "
            "to layer: so it cannot be told whether what is recorded takes part in them. Choose "
            "a model of the same family that answers with tokens or classes."
        )
    return seen.streams.pop(("residual", last, max(layers)))


def _arrays(seen: Observation) -> Iterator[tuple[str, Float[Tensor, "..."]]]:
    for (what, stack, layer), tensor in seen.streams.items():
        yield f"{what.replace('_', ' ')}, layer {layer} of the {stack}", tensor
    for stack, layer, kind, caught in seen.attended:
        for part in PARTS:
            tensor = getattr(caught, part)
            if tensor is not None:
                yield f"{part}, layer {layer} of the {stack} ({kind}-attention)", tensor
