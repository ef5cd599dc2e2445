"""What attention alone would say: the row of the token that answers, in three forms.

Raw weights; weights times the norm of what the value they carry writes (Kobayashi et al.,
"Attention is Not Only a Weight", 2020); and rollout over the layers (Abnar and Zuidema,
"Quantifying Attention Flow in Transformers", 2020). All three are those of the page "Attention".
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Float64

from components.inspection import rounding
from components.inspection.attention.combine import rollout, rollout_check
from components.inspection.attention.maps import groups, maps_of
from components.inspection.attention.value_weighted import value_weighted_of
from components.inspection.attribution.features import Features, Unit, features_of
from components.inspection.attribution.problem import MOST_TOKENS
from components.inspection.attribution.targets import require_answers
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.masking import answer_place, with_mask
from components.inspection.model import Model
from components.inspection.premises.flow import tokens_read

NEARLY_ALL = 0.99
"""From this share of a classifier's gradient on, it is called read from that one token."""


@dataclass(frozen=True, eq=False)
class AttentionRows:
    """One row of attention, over the pieces of the text. Each form sums to 1."""

    features: Features
    reader: str
    """Whose row it is, in words."""
    numbers: tuple[int, ...]
    """The layers that attend so, as the network counts its blocks."""
    raw: Float32[np.ndarray, "layer feature"]
    """The mean of the heads' weights."""
    value_weighted: Float32[np.ndarray, "layer feature"] | None
    """Weight times norm of what the value writes, mean of the heads, scaled to 1. None where the
    output projection is not known."""
    why_not: str
    """Then the reason, in a sentence."""
    rollout: Float32[np.ndarray, " feature"]
    """Through all layers, with half of each layer's mix staying in the stream."""
    checks: tuple[Check, ...]


def attention_rows(model: Model, text: str, unit: Unit = "word") -> AttentionRows:
    """Let `model` read `text` once and return where the answering token looked.

    Raises:
        InspectionError: the model has no attention or no answer, or the text cannot be read.
    """
    require_answers(model)
    text = with_mask(model, text)
    ids, features = features_of(model, text, unit)
    if len(ids) > MOST_TOKENS:
        raise InspectionError(
            f"The text is {len(ids):,} tokens long; at most {MOST_TOKENS:,} are compared here."
        )
    group = "cross" if len(model.anatomy.stacks) == 2 else groups(model)[0]
    if group not in groups(model):
        raise InspectionError(f"The decoder of '{model.name}' attends to nothing of its encoder.")
    recording = record(model, ids, keep=["attention", "residual"])
    maps = maps_of(model, recording, group)
    shares, reader = _reader(model, ids, group)
    try:
        weighted = value_weighted_of(model, recording, group)
    except InspectionError as error:
        weighted, why_not = None, str(error)
    own = maps if group != "cross" else maps_of(model, recording, "encoder")
    layer = own.numbers[-1]
    flow = rollout(own, layer)
    # A decoder's start token attends to what the encoder mixed: the mean of its layers.
    start = shares if group != "cross" else _rows(maps.weights.mean(1), shares).mean(0)
    raw = _rows(maps.weights.mean(1), shares)
    valued = None if weighted is None else _rows(weighted.moved.mean(1), shares)
    rolled = _rows(flow[None].astype(np.float64), start)[0]
    drawn = [
        features.summed(each).astype(np.float32)
        for each in (raw, rolled, *([] if valued is None else [valued]))
    ]
    checks = {
        each.says: each
        for each in (
            *maps.checks,
            *(weighted.checks if weighted is not None else ()),
            rollout_check(flow, own, layer),
            _sums(drawn, len(ids)),
        )
    }
    return AttentionRows(
        features=features,
        reader=reader,
        numbers=maps.numbers,
        raw=drawn[0],
        value_weighted=None if valued is None else drawn[2],
        why_not="" if weighted is not None else why_not,
        rollout=drawn[1],
        checks=tuple(checks.values()),
    )


def _reader(
    model: Model, ids: Sequence[int], group: str
) -> tuple[Float64[np.ndarray, " query"], str]:
    """Return how much each query token's row counts, and whose row that is in words."""
    if model.kind == "classifier":
        shares = np.array(tokens_read(model, list(ids)))
        return shares, read_from(model.token_texts(ids), shares)
    if group == "cross":
        return np.ones(1), "the decoder's start token, by cross-attention"
    place = answer_place(model, ids)
    names = "the mask" if model.kind == "masked" else "the last token, behind which it answers"
    return np.eye(len(ids))[place], names


def read_from(tokens: Sequence[str], shares: Float64[np.ndarray, " token"]) -> str:
    """Say from which tokens a classifier reads, by their shares of its gradient.

    >>> read_from(["<s>", "a", "b"], np.array([1.0, 0.0, 0.0]))
    'the first token, <s>, from which the class is read (measured: 100% of the gradient)'
    """
    best = int(shares.argmax())
    if shares[best] >= NEARLY_ALL:
        which = {0: "the first token", len(tokens) - 1: "the last token"}.get(
            best, f"token {best}, counted from 0"
        )
        return (
            f"{which}, {tokens[best].strip() or '·'}, from which the class is read (measured: "
            f"{shares[best]:.0%} of the gradient)"
        )
    counted = int((shares > (1 - NEARLY_ALL) / len(shares)).sum())
    which = "all" if counted == len(tokens) else f"{counted} of {len(tokens)}"
    return (
        f"{which} tokens, from which the class is read together (measured: {shares.min():.1%} to "
        f"{shares.max():.1%} of the gradient each); their rows are weighted by that"
    )


def _rows(
    weights: Float[np.ndarray, "layer query key"], shares: Float64[np.ndarray, " query"]
) -> Float64[np.ndarray, "layer key"]:
    """Return each layer's rows together, as their `shares` say, scaled to sum to 1."""
    rows = np.einsum("q,lqk->lk", shares, weights.astype(np.float64))
    return rows / np.maximum(rows.sum(-1, keepdims=True), 1e-300)


def _sums(rows: Sequence[Float32[np.ndarray, "... feature"]], tokens: int) -> Check:
    sums = np.concatenate([np.atleast_1d(each.sum(-1, dtype=np.float64)) for each in rows])
    return rounding.compared(
        "with the special tokens, every row of every layer and the rollout sum to 1",
        sums,
        np.ones_like(sums),
        rounding.of_row_sum(tokens, "float32"),
        "A token belongs to no feature, or to two.",
    )
