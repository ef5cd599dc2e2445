"""Which way information flows, and from which tokens a classifier reads."""

import torch

from components.inspection.causality import LastTokenChanged, last_token_changed
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import observe
from components.inspection.gathering import rows_of
from components.inspection.model import Model
from components.inspection.premises import Premise
from components.inspection.probe import probe_ids, probe_target


def direction(model: Model) -> Premise:
    """The stack that gives the output attends backwards only, or both ways, as it is called."""
    found = probed_change(model)
    claimed = model.known.get("claimed stack", found.stack)
    if found.stack == "decoder":
        check = found.check
    else:
        # Turned around: something must change.
        check = Check(
            "earlier tokens change when the last one does", float(not found.looks_ahead), 0.0
        )
    return Premise(
        "direction",
        check,
        f"'{model.source}' is shown as {'a decoder' if found.stack == 'decoder' else 'an encoder'},"
        " and its tokens do not attend as those of one do.",
        claimed=claimed == found.stack,
    )


def probed_change(model: Model) -> LastTokenChanged:
    """Return what another last token changes in a probe, in the stack that gives the output."""
    if "probed change" not in model.known:
        model.known["probed change"] = last_token_changed(
            model, probe_ids(model), probe_target(model)
        )
    found: LastTokenChanged = model.known["probed change"]
    return found


def tokens_read(model: Model, ids: list[int]) -> tuple[float, ...]:
    """Return for each token of `ids` how much a class depends on its last hidden state.

    Shares from 0 to 1 that sum to 1, of the norms of the gradients of the logits with respect to
    the last block's rows: 1 at one token if the class is read from that one ([CLS], the last), even
    shares where it is read from their mean.

    Raises:
        InspectionError: its hidden states cannot be seen.
    """
    seen = observe(model, ids, keep=["residual", "logits"], gradients=True)
    layers = [key for key in seen.streams if key[0] == "residual"]
    if seen.logits is None or not layers:
        raise InspectionError(
            f"From which token '{model.source}' reads its class cannot be told: its hidden states "
            "cannot be seen."
        )
    last = seen.streams[max(layers, key=lambda key: key[2])]
    logits = seen.logits[0].float()
    # Each class by itself: together they might cancel.
    norms = torch.zeros(len(ids))
    for place in range(logits.numel()):
        (gradient,) = torch.autograd.grad(logits[place], last, retain_graph=True)
        rows = rows_of(gradient, len(ids))
        if rows is None:
            raise InspectionError(
                f"'{model.source}' has no hidden state of its own for each token."
            )
        norms += rows.float().norm(dim=-1).cpu()
    total = float(norms.sum())
    return tuple((norms / total).tolist()) if total else (0.0,) * len(ids)
