"""Which part of a model pushes toward one token rather than another: direct logit attribution.

What stands at the end of the stream is the sum of all that was written to it, and a logit is a
linear function of that once the last norm's scale is held at what it is there. So a logit, or the
difference of two, falls into one term for each part. It is what a part adds *directly*: what later
parts make of it is counted as theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float32

from components.inspection import rounding
from components.inspection.anatomy import StackName
from components.inspection.attention.projection import output_projection
from components.inspection.checks import Check, worst
from components.inspection.edits import Edit
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.hooks import Part
from components.inspection.machine.push_bounds import heads_off, stream_off
from components.inspection.machine.readout import Readout, frozen_norm, readout, together
from components.inspection.model import Model
from components.inspection.premises import require
from components.inspection.recording import Recording, StackRecord

SUMS: Final = "the terms sum to the difference of the two logits"
ALONE: Final = "the terms sum to the logit"
HEADS: Final = "the heads' terms and the bias sum to what their attention adds"


@dataclass(frozen=True, eq=False)
class Push:
    """What each part adds to logit[toward] − logit[rather] at one place, or to logit[toward];
    above 0: toward.

    All in logits (natural logarithms of odds), with the last norm's scale held.
    """

    embedding: float
    """What entered the first block: the token's vector, with its position's where that is added."""
    attention: Float32[np.ndarray, " layer"]
    cross: Float32[np.ndarray, " layer"] | None
    """Cross-attention; None without an encoder."""
    mlp: Float32[np.ndarray, " layer"]
    heads: Float32[np.ndarray, "layer head"] | None
    """Each head's share of `attention`; None where it cannot be told."""
    attention_bias: Float32[np.ndarray, " layer"] | None
    """What the bias of the output projection adds, which no head does; None without `heads`."""
    constant: float
    """What no part adds: the last norm's shift, and the tokens' biases."""
    difference: float
    """The two logits' difference (or the one logit) as the network gave them; where it caps them,
    before the cap."""
    factor: float
    """What the network multiplies its logits with; it is in all terms."""
    centred: bool
    """The last norm takes off the mean (a layer norm), and so does the direction of the terms."""
    capped: bool
    """The network caps its logits, so what it answers differs less than `difference` says."""
    without_heads: str
    """Why there are no `heads`; empty if there are."""
    checks: tuple[Check, ...]


def push(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None,
    stack: StackName,
    place: int,
    toward: int,
    rather: int | None,
    edits: Sequence[Edit] = (),
) -> Push:
    """Return what each part adds at `place` of `stack` to the logit of token `toward` less that of
    `rather` (ids); to the logit itself where `rather` is None.

    Raises:
        InspectionError: the text, the place or the tokens are none of the model's, or its logits
            are not a sum over its parts: it norms its stream, or answers with more than a matrix.
    """
    require_sum(model, stack)
    kept: tuple[Part, ...] = ("residual", "attention", "logits")
    recording = record(model, text, target, kept, edits=edits)
    found, parts = recording.stack(stack), model.anatomy.stacks[stack]
    logits = _logits(model, recording, found, place, toward, rather)
    residual = found.residual
    assert residual is not None  # the premise has seen it
    norm = frozen_norm(model, parts, residual[-1], place)
    read = readout(model, norm, logits, toward, rather)
    writes = (found.attention_writes, found.cross_writes, found.mlp_writes)
    attention, cross, mlp = (None if one is None else _term(one[:, place], read) for one in writes)
    assert attention is not None and mlp is not None
    embedding = float(residual[0, place].astype(np.float64) @ read.direction)
    heads = bias = None
    says = SUMS if rather is not None else ALONE
    checks, why = (
        [_sum_check(model, found, place, embedding, attention, cross, mlp, read, says)],
        "",
    )
    try:
        heads, bias, check = _heads(model, recording, found, place, read)
        checks.append(check)
    except InspectionError as error:
        why = str(error)
    return Push(
        embedding=embedding,
        attention=attention,
        cross=cross,
        mlp=mlp,
        heads=heads,
        attention_bias=bias,
        constant=read.constant,
        difference=read.difference,
        factor=read.factor,
        centred=norm.kind == "layer",
        capped=read.capped,
        without_heads=why,
        checks=tuple(checks),
    )


def require_sum(model: Model, stack: StackName) -> None:
    """Go on if the logits of `stack` are a sum over what the parts of `model` write.

    Raises:
        InspectionError: they are not, or there are none.
    """
    if model.kind in ("classifier", "headless"):
        raise InspectionError(
            f"'{model.name}' gives no token a logit, so no part of it pushes toward one. Choose a "
            "model that writes, such as storyteller."
        )
    stacks = model.anatomy.stacks
    last = list(stacks)[-1]
    if stack != last:
        raise InspectionError(
            f"The logits of '{model.name}' come from its {last}; a place in the "
            f"{stack} was asked for. Choose a token of the {last}."
        )
    if stacks[last].post_norms:
        raise InspectionError(
            f"'{model.name}' norms its stream behind each sum: the norms on the stream mix what "
            "its parts wrote, so what each adds to a logit cannot be told. Choose a model that "
            "norms what its parts read, as GPT-2, Llama and T5 do."
        )
    require(model, "stream")


def _logits(
    model: Model,
    recording: Recording,
    stack: StackRecord,
    place: int,
    toward: int,
    rather: int | None,
) -> Float32[np.ndarray, " vocabulary"]:
    if not 0 <= place < len(stack.ids):
        raise InspectionError(
            f"Place {place} was asked for, but this text has {len(stack.ids)} tokens: choose one "
            f"from 0 to {len(stack.ids) - 1}."
        )
    if recording.logits is None or recording.logits.ndim != 2 or len(recording.logits) <= place:
        raise InspectionError(f"The network of '{model.name}' gives no logits for each token.")
    logits: Float32[np.ndarray, " vocabulary"] = recording.logits[place]
    if rather is None and not 0 <= toward < len(logits):
        raise InspectionError(
            f"The logit of token {toward} was asked for: choose an id from 0 to {len(logits) - 1}."
        )
    strange = rather is not None and not all(0 <= one < len(logits) for one in (toward, rather))
    if strange or toward == rather:
        raise InspectionError(
            f"Tokens {toward} and {rather} were to be compared: choose two different ids from 0 to "
            f"{len(logits) - 1}."
        )
    rounding.require_numbers(logits)
    return logits


def _term(
    writes: Float32[np.ndarray, "layer width"], read: Readout
) -> Float32[np.ndarray, " layer"]:
    return (writes.astype(np.float64) @ read.direction).astype(np.float32)


def _sum_check(
    model: Model,
    stack: StackRecord,
    place: int,
    embedding: float,
    attention: Float32[np.ndarray, " layer"],
    cross: Float32[np.ndarray, " layer"] | None,
    mlp: Float32[np.ndarray, " layer"],
    read: Readout,
    says: str,
) -> Check:
    """Compare all terms with the network's own answer."""
    each = [one for one in (attention, cross, mlp) if one is not None]
    terms = np.concatenate([[embedding], *each]).astype(np.float64)
    total = float(terms.sum())
    off = stream_off(stack, place, len(mlp), model.facts.dtype) * np.abs(read.direction)
    rounded = float(together(off.reshape(-1)))
    kept = rounding.unit("float32") * (np.abs(terms).sum() + abs(read.constant))
    return Check(
        says,
        abs(total + read.constant - read.difference),
        rounded + read.off + float(kept),
        "A part is missing or counted twice, or the stream is read otherwise than is shown here.",
    )


def _heads(
    model: Model, recording: Recording, stack: StackRecord, place: int, read: Readout
) -> tuple[Float32[np.ndarray, "layer head"], Float32[np.ndarray, " layer"], Check]:
    """Return the terms of heads and of the projections' biases, and whether they make up the whole.

    Raises:
        InspectionError: what a head writes cannot be told.
    """
    added = stack.attention_writes
    assert added is not None
    records = list(recording.of(stack.name))
    if [one.layer for one in records] != list(range(len(added))):
        raise InspectionError("Not each block of this network has one attention with heads.")
    terms, biases, checks = [], [], []
    for one in records:
        outputs = one.understood().outputs[:, place : place + 1]
        projection = output_projection(model, stack.name, one.layer, one.heads)
        if projection.norm is not None:
            raise InspectionError(
                "A norm stands between the heads and the stream: it mixes what they wrote, so only "
                "attention as a whole can be told."
            )
        heads = projection.writes(outputs)[:, 0].astype(np.float64) @ read.direction
        bias = float(projection.bias.astype(np.float64) @ read.direction)
        write = added[one.layer, place].astype(np.float64)
        off = heads_off(projection, outputs[:, 0], write, model.facts.dtype)
        terms.append(heads.astype(np.float32))
        biases.append(bias)
        allowed = float(together(off * np.abs(read.direction)))
        allowed += rounding.unit("float32") * float(np.abs(heads).sum() + abs(bias))
        error = abs(float(terms[-1].sum(dtype=np.float64)) + bias - float(write @ read.direction))
        checks.append(Check("", error, allowed, "What a single head adds cannot be right here."))
    return np.stack(terms), np.array(biases, np.float32), worst(checks, HEADS)
