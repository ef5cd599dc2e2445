"""Is there a state of the stream after attention and before the MLP? Seen in what modules read."""

from collections.abc import Sequence
from contextlib import ExitStack
from contextvars import ContextVar
from typing import Any, Final

from torch import Tensor, nn

from components.inspection.anatomy import StackName, part
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.gathering import rows_of
from components.inspection.hooks import after, before, blocks
from components.inspection.machine.streams import near, rounded
from components.inspection.model import Model
from components.inspection.premises import require
from components.inspection.probe import probe_ids, probe_target

_OWN: Final[ContextVar[object | None]] = ContextVar("whose pass is read between", default=None)


def require_between(model: Model) -> None:
    """Go on if each block has a state of the stream after attention and before the MLP.

    Raises:
        InspectionError: it has none, or none that is the sum of what was written so far.
    """
    stack = list(model.anatomy.stacks)[-1]
    if model.anatomy.stacks[stack].post_norms:
        raise InspectionError(
            f"'{model.name}' norms its stream behind each sum, so no plain sum stands between "
            "its attention and its MLP: only whole blocks are shown."
        )
    require(model, "stream")
    if "between" not in model.known:
        model.known["between"] = _read_between(model, stack)
    lacking = model.known["between"]
    if lacking:
        raise InspectionError(
            f"In '{model.name}' no part reads the sum of stream and attention in block "
            f"{lacking[0]}: its attention and its MLP read the same stream, side by side. Only "
            "whole blocks are shown."
        )


def _read_between(model: Model, stack: StackName) -> list[int]:
    """Return the blocks in which no module reads the stream with what attention wrote added."""
    entered: dict[int, Any] = {}
    written: dict[int, list[Any]] = {}
    met: set[int] = set()
    ids, target = probe_ids(model), probe_target(model)
    tokens = len(ids) if len(model.anatomy.stacks) == 1 else 1 + len(target or ())

    own = object()

    def plain(value: Any) -> Any:
        value = value[0] if isinstance(value, (tuple, list)) and value else value
        rows = rows_of(value, tokens) if isinstance(value, Tensor) else None
        return None if rows is None else rows.detach().float().cpu().numpy().copy()

    def watch(hooks: ExitStack, number: int, block: nn.Module, paths: Sequence[str]) -> None:
        # Other readers' passes go through the same blocks.
        def enter(value: Any) -> None:
            if _OWN.get() is own:
                entered[number], written[number] = plain(value), []

        def wrote(value: Any) -> None:
            if _OWN.get() is own:
                written[number].append(plain(value))

        def read(value: Any) -> None:
            if _OWN.get() is not own:
                return
            stream, added = entered.get(number), written.get(number, [])
            given = plain(value) if len(added) == len(paths) else None
            if stream is None or given is None or any(one is None for one in added):
                return
            if given.shape != stream.shape:
                return
            total = stream
            for one in added:
                total = rounded(total + one, model.facts.dtype)
            if near(given, total, model.facts.dtype):
                met.add(number)

        before(hooks, block, enter)
        for path in paths:
            after(hooks, part(block, path), wrote)
        for name, module in block.named_modules():
            if name:
                before(hooks, module, read)

    with ExitStack() as hooks:
        hooks.callback(_OWN.reset, _OWN.set(own))
        layers = [each for each in blocks(model) if each[0] == stack]
        for _, parts, number, block in layers:
            paths = [path for path in (parts.attention_write, parts.cross_write) if path]
            watch(hooks, number, block, paths)
        record(model, ids, target, keep=("logits",))
    return [number for _, _, number, _ in layers if number not in met]
