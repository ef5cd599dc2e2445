"""One head, one token that reads: every step from q . k to what is written, in real numbers.

    q . k  ->  / sqrt(size)  ->  cap, position bias  ->  mask  ->  softmax  ->  sum of values
    ->  the head's slice of the output projection

Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from components.inspection.anatomy import part
from components.inspection.attention.maps import HIDDEN, Group, records_of
from components.inspection.attention.projection import output_projection
from components.inspection.attention.rotation import unturned
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.recording import Array, AttentionRecord

CLOSE: Final = 1e-4
"""A scale fits if the scores differ from it by less than this share of their size."""


@dataclass(frozen=True, eq=False)
class AttentionSteps:
    """How the token at `place` reads, in one head. Arrays over `read` are about the tokens read."""

    reader: str
    place: int
    read: tuple[str, ...]
    layer: int
    head: int
    kv_head: int
    query: Array
    """[size], turned by its position where the model uses RoPE."""
    keys: Array
    """[read, size], turned likewise."""
    values: Array
    """[read, value size]"""
    unturned_dots: Array | None
    """[read]: q . k as it would be without RoPE; None where the model does not use it."""
    dots: Array
    """[read]: q . k"""
    scale: float
    """Factor on `dots`: 1 / sqrt(size) in most families."""
    cap: float | None
    """Scores are squeezed to cap x tanh(score / cap) (Gemma 2)."""
    bias: Array | None
    """[read]: what the model adds for the distance (ALiBi, T5); 0 at hidden places. None if
    nothing is added. Taken as the difference between the model's scores and the steps before."""
    scores: Array
    """[read]: what went into the model's softmax; very low or -inf where hidden."""
    hidden: NDArray[np.bool_]
    """[read]: True where the mask forbids reading."""
    weights: Array
    """[read], 0 to 1: the model's own weights."""
    output: Array
    """[value size]: the model's own sum of weights x values."""
    write: Array | None
    """[width]: what this head adds to the stream here; None if the family's projection is not
    known."""
    bias_write: float
    """Length of the projection's bias, which belongs to no head."""
    write_lengths: Array | None
    """[head]: length of what each head of the layer writes here."""
    score_error: float
    """Largest difference between our scores and the model's, where visible, over the largest of
    them (0 by construction where there is a bias)."""
    weight_error: float
    """Largest difference between the softmax of our scores and the model's weights."""
    output_error: float
    """Largest difference between our sum of values and the model's."""
    write_error: float | None
    """Largest difference between all heads' writes (and bias) and what attention added."""

    @property
    def scaled(self) -> Array:
        """[read]: q . k after the scale."""
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
    """Let `model` read `text` once, and follow one head's reading from token `place`.

    Raises:
        InspectionError: as for `attention_maps`, or there is no such layer, head or token.
    """
    recording = record(model, text, target, keep=["attention", "residual"])
    records = records_of(recording, group)
    _check("layer", layer, len(records))
    one = records[layer]
    _check("head", head, one.heads)
    stack = recording.stack("decoder" if group == "cross" else group)
    _check("token", place, len(stack.tokens))
    kv_head = head // (one.heads // one.kv_heads)
    query, keys, values = one.queries[head, place], one.keys[kv_head], one.values[kv_head]
    weights = one.weights[head, place]
    scores = one.scores[head, place, : len(weights)]
    hidden = scores <= HIDDEN
    scale, cap = _scale(model, one, group)
    dots = keys @ query
    capped = _capped(dots * np.float32(scale), cap)
    seen = ~hidden
    bias = np.zeros_like(dots)
    bias[seen] = scores[seen] - capped[seen]
    size = max(1.0, float(np.abs(scores[seen]).max(initial=0)))
    biased = model.anatomy.position in ("alibi", "relative") and group != "cross"
    ours = np.where(hidden, -np.inf, capped + (bias if biased else 0))
    # A learned sink (gpt_oss) takes part in the softmax, and is no token.
    sinks = one.scores[head, place, len(weights) :].astype(np.float64)
    softmax = _softmax(np.concatenate([ours, sinks]))[: len(weights)]
    added = stack.cross_writes if group == "cross" else stack.attention_writes
    write, lengths, write_error, bias_write = _writes(
        model, group, layer, one, head, place, None if added is None else added[layer]
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
        unturned_dots=_unturned(model, one, group, head, kv_head, place),
        dots=dots,
        scale=scale,
        cap=cap,
        bias=bias if biased else None,
        scores=scores,
        hidden=hidden,
        weights=weights,
        output=one.outputs[head, place],
        write=write,
        bias_write=bias_write,
        write_lengths=lengths,
        score_error=float(np.abs(ours[seen] - scores[seen]).max(initial=0) / size),
        weight_error=float(np.abs(softmax - weights).max()),
        output_error=float(np.abs(weights @ values - one.outputs[head, place]).max()),
        write_error=write_error,
    )


def _check(name: str, number: int, count: int) -> None:
    if not 0 <= number < count:
        raise InspectionError(
            f"There is no {name} {number}: there are {count}, counted from 0 to {count - 1}."
        )


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def _capped(scores: Array, cap: float | None) -> Array:
    return scores if cap is None else (cap * np.tanh(scores / cap)).astype(np.float32)


def _scale(model: Model, one: AttentionRecord, group: Group) -> tuple[float, float | None]:
    """Return the factor on q . k and the cap: the candidate that reproduces the model's scores.

    Families write the factor in many ways: as an attribute, in the config, into the query (OPT),
    or not at all (T5, GPT-Neo).
    """
    config = model.network.config.get_text_config()
    cap = getattr(config, "attn_logit_softcapping", None)
    size = one.queries.shape[-1]
    stated = [
        factor
        for module in _attention(model, group, one.layer).modules()
        if isinstance(factor := getattr(module, "scaling", None), float)
    ]
    usual = 1.0 if model.anatomy.position == "relative" else size**-0.5
    candidates = [*stated, usual, size**-0.5, 1.0, size**-0.5 / (one.layer + 1)]
    keys = np.repeat(one.keys, one.heads // one.kv_heads, axis=0)
    dots = one.queries @ keys.transpose(0, 2, 1)
    scores = one.scores[..., : dots.shape[-1]]
    seen = scores > HIDDEN
    size_of = max(1.0, float(np.abs(scores[seen]).max(initial=0)))
    for scale in candidates:
        ours = _capped(dots * np.float32(scale), cap)
        if np.abs(ours[seen] - scores[seen]).max(initial=0) < CLOSE * size_of:
            return scale, cap
    return candidates[0], cap


def _attention(model: Model, group: Group, layer: int) -> nn.Module:
    tower = model.anatomy.towers["decoder" if group == "cross" else group]
    block = list(part(model.network.base_model, tower.blocks).children())[layer]
    path = tower.cross_attention if group == "cross" else tower.attention
    return part(block, path) if path else block


def _unturned(
    model: Model, one: AttentionRecord, group: Group, head: int, kv_head: int, place: int
) -> Array | None:
    if group == "cross":
        return None
    queries = unturned(model, one.layer, one.queries[head : head + 1])
    keys = unturned(model, one.layer, one.keys[kv_head : kv_head + 1])
    if queries is None or keys is None:
        return None
    return keys[0] @ queries[0, place]


def _writes(
    model: Model,
    group: Group,
    layer: int,
    one: AttentionRecord,
    head: int,
    place: int,
    added: Array | None,
) -> tuple[Array | None, Array | None, float | None, float]:
    """Return the write, the lengths of all heads', the error of their sum, the bias's length."""
    try:
        projection = output_projection(model, group, layer, one.heads)
    except InspectionError:
        return None, None, None, 0.0
    here = one.outputs[:, place : place + 1]
    writes = projection.writes(here)[:, 0]
    error = None
    if added is not None:
        error = float(np.abs(projection.added(here)[0] - added[place]).max())
    bias = float(torch.from_numpy(projection.bias).norm())
    return writes[head], np.linalg.norm(writes, axis=-1), error, bias
