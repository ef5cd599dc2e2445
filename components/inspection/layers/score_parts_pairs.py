"""Which attention scores of a text can be split by parts, and which is looked at first."""

from dataclasses import dataclass

import numpy as np

from components.inspection import rounding
from components.inspection.anatomy import StackName
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.machine.reading import reading
from components.inspection.model import Model
from components.inspection.premises import require


@dataclass(frozen=True, eq=False)
class Pairs:
    """The scores of a text that can be asked about, and which of them is looked at first."""

    stack: StackName
    tokens: tuple[str, ...]
    layers: tuple[int, ...]
    """Those whose scores can be split."""
    heads: int
    place: int
    """The query token that is looked at first: the last."""
    home: tuple[tuple[int, int, int], ...]
    """For each query token: the layer, head and key token of its largest weight on another token
    than the first and itself, behind the first layer where there is one to choose."""


def pairs(model: Model, text: str, stack: StackName | None = None) -> Pairs:
    """Let `model` read `text` once; return which scores can be asked about.

    Raises:
        InspectionError: the text cannot be read, or no attention can be seen.
    """
    read = reading(model, text)
    stack = stack or read.answers
    require(model, "weights", "stream")
    recording = record(model, read.ids, read.target, keep=["attention"])
    records = list(recording.of(stack))
    if model.anatomy.stacks[stack].post_norms:
        records = records[:1]  # further up, norms on the stream have mixed what was written
    if not records:
        raise InspectionError(f"No attention of '{model.name}' can be seen, so it has no scores.")
    rounding.require_numbers(*(one.weights for one in records))
    behind = records[1:] or records
    tokens = recording.stack(stack).tokens
    weights = np.stack([one.weights for one in behind])
    weights[..., 0] = -1
    place = np.arange(len(tokens))
    weights[..., place, place] = -1
    home = []
    for query in range(len(tokens)):
        rows = weights[:, :, query]
        layer, head, key = np.unravel_index(int(rows.argmax()), rows.shape)
        home.append((behind[layer].layer, int(head), int(key) if rows.max() > 0 else 0))
    layers = tuple(one.layer for one in records)
    return Pairs(stack, tokens, layers, records[0].heads, len(tokens) - 1, tuple(home))
