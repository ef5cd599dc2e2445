"""One block of a network with all its numbers: what the drawing of the open block shows.

    stream -> norm -> queries, keys, values -> scores -> weights -> outputs -> write -> + stream
    -> norm -> gate, up -> hidden -> write -> + stream

Where the parts are is found on the loaded network (`wiring`). Every number is as recorded; what
cannot be known is None, and `unknown` says why.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

from components.inspection.anatomy import StackName
from components.inspection.checks import Check
from components.inspection.edits import Edit
from components.inspection.machine.attended import Attended, attended
from components.inspection.machine.block_parts import BlockStreams, changed, mlp_of, norms_unknown
from components.inspection.machine.experts import Experts
from components.inspection.machine.mlp_parts import Mlp
from components.inspection.machine.opening import Opening, checked, opening
from components.inspection.machine.streams import Placement
from components.inspection.model import Model
from components.inspection.recording import AttentionKind

MOST_ROWS: Final = 64


@dataclass(frozen=True, eq=False, kw_only=True)
class OpenedBlock(Attended, BlockStreams):
    """One block while it reads a text, at the query tokens [first_row, first_row + rows).

    Arrays over `row` are about those query tokens, arrays over `key` about all key tokens. Of what
    it takes from `Attended`, `norms`, `unknown` and `checks` are those of the whole block.
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
    mlp: Mlp | None
    experts: Experts | None
    placement: Placement
    """Where norms stand: "pre", "post", "parallel", "sandwich" (before and behind each part),
    "after the part" (the write alone is normed), "none" or "unknown"."""


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
    # All numbers of attention and of the streams, but what is told of the whole block.
    same = {one.name: getattr(each, one.name) for each in (part, streams) for one in fields(each)}
    same |= {
        "norms": (*norms, *part.norms),
        "unknown": (*part.unknown, *unknown),
        "checks": tuple(checks),
    }
    return OpenedBlock(
        **same,
        stack=opened.stack,
        layer=opened.layer,
        kind=opened.kind,
        head=head,
        kv_head=opened.one.kv_head(head),
        place=place,
        first_row=shown.start,
        tokens=opened.read_by.tokens,
        read=opened.keys,
        mlp=mlp,
        experts=experts,
        placement="unknown" if opened.chain is None else opened.chain.placement,
    )
