"""Change a part of one pass and let the network go on with it: ablation, patching, steering.

An edit names a place of the anatomy table and what is put there. The network's weights stay as
they are, and so do the passes of all others.

Sources: Meng et al., "Locating and Editing Factual Associations in GPT" (2022), for what another
run's activation tells; Wang et al., "Interpretability in the Wild" (2022), for mean ablation.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor, nn

from components.inspection.anatomy import StackName, StackParts, part
from components.inspection.errors import InspectionError
from components.inspection.hooks import blocks, with_first
from components.inspection.model import Model
from components.inspection.recording import AttentionRecord
from components.inspection.stacks import output_matrix
from components.inspection.tap import COLLECTOR, Collector

Part = Literal["stream", "attention", "cross", "mlp", "head"]
What = Literal["zero", "mean", "add", "put"]
PARTS: Final[dict[Part, str]] = {
    "stream": "the residual stream",
    "attention": "what attention adds to the stream",
    "cross": "what cross-attention adds to the stream",
    "mlp": "what the MLP adds to the stream",
    "head": "one attention head's output",
}
MOST_EDITS: Final = 256
"""Of one pass."""


@dataclass(frozen=True, eq=False)
class Edit:
    """One change of one pass.

    Raises:
        InspectionError: a head is meant and not named, or a vector lacks, or is not needed.
    """

    part: Part
    layer: int
    """The block, from 0; of the stream the boundary: 0 enters the first block, n + 1 leaves
    block n."""
    what: What
    """0; the mean over the text's tokens of what stands there; `vector` added; `vector` instead."""
    head: int | None = None
    """A query head, from 0, where one is meant."""
    kind: Literal["self", "cross"] = "self"
    """Of which attention the head is."""
    stack: StackName | None = None
    """None: the one that gives the output."""
    tokens: tuple[int, ...] | None = None
    """Which tokens' rows are changed, from 0; None: all."""
    vector: Float32[np.ndarray, " width"] | Float32[np.ndarray, "edited width"] | None = None
    """What is added or put: of a head as long as its value; one row for all of `tokens`, or one
    for each."""

    def __post_init__(self) -> None:
        if (self.part == "head") != (self.head is not None):
            raise InspectionError("An edit of a head names the head, and no other edit does.")
        if (self.what in ("add", "put")) != (self.vector is not None):
            raise InspectionError(
                f"The edit “{self.what}” was given {'a' if self.vector is not None else 'no'} "
                "vector: one is needed to add or to put, and to nothing else."
            )

    @property
    def words(self) -> str:
        """What it changes, in a few words."""
        place = f"boundary {self.layer}" if self.part == "stream" else f"layer {self.layer}"
        head = "" if self.head is None else f", head {self.head}"
        return f"{PARTS[self.part]} ({place}{head})"


def edited(
    rows: Float[Tensor, "token width"], edit: Edit, words: str = ""
) -> Float[Tensor, "token width"]:
    """Return a copy of `rows` with the edit made.

    Raises:
        InspectionError: there is no such token, or its vector has another length.
    """
    count, width = rows.shape
    tokens = list(range(count)) if edit.tokens is None else list(edit.tokens)
    wrong = [token for token in tokens if not 0 <= token < count]
    if wrong:
        raise InspectionError(
            f"There is no token {wrong[0]} to edit {words or edit.words} of: there are {count}, "
            f"counted from 0 to {count - 1}."
        )
    found = rows.clone()
    if edit.what == "zero":
        found[tokens] = 0
    elif edit.what == "mean":
        found[tokens] = rows.float().mean(0).to(rows.dtype)
    else:
        assert edit.vector is not None
        shape = edit.vector.shape
        if shape not in ((width,), (len(tokens), width)):
            raise InspectionError(
                f"The vector to {edit.what} has shape {shape}, but {words or edit.words} has "
                f"{width} numbers for each of {len(tokens)} tokens: give ({width},) or "
                f"({len(tokens)}, {width})."
            )
        vector = torch.from_numpy(edit.vector).to(rows.device, rows.dtype)
        found[tokens] = vector if edit.what == "put" else rows[tokens] + vector
    return found


class Editing:
    """The edits of one pass, hooked into the network; `before` and `after` what is recorded."""

    def __init__(
        self,
        model: Model,
        edits: Sequence[Edit],
        collector: Collector,
        lengths: dict[StackName, int],
    ) -> None:
        """Prepare `edits`; `lengths` are the tokens that each stack reads.

        Raises:
            InspectionError: there are too many, or no such stack or part is known.
        """
        if len(edits) > MOST_EDITS:
            raise InspectionError(
                f"{len(edits)} edits of one pass were asked for; it takes at most {MOST_EDITS}."
            )
        self._model, self._collector, self._lengths = model, collector, lengths
        last: StackName = list(model.anatomy.stacks)[-1]
        self._edits = [(edit, edit.stack or last) for edit in edits]
        for edit, stack in self._edits:
            if stack not in model.anatomy.stacks:
                raise InspectionError(
                    f"This model has no {stack}; it has: {', '.join(model.anatomy.stacks)}."
                )
            if edit.part != "stream":
                _path(model, edit, model.anatomy.stacks[stack])
        self._made: set[int] = set()

    def before(self, hooks: ExitStack) -> None:
        """Hook in what is changed on its way into a module, ahead of what is recorded there."""
        for stack, parts, _, block in blocks(self._model):
            for number, (edit, wanted) in enumerate(self._edits):
                if wanted != stack:
                    continue
                if edit.part == "stream" and edit.layer == 0:
                    self._into(hooks, block, number, edit, stack)
                if edit.part == "head":
                    matrix = output_matrix(block, parts, edit.kind)
                    self._into(hooks, matrix, number, edit, stack)

    def after(self, hooks: ExitStack) -> None:
        """Hook in what is changed on its way out of a module: its hook runs before all others."""
        for stack, parts, _, block in blocks(self._model):
            for number, (edit, wanted) in enumerate(self._edits):
                if wanted != stack or edit.part == "head":
                    continue
                if edit.part == "stream":
                    if edit.layer > 0:
                        self._out_of(hooks, block, number, edit, stack, edit.layer - 1)
                else:
                    module = part(block, _path(self._model, edit, parts))
                    self._out_of(hooks, module, number, edit, stack, edit.layer)

    def require_made(self) -> None:
        """Go on if each edit was made.

        Raises:
            InspectionError: there is no such layer.
        """
        for number, (edit, stack) in enumerate(self._edits):
            if number not in self._made:
                raise InspectionError(
                    f"There was nothing to edit: the {stack} has no such layer, or no {edit.part} "
                    f"there. Asked for was {edit.words}."
                )

    def _runs(self, stack: StackName, layer: int) -> bool:
        """Say whether the block that runs, in this reader's pass, is the one that is meant."""
        place = self._collector.place
        ours = COLLECTOR.get() is self._collector
        return ours and place is not None and place[:2] == (stack, layer)

    def _into(
        self, hooks: ExitStack, module: nn.Module, number: int, edit: Edit, stack: StackName
    ) -> None:
        def hook(_module: nn.Module, args: tuple[Any, ...]) -> Any:
            if not args or not self._runs(stack, edit.layer):
                return None
            return (self._changed(args[0], number, edit, stack), *args[1:])

        hooks.callback(module.register_forward_pre_hook(hook).remove)

    def _out_of(
        self,
        hooks: ExitStack,
        module: nn.Module,
        number: int,
        edit: Edit,
        stack: StackName,
        layer: int,
    ) -> None:
        def hook(_module: nn.Module, _args: Any, output: Any) -> Any:
            if not self._runs(stack, layer):
                return None
            return with_first(output, lambda first: self._changed(first, number, edit, stack))

        hooks.callback(module.register_forward_hook(hook, prepend=True).remove)

    def _changed(self, tensor: Any, number: int, edit: Edit, stack: StackName) -> Any:
        count = self._lengths[stack]
        if not isinstance(tensor, Tensor) or tensor.numel() != count * tensor.shape[-1]:
            raise InspectionError(
                f"'{self._model.name}' has no one row for each token at {edit.words}: it keeps "
                "several streams side by side, or hands them on in its own way, so nothing can be "
                "put there. Choose another part, or another model."
            )
        rows = tensor.reshape(count, -1)
        self._made.add(number)
        if edit.head is None:
            return edited(rows, edit).reshape(tensor.shape)
        heads = self._model.facts.heads
        if not 0 <= edit.head < heads:
            raise InspectionError(
                f"There is no head {edit.head}: there are {heads}, counted from 0 to {heads - 1}."
            )
        cut = rows.reshape(count, heads, -1).clone()
        cut[:, edit.head] = edited(cut[:, edit.head], edit)
        return cut.reshape(tensor.shape)


def _path(model: Model, edit: Edit, parts: StackParts) -> str:
    found = {
        "attention": parts.attention_write,
        "cross": parts.cross_write,
        "mlp": parts.mlp_write,
        "head": parts.cross_write if edit.kind == "cross" else parts.attention_write,
    }[edit.part]
    if not found and parts.attention_write:
        raise InspectionError(f"The stack of '{model.name}' that is edited has no cross-attention.")
    if not found:
        raise InspectionError(
            f"Vitrine does not know where the family '{model.facts.family}' writes to its residual "
            "stream, so none of its parts can be switched off. The stream itself can be edited."
        )
    return found


def with_edits(one: AttentionRecord, edits: Sequence[Edit], last: StackName) -> AttentionRecord:
    """Return what was recorded of a sublayer with the outputs that the network went on with.

    `last` is the stack that gives the output. A head's output is recorded where it is made, and
    edited on its way to the output projection.
    """
    mine = [
        edit
        for edit in edits
        if edit.part == "head"
        and (edit.layer, edit.kind) == (one.layer, one.kind)
        and (edit.stack or last) == one.stack
    ]
    if not mine or one.outputs is None:
        return one
    outputs = torch.from_numpy(one.outputs.copy()).to(getattr(torch, one.dtype))
    for edit in mine:
        outputs[edit.head] = edited(outputs[edit.head], edit)
    return replace(one, outputs=outputs.float().numpy())
