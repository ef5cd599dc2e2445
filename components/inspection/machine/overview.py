"""The whole pass at a glance: each token's stream through all blocks, and what was written to it.

Everything comes from one recording. Of a long text a window of rows is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from jaxtyping import Bool, Float32

from components.inspection.anatomy import StackName
from components.inspection.attention.record_checks import misplaced, rows_check, weights_check
from components.inspection.checks import Check
from components.inspection.edits import Edit
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.premises import require
from components.inspection.premises.stream import stream_check
from components.inspection.recording import AttentionKind, Recording, StackRecord

MOST_ROWS: Final = 64
"""Tokens of one stack that are drawn: rows."""
MOST_TOKENS: Final = 1_024
"""Tokens that are read: the pass is recorded whole."""


@dataclass(frozen=True, eq=False)
class Heads:
    """The attention of one kind, in the rows that are drawn."""

    numbers: tuple[int, ...]
    """The blocks that attend so: in hybrids not all do."""
    kv_heads: int
    weights: Float32[np.ndarray, "layer head row key"]
    """0 to 1, of `numbers`. Keys are those of the window, too: rows sum to 1 or less."""
    visible: Bool[np.ndarray, "layer row key"]


@dataclass(frozen=True, eq=False)
class River:
    """One stack's tokens on their way through its blocks. Norms are lengths of vectors."""

    name: StackName
    tokens: tuple[str, ...]
    ids: tuple[int, ...]
    first: int
    """The first token that is drawn: row 0."""
    rows: int
    layers: int
    width: int | None
    norms: Float32[np.ndarray, "boundary row"] | None
    """Of the stream. None where there is no one stream."""
    loud: Float32[np.ndarray, " token"] | None
    """The norm of every token's stream in the middle of the network, also of those not drawn."""
    attention: Float32[np.ndarray, "layer row"] | None
    """Of what attention adds."""
    cross: Float32[np.ndarray, "layer row"] | None
    mlp: Float32[np.ndarray, "layer row"] | None
    along: dict[str, Float32[np.ndarray, "layer row"]]
    """By "attention", "cross", "mlp": the cosine of what is added with the stream it is added to;
    below 0 it takes something away."""
    active: Float32[np.ndarray, "layer row"] | None
    """0 to 1: the share of the MLP's neurons above 0. None for a mixture of experts."""
    neurons: int | None
    begins: Float32[np.ndarray, "row width"] | None
    """What enters the first block."""
    ends: Float32[np.ndarray, "row width"] | None
    """What leaves the last one, before any final norm."""
    heads: Heads | None
    """None where its attention cannot be drawn."""
    crossing: Heads | None
    """The decoder's look into the encoder; its keys are the encoder's rows."""
    post_normed: bool
    """The sums themselves are normed (BERT), so the norm stands on the stream."""


@dataclass(frozen=True, eq=False)
class Overview:
    """One text in one model, from its tokens to what leaves the last block."""

    model: str
    rivers: tuple[River, ...]
    """In the order in which they run."""
    heads: int
    unknown: tuple[str, ...]
    """What cannot be drawn of this model, and why: sentences."""
    checks: tuple[Check, ...]

    @property
    def last(self) -> River:
        """The stack that gives the answer."""
        return self.rivers[-1]


def overview(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None = None,
    first: int = 0,
    edits: Sequence[Edit] = (),
) -> Overview:
    """Let `model` read `text` once, and return the whole pass; rows from `first` on are kept.

    `first` is of the stack that gives the answer; of an encoder beside it the first rows are kept.

    Raises:
        InspectionError: the text is empty or too long, an edit cannot be made, or what is recorded
            is not what the network computes with.
    """
    require(model, "output")
    recording = recorded(model, text, target, edits)
    wrong = misplaced(recording)
    unknown = [f"Its attention is not drawn: {wrong[0]}."] if wrong else []
    if not wrong and not recording.attentions:
        unknown.append("No attention was seen in it: its tokens are mixed in another way.")
    check, why = stream_check(model, recording)
    if not check.holds:
        unknown.append(why)
    last, rivers = recording.stack().name, []
    windows = {
        stack.name: window(len(stack.ids), first if stack.name == last else 0)
        for stack in recording.stacks
    }
    for stack in recording.stacks:
        shown = windows[stack.name]
        own = None if wrong else _heads(recording, stack.name, "self", shown, shown)
        crossing = (
            None
            if wrong or stack.cross_writes is None
            else _heads(recording, stack.name, "cross", shown, windows["encoder"])
        )
        rivers.append(_river(model, stack, shown, own, crossing))
    checks = [check] if check.holds else []
    if not wrong and recording.attentions:
        checks += [rows_check(recording.attentions), weights_check(recording.attentions)]
    return Overview(
        model=model.name,
        rivers=tuple(rivers),
        heads=model.facts.heads,
        unknown=tuple(unknown),
        checks=tuple(checks),
    )


def recorded(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None,
    edits: Sequence[Edit] = (),
) -> Recording:
    """Return what the drawing is made from.

    Raises:
        InspectionError: the text is empty or too long for it.
    """
    ids = model.encode(text) if isinstance(text, str) else list(text)
    if len(ids) > MOST_TOKENS:
        raise InspectionError(
            f"The text is {len(ids):,} tokens long; the whole pass is recorded for at most "
            f"{MOST_TOKENS:,}. Shorten the text."
        )
    return record(model, ids, target, edits=edits)


def window(tokens: int, first: int) -> slice:
    """Return which of a stack's tokens are drawn.

    >>> window(100, 90), window(5, 0)
    (slice(36, 100, None), slice(0, 5, None))
    """
    start = max(0, min(first, tokens - MOST_ROWS))
    return slice(start, min(tokens, start + MOST_ROWS))


def _heads(
    recording: Recording, stack: StackName, kind: AttentionKind, rows: slice, keys: slice
) -> Heads | None:
    records = list(recording.of(stack, kind))
    if not records or len({one.heads for one in records}) > 1:
        return None
    return Heads(
        tuple(one.layer for one in records),
        records[0].kv_heads,
        np.stack([one.weights[:, rows, keys] for one in records]),
        np.stack([one.visible[:, rows, keys].any(0) for one in records]),
    )


def _river(
    model: Model,
    stack: StackRecord,
    shown: slice,
    heads: Heads | None,
    crossing: Heads | None,
) -> River:
    stream, hidden = stack.residual, stack.mlp_activations
    writes = {
        "attention": stack.attention_writes,
        "cross": stack.cross_writes,
        "mlp": stack.mlp_writes,
    }
    here: dict[str, Any] = {
        name: None if one is None else one[:, shown] for name, one in writes.items()
    }
    lengths = {name: None if one is None else _norm(one) for name, one in here.items()}
    even = hidden is not None and all(len(one) == len(stack.ids) for one in hidden)
    return River(
        name=stack.name,
        tokens=stack.tokens,
        ids=stack.ids,
        first=shown.start,
        rows=shown.stop - shown.start,
        layers=model.facts.layers if stream is None else len(stream) - 1,
        width=None if stream is None else stream.shape[-1],
        norms=None if stream is None else _norm(stream[:, shown]),
        loud=None if stream is None else _norm(stream[len(stream) // 2]),
        attention=lengths["attention"],
        cross=lengths["cross"],
        mlp=lengths["mlp"],
        along={}
        if stream is None
        else {
            name: _cosine(one, stream[:-1, shown])
            for name, one in here.items()
            if one is not None and len(one) == len(stream) - 1
        },
        active=np.stack([(one[shown] > 0).mean(-1, dtype=np.float32) for one in hidden])
        if hidden is not None and even
        else None,
        neurons=hidden[0].shape[-1] if hidden is not None and even else None,
        begins=None if stream is None else stream[0, shown].copy(),
        ends=None if stream is None else stream[-1, shown].copy(),
        heads=heads,
        crossing=crossing,
        post_normed=bool(model.anatomy.stacks[stack.name].post_norms),
    )


def _norm(rows: Float32[np.ndarray, "*axes width"]) -> Float32[np.ndarray, "*axes"]:
    return np.linalg.norm(rows, axis=-1)


def _cosine(
    writes: Float32[np.ndarray, "layer row width"], stream: Float32[np.ndarray, "layer row width"]
) -> Float32[np.ndarray, "layer row"]:
    """Return the cosine of each write with the stream that enters its block."""
    one, other = writes.astype(np.float64), stream.astype(np.float64)
    lengths = np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1)
    found = np.einsum("lrw,lrw->lr", one, other) / np.maximum(lengths, np.finfo(np.float64).tiny)
    return found.astype(np.float32)
