"""One text read by one model, with one block of it open: what all its views are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float32
from torch import nn

from components.inspection import rounding
from components.inspection.anatomy import StackName
from components.inspection.attention.record_checks import require_placed
from components.inspection.edits import Edit
from components.inspection.edits import Part as EditedPart
from components.inspection.errors import InspectionError
from components.inspection.machine.normed import Normed, Where, normed
from components.inspection.machine.streams import Chain, Streams, Sub, same, streams_of
from components.inspection.machine.trace import Trace, traced
from components.inspection.machine.wiring import SUBS, Wiring, wiring_of
from components.inspection.model import Model
from components.inspection.recording import (
    AttentionKind,
    AttentionRecord,
    Recording,
    StackRecord,
)

EDITED: Final[dict[Sub, EditedPart]] = {
    "attention": "attention",
    "cross-attention": "cross",
    "MLP": "mlp",
}
"""What an edit calls what a part writes."""


@dataclass(frozen=True, eq=False)
class Opening:
    """A recording, what flowed in one block, and what is known of what feeds what there."""

    model: Model
    stack: StackName
    layer: int
    kind: AttentionKind
    recording: Recording
    trace: Trace
    wiring: Wiring
    one: AttentionRecord
    """The attention sublayer that is shown."""
    edits: tuple[Edit, ...] = ()
    """What was changed in this pass."""

    def edited(self, part: EditedPart, layer: int | None = None, head: int | None = None) -> bool:
        """Say whether a part of this block (or of `layer`) is not what it would be by itself."""
        last = list(self.model.anatomy.stacks)[-1]
        here = self.layer if layer is None else layer
        return any(
            (edit.part, edit.layer, edit.stack or last) == (part, here, self.stack)
            and (part != "head" or (edit.kind, edit.head) == (self.kind, head))
            for edit in self.edits
        )

    @property
    def dtype(self) -> str:
        """In which the network computes."""
        return self.one.dtype

    @property
    def read_by(self) -> StackRecord:
        """The stack whose block is open: its tokens are the query tokens."""
        return self.recording.stack(self.stack)

    @property
    def tokens(self) -> int:
        """How many tokens the stack reads."""
        return len(self.read_by.tokens)

    @property
    def keys(self) -> tuple[str, ...]:
        """The key tokens."""
        if self.kind == "cross":
            return self.recording.stack("encoder").tokens
        return self.read_by.tokens

    @property
    def entered(self) -> Float32[np.ndarray, "token width"] | None:
        """The stream that enters the block."""
        found = self.read_by.residual
        return None if found is None else found[self.layer]

    @property
    def left(self) -> Float32[np.ndarray, "token width"] | None:
        """The stream that leaves the block."""
        found = self.read_by.residual
        return None if found is None else found[self.layer + 1]

    @property
    def chain(self) -> Chain | None:
        """How the block's parts are added to the stream."""
        return self.wiring.chain

    @property
    def _router(self) -> str | None:
        return self.wiring.router.path if self.wiring.router else None

    def streams(self) -> Streams | None:
        """Return the streams within the block; None where they are not known."""
        if self.chain is None or self.entered is None or self.left is None:
            return None
        return streams_of(self.chain, self.trace, self.entered, self.left, self.dtype)

    def module(self, path: str) -> nn.Module:
        """Return a module of the block."""
        return self.trace.block.get_submodule(path)

    def norms(self, rows: slice) -> tuple[Normed, ...]:
        """Return the block's norms at some tokens, in the order in which they are met."""
        found: list[Normed | None] = []
        behind: dict[Sub, Where] = {
            "attention": "after attention",
            "cross-attention": "after cross-attention",
            "MLP": "after MLP",
        }
        before: dict[Sub, Where] = {
            "attention": "before attention",
            "cross-attention": "before cross-attention",
            "MLP": "before MLP",
        }
        for sub in () if self.chain is None else self.chain.subs:
            if sub.before:
                found.append(self.norm(sub.before, before[sub.name], rows))
            if sub.of_write and not self.edited(EDITED[sub.name]):
                found.append(self.norm(sub.of_write, behind[sub.name], rows, on_write=True))
            if sub.of_sum:
                found.append(self.norm(sub.of_sum, behind[sub.name], rows))
        if self.chain is None:
            found += [self._norm_giving(name, before[name], rows) for name in before]
        return tuple(one for one in found if one is not None)

    def norm(self, path: str, where: Where, rows: slice, on_write: bool = False) -> Normed | None:
        """Return one norm at some tokens; None if what it does is not understood."""
        call = self.trace.calls.get(path)
        given = None if call is None else call.read(self.tokens)
        gives = None if call is None else call.gave(self.tokens)
        rule = self.wiring.norms.get(path)
        if call is None or given is None or gives is None or rule is None:
            return None
        on = "write" if on_write else "stream"
        return normed(call.module, rule, given[rows], gives[rows], self.dtype, where, on)  # type: ignore[arg-type]

    def _norm_giving(self, name: Sub, where: Where, rows: slice) -> Normed | None:
        """Return the norm whose output a part reads, where the whole chain is not known."""
        read = self.reads(name)
        for path, call in self.trace.calls.items() if read is not None else ():
            gives = call.gave(self.tokens) if call.simple else None
            if same(gives, read):
                found = self.norm(path, where, rows)
                if found is not None:
                    return found
        return None

    def reads(self, name: Sub) -> Float32[np.ndarray, "token _"] | None:
        """Return what a part's first map reads; None where that map is not known."""
        path = None
        if name == "MLP":
            path = self.wiring.mlp.before.path if self.wiring.mlp else self._router
        else:
            kind = next(kind for kind, sub in SUBS.items() if sub == name)
            wired = self.wiring.attention.get(kind)
            if wired is not None and wired.queries is not None and wired.queries.maps is not None:
                path = wired.queries.maps.paths[0]
        call = None if path is None else self.trace.calls.get(path)
        return None if call is None else call.read(self.tokens)


def opening(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None,
    stack: StackName,
    layer: int,
    kind: AttentionKind = "self",
    outside: bool = False,
    edits: Sequence[Edit] = (),
) -> Opening:
    """Let `model` read `text` once, with block `layer` of `stack` open and `edits` made.

    Raises:
        InspectionError: there is no such block, it has no attention of that kind that can be
            drawn, or the text cannot be read.
    """
    wiring = wiring_of(model, stack, layer)
    recording, trace = traced(model, text, target, stack, layer, outside=outside, edits=edits)
    found = [one for one in recording.of(stack, kind) if one.layer == layer]
    if not found:
        raise InspectionError(
            f"Layer {layer} of the {stack} of '{model.name}' has no {kind}-attention that can be "
            "drawn: no softmax of queries times keys was seen there. "
            f"{_instead(recording, stack, kind)}"
        )
    require_placed(recording)
    rounding.require_numbers(found[0].weights)
    return Opening(model, stack, layer, kind, recording, trace, wiring, found[0], tuple(edits))


def _instead(recording: Recording, stack: StackName, kind: AttentionKind) -> str:
    layers = [str(one.layer) for one in recording.of(stack, kind)]
    return f"Choose layer {', '.join(layers)}." if layers else "Choose another kind of attention."


def _check_place(name: str, number: int, count: int) -> None:
    if not 0 <= number < count:
        raise InspectionError(
            f"There is no {name} {number}: there are {count}, counted from 0 to {count - 1}."
        )


def checked(opened: Opening, head: int, place: int) -> None:
    """Go on if there is such a head and such a token.

    Raises:
        InspectionError: there is not.
    """
    _check_place("head", head, opened.one.heads)
    _check_place("token", place, opened.tokens)
