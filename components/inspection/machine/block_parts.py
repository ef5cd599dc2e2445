"""The parts of an opened block beside its attention: the stream, what is written, the MLP."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from components.inspection.checks import Check
from components.inspection.edits import PARTS
from components.inspection.machine.experts import Experts, experts_at
from components.inspection.machine.matching import inputs_of
from components.inspection.machine.mlp_parts import Mlp, mlp_at
from components.inspection.machine.normed import Normed
from components.inspection.machine.opening import EDITED, Opening
from components.inspection.machine.streams import SubChain, same


@dataclass(frozen=True, eq=False)
class BlockStreams:
    """The stream within the block and what is written to it, at the tokens that are shown."""

    entered: Float32[np.ndarray, "row width"] | None
    """The stream that enters the block; None where there is no one stream."""
    before_cross: Float32[np.ndarray, "row width"] | None
    """What cross-attention reads (before its norm): the stream after self-attention. None without
    one."""
    between: Float32[np.ndarray, "row width"] | None
    """What the MLP reads (before its norm): the stream after attention. None in a parallel block,
    where both read what entered."""
    left: Float32[np.ndarray, "row width"] | None
    attention_write: Float32[np.ndarray, "row width"] | None
    """What self-attention adds to the stream."""
    cross_write: Float32[np.ndarray, "row width"] | None
    mlp_write: Float32[np.ndarray, "row width"] | None

    @classmethod
    def of(
        cls, opened: Opening, shown: slice, unknown: list[str], checks: list[Check]
    ) -> "BlockStreams":
        """Return them; what is not known is said in `unknown`."""
        entered, left, found = opened.entered, opened.left, opened.streams()
        rows = [None if one is None else one[shown] for one in (entered, left)]
        if found is None or opened.chain is None:
            unknown.append(_why_no_chain(opened))
            record, layer = opened.read_by, opened.layer
            stated = (record.attention_writes, record.cross_writes, record.mlp_writes)
            writes = [None if each is None else each[layer][shown] for each in stated]
            return cls(rows[0], None, None, rows[1], writes[0], writes[1], writes[2])
        assert found.check is not None
        if not opened.edited("stream", opened.layer + 1):
            checks.append(found.check)
        read, written = found.read, found.writes
        apart = not opened.chain.parallel

        def at(kept: object, name: str) -> Float32[np.ndarray, "row width"] | None:
            one = kept.get(name)  # type: ignore[attr-defined]
            return None if one is None else one[shown]

        return cls(
            entered=rows[0],
            before_cross=at(read, "cross-attention") if apart else None,
            between=at(read, "MLP") if apart else None,
            left=rows[1],
            attention_write=at(written, "attention"),
            cross_write=at(written, "cross-attention"),
            mlp_write=at(written, "MLP"),
        )


def _why_no_chain(opened: Opening) -> str:
    if opened.entered is None:
        return (
            f"'{opened.model.name}' keeps no one residual stream with a row for each token, so "
            "what enters and leaves this block cannot be drawn as one."
        )
    return (
        "How what attention and MLP write is added to the stream is not known here: no way of "
        "adding them leads from what enters this block to what leaves it (some families scale "
        "what is written, or have further parts)."
    )


def mlp_of(opened: Opening, shown: slice, unknown: list[str]) -> tuple[Mlp | None, Experts | None]:
    """Return the MLP's numbers, or its router's; what is not known is said in `unknown`."""
    wiring = opened.wiring
    if wiring.router is not None:
        experts = experts_at(wiring.router, opened.trace, opened.tokens, shown, opened.dtype)
        unknown += [wiring.router.why] if wiring.router.why else []
        unknown.append(
            "The hidden numbers of the MLP are those of several experts, each token's of its own: "
            "they are not drawn."
        )
        if _shared_expert(opened, wiring.router.path):
            unknown.append(
                "Beside the experts that are chosen, every token goes through one more: what it "
                "adds is in what the MLP writes, and is not drawn by itself."
            )
        return None, experts
    mlp = None
    if wiring.mlp is not None:
        mlp = mlp_at(wiring.mlp, opened.trace, opened.tokens, shown, opened.dtype)
    if mlp is None:
        unknown.append(
            "How the MLP makes its hidden numbers is not known here: no map's output, through an "
            "activation and perhaps times another map's, is what its last map reads."
        )
    return mlp, None


def norms_unknown(opened: Opening, norms: tuple[Normed, ...], unknown: list[str]) -> None:
    """Say in `unknown` if a norm of the block is not understood."""
    subs = () if opened.chain is None else opened.chain.subs
    paths = [path for sub in subs for path in _paths(opened, sub)]
    if len(norms) < len(paths):
        unknown.append(
            f"{len(paths) - len(norms)} of the {len(paths)} norms of this block are neither "
            "RMSNorm nor LayerNorm, so their steps are not drawn."
        )


def changed(opened: Opening, head: int, unknown: list[str]) -> None:
    """Say in `unknown` which parts of the block are not what they would be by themselves."""
    found = [PARTS[part] for part in EDITED.values() if opened.edited(part)]
    if opened.edited("head", head=head):
        found.append("what this head gives")
    if opened.edited("stream"):
        found.append("the stream that enters this block")
    if opened.edited("stream", opened.layer + 1):
        found.append("the stream that leaves this block")
    unknown += [f"Changed in this pass: {each}." for each in found]


def _paths(opened: Opening, sub: SubChain) -> list[str]:
    put = opened.edited(EDITED[sub.name])
    return [path for path in (sub.before, None if put else sub.of_write, sub.of_sum) if path]


def _shared_expert(opened: Opening, router: str) -> bool:
    """Say whether other maps read what the router reads, for all tokens."""
    read = opened.reads("MLP")
    return any(
        path != router and same(rows, read)
        for path, rows in inputs_of(opened.trace, opened.tokens).items()
    )
