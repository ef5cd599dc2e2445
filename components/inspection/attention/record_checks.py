"""Is what was recorded of attention what the network computed with? Compared array by array."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float32
from scipy.special import softmax

from components.inspection import rounding
from components.inspection.checks import Check, worst
from components.inspection.errors import InspectionError
from components.inspection.recording import AttentionRecord, Recording

_LOST = (
    "The recording has lost track of this network's attention: what is drawn is not what it used."
)


def weights_check(records: Sequence[AttentionRecord]) -> Check:
    """Compare the weights with the softmax of the scores, a learned sink's share left out."""
    says = "the weights are the softmax of the scores"
    found = []
    for one in records:
        tokens = one.weights.shape[-1]
        ours = softmax(one.scores.astype(np.float64), axis=-1)[..., :tokens]
        allowed = rounding.of_softmax(tokens, one.dtype, ours)
        found.append(rounding.compared(says, one.weights, ours, allowed, _LOST))
    return worst(found)


def rows_check(records: Sequence[AttentionRecord]) -> Check:
    """Check that each row of weights sums to 1, or to what a learned sink leaves of it."""
    sinks = any(one.scores.shape[-1] > one.weights.shape[-1] for one in records)
    says = "every row sums to 1" + (", together with the learned sink" if sinks else "")
    found = []
    for one in records:
        tokens = one.weights.shape[-1]
        sums = one.weights.sum(-1, dtype=np.float64)
        if one.scores.shape[-1] > tokens:
            sums = sums + softmax(one.scores.astype(np.float64), axis=-1)[..., tokens:].sum(-1)
        allowed = rounding.of_row_sum(tokens, one.dtype)
        found.append(rounding.compared(says, sums, np.ones_like(sums), allowed, _LOST))
    return worst(found)


def masked_check(
    weights: Sequence[Float32[np.ndarray, "... _query _key"]],
    visible: Sequence[Bool[np.ndarray, "... _query _key"]],
) -> Check:
    """Check that no weight stands on a masked pair, in rows in which something may be seen.

    Each of `visible` broadcasts over the weights beside it.
    """
    largest = [0.0]
    for one, seen in zip(weights, visible, strict=True):
        rows = seen.any(-1, keepdims=True)
        largest.append(float(np.abs(np.where(seen | ~rows, 0.0, one)).max(initial=0.0)))
    most = float(np.max(largest))  # of numbers one of which is NaN, that one
    return Check(
        "no weight stands on a masked pair",
        most,
        0.0,
        rounding.meant(most, "The mask that is drawn is not the one that the network used."),
    )


def outputs_check(records: Sequence[AttentionRecord]) -> Check:
    """Compare each head's output with its weights times the values of its key-value head."""
    says = "each head's output is its weights times the values"
    found = []
    for one in records:
        vectors = one.understood()
        values = one.for_heads(vectors.values).astype(np.float64)
        weights = one.weights.astype(np.float64)
        sizes = np.abs(weights) @ np.abs(values)
        share = 4 * rounding.unit(one.dtype) + rounding.summed(one.weights.shape[-1])
        found.append(
            rounding.compared(says, vectors.outputs, weights @ values, share * sizes, _LOST)
        )
    return worst(found)


def misplaced(found: Recording) -> list[str]:
    """Say in which ways attention was not recorded once a layer, with a row for each token."""
    if not found.attentions:
        return ["no softmax between queries times keys and weights times values was seen"]
    lengths = {stack.name: len(stack.ids) for stack in found.stacks}
    wrong, met = [], set()
    for one in found.attentions:
        place = (one.stack, one.layer, one.kind)
        if place in met:
            wrong.append(f"layer {one.layer} of its {one.stack} attends more than once")
        met.add(place)
        rows = lengths[one.stack]
        columns = lengths["encoder"] if one.kind == "cross" else rows
        if one.weights.shape[1:] != (rows, columns):
            wrong.append(
                f"layer {one.layer} has {one.weights.shape[1]} rows and {one.weights.shape[2]} "
                f"columns for {rows} and {columns} tokens"
            )
    return list(dict.fromkeys(wrong))


def require_placed(found: Recording) -> None:
    """Go on if each attention sublayer was recorded once, with a row and a column for each token.

    Raises:
        InspectionError: that is not so; some families drop keys as a text grows, or add their own.
    """
    wrong = misplaced(found)
    if wrong:
        raise InspectionError(
            f"'{found.name}' attends in a way that Vitrine cannot draw: {wrong[0]}. Try a "
            "shorter text, or choose another model, such as storyteller."
        )
