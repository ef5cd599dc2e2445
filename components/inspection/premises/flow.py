"""Which way information flows, and from which tokens a classifier reads."""

import torch

from components.inspection.causality import LastTokenChanged, last_token_changed
from components.inspection.checks import Check, worst
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import observe
from components.inspection.gathering import rows_of
from components.inspection.model import Model
from components.inspection.premises import Premise
from components.inspection.premises.answers import allowed_rows, probe_answer
from components.inspection.premises.recorded import probed
from components.inspection.probe import probe_ids, probe_target


def direction(model: Model) -> Premise:
    """The stack that gives the output attends backwards only, or both ways, as it is called.

    Of a decoder, an earlier token's row must stay as it is both when the last token is another one
    and when it is left off.
    """
    found = probed_change(model)
    claimed = model.known.get("claimed stack", found.stack)
    if found.stack == "decoder":
        check, shorter = found.check, _left_off(model)
        if shorter is not None:
            check = worst([check, shorter])
    else:
        # Turned around: something must change.
        check = Check(
            "earlier tokens change when the last one does", float(not found.looks_ahead), 0.0
        )
    return Premise(
        "direction",
        check,
        f"'{model.name}' is shown as {'a decoder' if found.stack == 'decoder' else 'an encoder'},"
        " and its tokens do not attend as those of one do: what it says behind a token depends on "
        "what follows it.",
        claimed=claimed == found.stack and model.anatomy.named,
    )


def _left_off(model: Model) -> Check | None:
    """Compare the logits of a probe's tokens with those that they have without the last one."""
    ids, target = probe_ids(model), probe_target(model)
    shorter = (ids[:-1], None) if target is None else (ids, target[:-1])
    part = observe(model, shorter[0], shorter[1], keep=["logits"]).logits
    whole = probe_answer(model).numbers
    if part is None or whole.dim() != 3 or whole.shape[1] != part.shape[1] + 1:
        return None  # of a network without a head, a classifier's, or of the last token only
    before, after = whole[:, :-1].double(), part.double()
    # Minus infinity (a token that is never said) is the same twice; and what is no number in both
    # tells nothing of the direction, and is told of by whoever wants numbers.
    same = (before == after) | (before.isnan() & after.isnan())
    off = float((before - after).abs().masked_fill(same, 0.0).max())
    return Check(
        "no earlier token changes when the last one is left off",
        off,
        0.0 if off == 0 else allowed_rows(model),
    )


def probed_change(model: Model) -> LastTokenChanged:
    """Return what another last token changes in a probe, in the stack that gives the output."""
    if "probed change" not in model.known:
        model.known["probed change"] = last_token_changed(
            model, probe_ids(model), probe_target(model), reading=probed(model)
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
            f"From which token '{model.name}' reads its class cannot be told: its hidden states "
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
            raise InspectionError(f"'{model.name}' has no hidden state of its own for each token.")
        norms += rows.float().norm(dim=-1).cpu()
    total = float(norms.sum())
    return tuple((norms / total).tolist()) if total else (0.0,) * len(ids)
