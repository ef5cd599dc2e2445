"""One head, one query token: every step from q . k to what is written, in real numbers.

    q . k  ->  x scale  ->  cap, position bias  ->  mask  ->  softmax  ->  sum of values
    ->  the head's slice of the output projection

Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64
from scipy.special import softmax

from components.inspection import rounding
from components.inspection.attention.maps import Group, record_at, require_group
from components.inspection.attention.projection import output_projection, writes_check
from components.inspection.attention.rotation import unrotated
from components.inspection.attention.scores import ScoreRule, score_rule, weights_allowed
from components.inspection.attention.value_weighted import value_lengths
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.premises import require
from components.inspection.recording import AttentionRecord


@dataclass(frozen=True, eq=False)
class AttentionSteps:
    """How the token at `place` reads, in one head. Arrays over `read` are about the key tokens."""

    reader: str
    place: int
    read: tuple[str, ...]
    layer: int
    head: int
    kv_head: int
    query: Float32[np.ndarray, " size"]
    """Rotated by its position where the model uses RoPE."""
    keys: Float32[np.ndarray, "key size"]
    """Rotated likewise."""
    values: Float32[np.ndarray, "key value_size"]
    unrotated_dots: Float32[np.ndarray, " key"] | None
    """q . k as it would be without RoPE; None where the model does not use it, or its rotation
    cannot be taken apart."""
    dots: Float32[np.ndarray, " key"]
    """q . k"""
    scale: float
    """Factor on `dots`, measured: 1 / sqrt(size) in most families."""
    cap: float | None
    """Scores are squeezed to cap x tanh(score / cap) (Gemma 2)."""
    bias: Float32[np.ndarray, " key"] | None
    """What the model adds for the position (ALiBi, T5); 0 where masked. None if nothing is added.
    Measured: the scores that are there without queries and keys."""
    scores: Float32[np.ndarray, " key"]
    """The scores after all these steps; very low or -inf where masked. Of a model that takes each
    row's largest score off before the softmax, the scores before that."""
    sink: float | None
    """The score of a learned sink (GPT-OSS), which takes a share of the softmax and is no token."""
    hidden: Bool[np.ndarray, " key"]
    """True where the mask forbids attending."""
    weights: Float32[np.ndarray, " key"]
    """0 to 1: the model's own weights."""
    output: Float32[np.ndarray, " value_size"]
    """The model's own sum of weights x values."""
    value_writes: Float32[np.ndarray, " key"] | None
    """Norm of what each value would write into the residual stream through this head, if it got all
    the attention; None if the family's projection is not known."""
    write: Float32[np.ndarray, " width"] | None
    """What this head adds to the residual stream here; None if the family's projection is not
    known."""
    bias_write: float
    """Norm of the projection's bias, which belongs to no head."""
    write_lengths: Float32[np.ndarray, " head"] | None
    """Norm of what each head of the layer writes here."""
    checks: tuple[Check, ...]
    """Our steps against the model's own pass, at this token: scores, weights, output, writes."""

    @property
    def scaled(self) -> Float32[np.ndarray, " key"]:
        """q . k after the scale."""
        return self.dots * np.float32(self.scale)


def attention_steps(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None,
    group: Group,
    layer: int,
    head: int,
    place: int,
) -> AttentionSteps:
    """Let `model` read `text` once, and follow one head's attention from the token at `place`.

    `layer` is the network's own number of the block.

    Raises:
        InspectionError: as for `attention_maps`; there is no such layer, head or token; the
            scores are not one product of query and key, one factor and a bias; or they are no
            numbers.
    """
    require_group(model, group)
    require(model, "scores", "outputs")
    recording = record(model, text, target, keep=["attention", "residual"], bare=True)
    one = record_at(recording, group, layer)
    _check("head", head, one.heads)
    stack = recording.stack("decoder" if group == "cross" else group)
    _check("token", place, len(stack.tokens))
    rounding.require_numbers(one.weights[head, place])
    vectors, rule = one.understood(), score_rule(one)
    kv_head, tokens = one.kv_head(head), one.weights.shape[-1]
    query, keys, values = (
        vectors.queries[head, place],
        vectors.keys[kv_head],
        vectors.values[kv_head],
    )
    hidden = ~one.visible[head, place]
    shift = float(np.broadcast_to(rule.shift, (one.heads, len(stack.tokens), 1))[head, place, 0])
    dots = keys @ query
    ours = np.where(hidden, -np.inf, rule.of_content(dots) + rule.bias[head, place])
    sink = one.scores[head, place, tokens:].astype(np.float64) - shift
    added = stack.cross_writes if group == "cross" else stack.attention_writes
    write, lengths, value_writes, bias_write, written = _writes(
        model, group, one, head, place, None if added is None else added[layer]
    )
    return AttentionSteps(
        reader=stack.tokens[place],
        place=place,
        read=recording.stack("encoder").tokens if group == "cross" else stack.tokens,
        layer=layer,
        head=head,
        kv_head=kv_head,
        query=query,
        keys=keys,
        values=values,
        unrotated_dots=_unrotated_dots(model, stack.ids, group, layer, head, kv_head, place),
        dots=dots,
        scale=rule.scale,
        cap=rule.cap,
        bias=rule.bias[head, place] if rule.biased else None,
        scores=(one.scores[head, place, :tokens] - shift).astype(np.float32),
        sink=float(sink[0]) if sink.size else None,
        hidden=hidden,
        weights=one.weights[head, place],
        output=vectors.outputs[head, place],
        value_writes=value_writes,
        write=write,
        bias_write=bias_write,
        write_lengths=lengths,
        checks=(
            rule.check,
            _weights_check(ours, sink, one, rule, head, place),
            _output_check(one, head, place),
            *written,
        ),
    )


def without_division(steps: AttentionSteps) -> Float32[np.ndarray, " key"]:
    """Return the weights that there would be if no factor multiplied q . k.

    The cap, the bias, the mask and the sink stay as they are.
    """
    content = steps.dots.astype(np.float64)
    if steps.cap is not None:
        content = steps.cap * np.tanh(content / steps.cap)
    scores = np.where(steps.hidden, -np.inf, content + (0.0 if steps.bias is None else steps.bias))
    sinks = [] if steps.sink is None else [steps.sink]
    return softmax(np.concatenate([scores, sinks]))[: len(scores)].astype(np.float32)


def _check(name: str, number: int, count: int) -> None:
    if not 0 <= number < count:
        raise InspectionError(
            f"There is no {name} {number}: there are {count}, counted from 0 to {count - 1}."
        )


def _weights_check(
    ours: Float64[np.ndarray, " key"],
    sink: Float64[np.ndarray, " sink"],
    one: AttentionRecord,
    rule: ScoreRule,
    head: int,
    place: int,
) -> Check:
    """Compare the softmax of the scores that our own steps lead to with the model's weights."""
    found = softmax(np.concatenate([ours, sink]))[: len(ours)]
    return rounding.compared(
        "the softmax of these scores is the model's weights",
        one.weights[head, place],
        found,
        weights_allowed(one, rule, head, slice(place, place + 1), found[None])[0],
        "A step between query · key and the weight is missing or another one here.",
    )


def _output_check(one: AttentionRecord, head: int, place: int) -> Check:
    vectors = one.understood()
    values = vectors.values[one.kv_head(head)].astype(np.float64)
    weights = one.weights[head, place].astype(np.float64)
    share = 4 * rounding.unit(one.dtype) + rounding.summed(len(weights))
    return rounding.compared(
        "these weights times these values are the head's output",
        vectors.outputs[head, place],
        weights @ values,
        share * (np.abs(weights) @ np.abs(values)),
        "The values shown are not those that this head mixed.",
    )


def _unrotated_dots(
    model: Model,
    ids: Sequence[int],
    group: Group,
    layer: int,
    head: int,
    kv_head: int,
    place: int,
) -> Float32[np.ndarray, " key"] | None:
    if group == "cross" or len(model.anatomy.stacks) == 2:
        return None
    found = unrotated(model, list(ids), layer)
    return None if found is None else found[1][kv_head] @ found[0][head, place]


def _writes(
    model: Model,
    group: Group,
    one: AttentionRecord,
    head: int,
    place: int,
    added: Float32[np.ndarray, "query width"] | None,
) -> tuple[
    Float32[np.ndarray, " width"] | None,
    Float32[np.ndarray, " head"] | None,
    Float32[np.ndarray, " key"] | None,
    float,
    tuple[Check, ...],
]:
    """Return the head's write, the norms of all heads' and of its values', the bias's norm, and
    their check."""
    try:
        projection = output_projection(model, group, one.layer, one.heads)
    except InspectionError:
        return None, None, None, 0.0, ()
    here = one.understood().outputs[:, place : place + 1]
    writes = projection.writes(here)[:, 0]
    checks: tuple[Check, ...] = ()
    if added is not None:
        checks = (writes_check(projection, here, added[place : place + 1], one.dtype),)
    bias = float(np.linalg.norm(projection.bias))
    lengths = np.linalg.norm(writes, axis=-1)
    return writes[head], lengths, value_lengths(one, projection)[head], bias, checks
