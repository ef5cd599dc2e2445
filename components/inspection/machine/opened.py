"""One block of a network with all its numbers: what the drawing of the open block shows.

    stream -> norm -> queries, keys, values -> scores -> weights -> outputs -> write -> + stream
    -> norm -> gate, up -> hidden -> write -> + stream

Where the parts are is found on the loaded network (`wiring`). Every number is as recorded; what
cannot be known is None, and `unknown` says why.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from jaxtyping import Bool, Float32

from components.inspection.anatomy import StackName
from components.inspection.checks import Check
from components.inspection.edits import Edit
from components.inspection.machine.attended import Attended, attended
from components.inspection.machine.block_parts import BlockStreams, changed, mlp_of, norms_unknown
from components.inspection.machine.experts import Experts
from components.inspection.machine.mlp_parts import Mlp
from components.inspection.machine.normed import Normed
from components.inspection.machine.opening import Opening, checked, opening
from components.inspection.model import Model
from components.inspection.positions.rotation import Rope
from components.inspection.recording import AttentionKind

MOST_ROWS: Final = 64


@dataclass(frozen=True, eq=False)
class OpenedBlock:
    """One block while it reads a text, at the query tokens [first_row, first_row + rows).

    Arrays over `row` are about those query tokens, arrays over `key` about all key tokens.
    """

    stack: StackName
    layer: int
    kind: AttentionKind
    head: int
    kv_head: int
    place: int
    first_row: int
    tokens: tuple[str, ...]
    """All tokens of the stack."""
    read: tuple[str, ...]
    """The key tokens: the same, or the encoder's in cross-attention."""
    entered: Float32[np.ndarray, "row width"] | None
    """The stream that enters the block; None where there is no one stream."""
    before_cross: Float32[np.ndarray, "row width"] | None
    """What cross-attention reads (before its norm): the stream after self-attention. None without
    one."""
    between: Float32[np.ndarray, "row width"] | None
    """What the MLP reads (before its norm): the stream after attention. None in a parallel block,
    where both read what entered."""
    left: Float32[np.ndarray, "row width"] | None
    norms: tuple[Normed, ...]
    """In the order in which they are met; those of queries and keys last."""
    queries: Float32[np.ndarray, "row size"] | None
    """Of this head, as scored: turned, where RoPE turns."""
    keys: Float32[np.ndarray, "key size"] | None
    values: Float32[np.ndarray, "key value_size"] | None
    queries_before: Float32[np.ndarray, "row size"] | None
    """Before RoPE; None where nothing is turned."""
    keys_before: Float32[np.ndarray, "key size"] | None
    rope: Rope | None
    dots: Float32[np.ndarray, "row key"] | None
    """Queries times keys."""
    scale: float | None
    """Factor on `dots`, measured."""
    cap: float | None
    """Scores are squeezed to cap x tanh(score / cap)."""
    bias: Float32[np.ndarray, "row key"] | None
    """What is added for positions; 0 where masked. None if nothing is."""
    scores: Float32[np.ndarray, "row key"]
    """What goes into the softmax; very low or minus infinity where masked."""
    sinks: Float32[np.ndarray, " row"] | None
    """The score of a learned sink (GPT-OSS), which takes a share of the softmax."""
    visible: Bool[np.ndarray, "row key"]
    weights: Float32[np.ndarray, "row key"]
    """0 to 1."""
    outputs: Float32[np.ndarray, "row value_size"] | None
    """Weights times values."""
    head_writes: Float32[np.ndarray, "head row"] | None
    """Norm of what each head writes, before a norm of all heads' sum."""
    attention_write: Float32[np.ndarray, "row width"] | None
    """What self-attention adds to the stream."""
    cross_write: Float32[np.ndarray, "row width"] | None
    mlp_write: Float32[np.ndarray, "row width"] | None
    mlp: Mlp | None
    experts: Experts | None
    placement: str
    """Where norms stand: "pre", "post", "parallel", "sandwich" (before and behind each part),
    "after the part" (the write alone is normed), "none" or "unknown"."""
    unknown: tuple[str, ...]
    """What cannot be known here and why, a sentence each."""
    checks: tuple[Check, ...]


def opened_block(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None,
    stack: StackName,
    layer: int,
    head: int,
    place: int,
    first_row: int = 0,
    rows: int = MOST_ROWS,
    kind: AttentionKind = "self",
    edits: Sequence[Edit] = (),
) -> OpenedBlock:
    """Let `model` read `text` once, and open block `layer` of `stack` at one head.

    At most `rows` query tokens are shown, from `first_row` on; `place` is the one in focus.
    `edits` change the pass, as in `record`: what is shown is what the network went on with.

    Raises:
        InspectionError: there is no such stack, block, head or token; the block has no attention of
            that kind that can be drawn; or the text cannot be read.
    """
    opened = opening(model, text, target, stack, layer, kind, edits=edits)
    return block_of(opened, head, place, first_row, rows)


def block_of(opened: Opening, head: int, place: int, first_row: int, rows: int) -> OpenedBlock:
    """Return the opened block at one head and some query tokens.

    Raises:
        InspectionError: there is no such head or token.
    """
    checked(opened, head, place)
    first = max(0, min(first_row, opened.tokens - 1))
    shown = slice(first, min(first + max(rows, 1), opened.tokens))
    unknown: list[str] = []
    checks: list[Check] = []
    part = attended(opened, head, shown)
    norms = opened.norms(shown)
    mlp, experts = mlp_of(opened, shown, unknown)
    streams = BlockStreams.of(opened, shown, unknown, checks)
    changed(opened, head, unknown)
    norms_unknown(opened, norms, unknown)
    checks = [*part.checks, *(norm.check for norm in norms), *checks]
    checks += [] if mlp is None else [mlp.check]
    checks += [] if experts is None else [experts.check]
    return _block(opened, head, place, shown, part, norms, mlp, experts, streams, unknown, checks)


def _block(
    opened: Opening,
    head: int,
    place: int,
    shown: slice,
    part: Attended,
    norms: tuple[Normed, ...],
    mlp: Mlp | None,
    experts: Experts | None,
    streams: BlockStreams,
    unknown: list[str],
    checks: list[Check],
) -> OpenedBlock:
    # Attention's numbers, and the streams', have the same names in both.
    names = {field.name for field in fields(part)} - {"norms", "unknown", "checks"}
    same = {name: getattr(part, name) for name in sorted(names)}
    own = {field.name: getattr(streams, field.name) for field in fields(streams)}
    return OpenedBlock(
        stack=opened.stack,
        layer=opened.layer,
        kind=opened.kind,
        head=head,
        kv_head=opened.one.kv_head(head),
        place=place,
        first_row=shown.start,
        tokens=opened.read_by.tokens,
        read=opened.keys,
        norms=(*norms, *part.norms),
        mlp=mlp,
        experts=experts,
        placement="unknown" if opened.chain is None else opened.chain.placement,
        unknown=(*part.unknown, *unknown),
        checks=tuple(checks),
        **same,
        **own,
    )
