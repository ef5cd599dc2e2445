"""After one more token: which rows of the stream are as they were, so that they can be kept."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float32, Float64
from torch import Tensor

from components.inspection import noise, rounding
from components.inspection.decoding import require_writing
from components.inspection.forward_pass import observe, record
from components.inspection.machine.overview import recorded, window
from components.inspection.model import Model


@dataclass(frozen=True, eq=False)
class Kept:
    """The rows before the last token, with it and without."""

    rows: Bool[np.ndarray, " row"]
    """Of those that are drawn: True where the stream is, but for rounding, what it was before the
    last token was read. The last token's own row is new."""
    largest: float
    """By how much a number of a kept row differs at most."""


def kept(
    model: Model,
    text: Sequence[int],
    target: Sequence[int] | None,
    first: int = 0,
) -> Kept | None:
    """Read `text` (and `target`) with its last token and without; compare the stack that answers.

    None where there is no stream to compare, or nothing before the last token.

    Raises:
        InspectionError: the model does not write on, or as `overview`.
    """
    require_writing(model)
    ids, spoken = (list(text), None) if target is None else (list(text), list(target))
    fewer = (ids[:-1], None) if spoken is None else (ids, spoken[:-1])
    if not (fewer[0] if spoken is None else spoken):
        return None
    now = recorded(model, ids, spoken).stack()
    before = record(model, fewer[0], fewer[1], keep=("residual",)).stack()
    if now.residual is None or before.residual is None:
        return None
    count = len(before.ids)
    moved = np.abs(now.residual[:, :count].astype(np.float64) - before.residual).max((0, 2))
    rounding.require_numbers(moved)
    same = moved <= _allowed(model, fewer, before.residual)
    shown = window(len(now.ids), first)
    rows = np.append(same, False)[shown]
    return Kept(rows, float(moved[same].max(initial=0.0)))


def _allowed(
    model: Model,
    given: tuple[list[int], list[int] | None],
    usual: Float32[np.ndarray, "boundary token width"],
) -> Float64[np.ndarray, " token"]:
    """Return by how much each row may differ where sums are added in another order."""

    def rows() -> Tensor:
        # What each block leaves. Where it is jittered, the next one reads something else: no chain
        # of streams, so that none is recorded of a family without a row in the table.
        streams = observe(model, *given, keep=("residual",)).streams
        last = list(model.anatomy.stacks)[-1]
        names = sorted(key for key in streams if key[:2] == ("residual", last))
        found = [streams[name].reshape(usual.shape[1], -1) for name in names]
        return torch.stack(found, 1).flatten(1).cpu()

    plain = torch.from_numpy(usual[1:]).transpose(0, 1).flatten(1)
    return noise.ROUNDINGS * noise.floors(model, rows, plain).numpy()
