"""Read the same text at later positions: does anything the model says change?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from jaxtyping import Float32, Float64
from torch import Tensor

from components.inspection import noise, rounding
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import arguments_of, inputs_of
from components.inspection.model import Model
from components.inspection.positions.added import position_module
from components.inspection.positions.measured import PositionCode, position_code
from components.inspection.positions.tables import Tables, Turns
from components.inspection.positions.twin import Place, altered, intercepted
from components.inspection.positions.words import sentence
from components.inspection.premises import require
from components.inspection.premises.answers import answer
from components.inspection.progress import Progress, silent

SAYS: Final = "its answers are the same wherever its text begins"
BOTH: Final = 4.0
"""The angles of both readings are rounded, and each draw is on average half of the most."""
SEEDS: Final = 2
"""How often angles are rounded at random: the larger effect counts."""


@dataclass(frozen=True, eq=False)
class ShiftInvariance:
    """One text read from position 0 on, and from later positions on."""

    shifts: tuple[int, ...]
    change: Float32[np.ndarray, " shift"]
    """Largest change of any logit of any token (of a network without a head, of any
    number of its hidden states)."""
    same_answer: tuple[bool, ...] | None
    """For each shift: whether the likeliest next token stays the same; None if the model predicts
    none."""
    size: float
    """Largest logit, to compare with."""
    allowed: Float32[np.ndarray, " shift"]
    """What rounding may do, of numbers and of angles: measured on the network."""
    checks: tuple[Check, ...]
    """For a network that tells distances only, that nothing changes; in grey for the others."""
    first: int
    """The number that the network gives to the first position: 0, or that behind reserved rows."""
    says: str
    """How the model marks positions."""


def passes(shifts: int) -> int:
    """Return how many times `shift_invariance` lets a text be read, at most."""
    return 1 + noise.SEEDS + shifts * (1 + SEEDS)


def shift_invariance(
    model: Model, text: str, shifts: tuple[int, ...], progress: Progress = silent
) -> ShiftInvariance:
    """Let `model` read `text` at positions 0, 1, ... and at s, s + 1, ... for each shift s.

    Raises:
        InspectionError: the model takes no positions, or has none as late as asked for.
    """
    require(model, "positions")
    code = position_code(model)
    ids = model.encode(text)
    last = last_position(model, code)
    shifts = tuple(s for s in shifts if last is None or s + len(ids) <= last)
    if not shifts:
        raise InspectionError(
            f"The text fills all but a few of the {last:,} positions of '{model.name}': it "
            "cannot begin later. Shorten it."
        )
    progress(0.0, "Reading it from its first position on")
    usual = _answered(model, ids, 0)
    rounding.require_numbers(usual)
    rounding_alone = noise.allowed(model, lambda: _answered(model, ids, 0), usual)
    others: list[Float64[Tensor, " 1 *axes"]] = []
    allowed: list[float] = []
    for shift in shifts:
        progress((1 + len(others)) / (1 + len(shifts)), f"Reading it from position {shift:,} on")
        others.append(_answered(model, ids, shift))
        turned = angles_allowed(model, ids, shift, _answered, others[-1])
        allowed.append(rounding_alone + turned)
    change = [float((other - usual).abs().max()) for other in others]
    # Where what it answers is no number, nothing is allowed, and NaN fails.
    worst = max(range(len(shifts)), key=lambda each: change[each] / (allowed[each] or 1.0))
    # A family without a row may do more than was measured; then the number is told, and no verdict.
    claimed = code.first.by_distance_alone and len(code.stacks) == 1
    claimed = claimed and (model.anatomy.named or change[worst] <= allowed[worst])
    return ShiftInvariance(
        shifts=shifts,
        change=np.array(change, dtype=np.float32),
        same_answer=_same(usual, others) if model.kind in ("causal", "masked") else None,
        size=float(usual.abs().max()),
        allowed=np.array(allowed, dtype=np.float32),
        checks=(
            Check(
                SAYS,
                change[worst],
                allowed[worst] if claimed else None,
                "Something in this network tells where a token stands, not only how far from "
                "another.",
            ),
        ),
        first=model.anatomy.reserved_positions,
        says=sentence(code),
    )


def last_position(model: Model, code: PositionCode) -> int | None:
    """Return how many positions `model` has; None where it has one for every number."""
    if code.first.added is not False:
        table = position_module(model)
        return model.context if table is None else len(table.weight) - table.first
    kept = [len(own) for tables in intercepted(model).kept.values() for _, _, own in tables]
    if kept:
        return min(kept)
    return None if code.first.by_distance_alone else model.context


def angles_allowed(
    model: Model,
    ids: list[int],
    shift: int,
    run: Callable[[Model, list[int], int], Float64[Tensor, "..."]],
    usual: Float64[Tensor, "..."] | None = None,
) -> float:
    """Return how far `run(model, ids, shift)` may move because angles are rounded.

    The angle of position m is m times a frequency, rounded in float32: at later positions by more.
    No formula knows how far that goes, so it is measured, as `noise` does: each angle is moved at
    random by as much as it and its cos and sin may be rounded. `usual` is what it gives, if that is
    known already.
    """
    if not position_code(model).first.rotating:
        return 0.0
    usual = run(model, ids, shift) if usual is None else usual
    largest = 0.0
    for seed in range(SEEDS):

        def jittered(_place: Place, tables: Tables, seed: int = seed) -> Turns:
            # One table serves all layers: its roundings are the same in each.
            draw = np.random.default_rng(seed).uniform(-1, 1, tables.turns.shape)
            places = (shift + np.arange(len(tables.turns)))[:, None]
            step = rounding.unit("float32") * places * tables.frequencies
            return tables.turns * np.exp(1j * draw * (step + rounding.unit(tables.dtype)))

        other = run(altered(model, jittered, shift), ids, shift)
        largest = max(largest, float((other - usual).abs().max()))
    return BOTH * largest


def _answered(model: Model, ids: list[int], shift: int) -> Float64[Tensor, " 1 *axes"]:
    given: dict[str, Any] = arguments_of(model, inputs_of(model, ids))
    # RoBERTa's first position is not 0 but follows its reserved rows.
    first = model.anatomy.reserved_positions + shift
    places = torch.arange(first, first + len(ids), device=model.device)[None]
    return answer(model, given | {"position_ids": places})


def _same(
    usual: Float64[Tensor, "1 token _"], others: list[Float64[Tensor, "1 token _"]]
) -> tuple[bool, ...]:
    return tuple(bool(o[0, -1].argmax() == usual[0, -1].argmax()) for o in others)
