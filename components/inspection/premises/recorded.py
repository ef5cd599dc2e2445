"""Premises of every picture: that what was recorded is what the network computed with."""

import torch

from components.inspection.attention.record_checks import (
    masked_check,
    misplaced,
    outputs_check,
    require_placed,
    weights_check,
)
from components.inspection.attention.scores import score_rule
from components.inspection.checks import Check, worst
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import arguments_of, inputs_of, observe, record
from components.inspection.model import Model
from components.inspection.premises import Premise
from components.inspection.probe import probe_ids, probe_target, sums_alike
from components.inspection.recording import AttentionRecord, Recording
from components.inspection.running import run


def probed(model: Model) -> Recording:
    """Return what one pass over a probe left behind; kept, since many premises look at it."""
    key = sums_alike("probed")
    if key not in model.known:
        model.known[key] = record(
            model,
            probe_ids(model),
            probe_target(model),
            keep=["attention", "residual", "logits"],
            bare=True,
        )
    found: Recording = model.known[key]
    return found


def output(model: Model) -> Premise:
    """The recorded pass gives, bit for bit, what the plain pass gives."""
    ids, target = probe_ids(model), probe_target(model)
    recorded = observe(model, ids, target, bare=True).logits
    with torch.no_grad():
        plain = run(model, **arguments_of(model, inputs_of(model, ids, target)))
    own = getattr(plain, "logits", None)
    error = 0.0 if recorded is None or own is None else float((recorded - own).abs().max())
    return Premise(
        "output",
        Check("recording leaves what the network answers as it is", error, 0.0),
        "Recording changes what this network answers, so nothing that is recorded can be trusted.",
    )


def sublayers(model: Model) -> Premise:
    """Each attention sublayer is recorded once, under its own number, token by token."""
    found = probed(model)
    wrong = misplaced(found)
    return Premise(
        "sublayers",
        Check(
            "each attention sublayer is recorded once, with a row and a column for each token",
            float(len(wrong)),
            0.0,
        ),
        f"'{model.name}' attends in a way that Vitrine cannot draw: {'; '.join(wrong[:3])}."
        if wrong
        else "",
        claimed=model.anatomy.named,
    )


def _records(model: Model) -> tuple[AttentionRecord, ...]:
    found = probed(model)
    require_placed(found)
    return found.attentions


def weights(model: Model) -> Premise:
    """The recorded weights are the softmax of the recorded scores."""
    return Premise(
        "weights",
        weights_check(_records(model)),
        "The attention weights of this network do not follow from its scores by a softmax, so "
        "neither can be shown as attention.",
        claimed=model.anatomy.named,
    )


def masked(model: Model) -> Premise:
    """No weight stands on a pair that the recorded mask hides."""
    records = _records(model)
    return Premise(
        "masked",
        masked_check([one.weights for one in records], [one.visible for one in records]),
        "The mask of this network cannot be read from its scores.",
        claimed=model.anatomy.named,
    )


def outputs(model: Model) -> Premise:
    """Each head's recorded output is its recorded weights times its recorded values."""
    try:
        check = outputs_check(_records(model))
    except InspectionError as error:
        return _unseen("outputs", "each head's output is its weights times the values", error)
    return Premise(
        "outputs",
        check,
        "What the heads of this network give is not their weights times the values that were "
        "recorded (some share keys and values in an order of their own), so what each token "
        "contributes cannot be told.",
        claimed=model.anatomy.named,
    )


def scores(model: Model) -> Premise:
    """The recorded scores are query times key times one factor, and what is added for positions."""
    says = "scores are query · key × scale, and what is added for positions"
    try:
        rules = [score_rule(one) for one in _records(model)]
    except InspectionError as error:
        return _unseen("scores", says, error)
    return Premise(
        "scores",
        worst(rule.check for rule in rules),
        "The scores of this network are not one factor times query · key, with or without a cap "
        "and a bias for positions: its steps cannot be told. The weights themselves are right.",
        claimed=model.anatomy.named,
    )


def _unseen(name: str, says: str, error: InspectionError) -> Premise:
    return Premise(name, Check(says, float("nan"), 0.0), str(error), claimed=False)
