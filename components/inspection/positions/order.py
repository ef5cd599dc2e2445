"""Shuffle the tokens: which outputs change? With positions and without, with a mask and without.

Attention by itself treats its input as a set (Vaswani et al., 2017, 3.5): without positions and
without a causal mask a token's output is the same wherever it stands.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import observe
from components.inspection.gathering import rows_of
from components.inspection.model import Model
from components.inspection.noise import SEEDS, allowed
from components.inspection.positions import twin as twins
from components.inspection.positions.blind import without_positions
from components.inspection.positions.measured import StackCode, position_code
from components.inspection.positions.unmasked import can_be_unmasked, spare, unmask
from components.inspection.positions.words import named, sentence
from components.inspection.premises.recorded import probed
from components.inspection.progress import Progress, silent

MOST_TOKENS: Final = 256
PASSES: Final = 4 * 2 + SEEDS
"""How many times `shuffled` lets a text be read, at most."""
BAG: Final = "without positions and mask no token's last hidden state changes"


@dataclass(frozen=True)
class Condition:
    """What is left to the model to tell the order by."""

    positions: bool
    mask: bool | None
    """Whether the causal mask is on; None where the model has none."""


@dataclass(frozen=True, eq=False)
class WordOrder:
    """How much each token's output changed when the tokens were shuffled."""

    tokens: tuple[str, ...]
    order: tuple[int, ...]
    """Which token stands at each place after shuffling."""
    conditions: tuple[Condition, ...]
    change: Float32[np.ndarray, "condition token"]
    """Norm of the change of a token's last hidden state (before the final norm) over the norm of
    that state; 0 is none."""
    rounding: float
    """What rounding may do to any number of `change`, as measured under the last condition."""
    checks: tuple[Check, ...]
    """That under the last condition, without positions and mask, nothing changes; in grey where
    something else may tell order: blocks that do not attend, a window, a family that is not in the
    table of those that do nothing but attend. None where a causal mask is left on."""
    said: str
    """Why a condition is missing, or what else may tell order; empty if nothing is to be said."""


def shuffled(model: Model, text: str, seed: int, progress: Progress = silent) -> WordOrder:
    """Let twins of `model` read `text` and a shuffled `text`; compare each token's last vector.

    Special tokens stay where they are. Seed 0 turns the order around. An encoder-decoder is
    represented by its encoder.

    Raises:
        InspectionError: the text is too long, or too short to be shuffled, the positions cannot
            be switched off, or what is read are no numbers.
    """
    ids = model.encode(text)
    if len(ids) > MOST_TOKENS:
        raise InspectionError(
            f"The text is {len(ids):,} tokens long; at most {MOST_TOKENS} are shuffled here."
        )
    order = _order(model, ids, seed)
    there = [ids[place] for place in order]
    code = position_code(model)
    stack = code.first
    if not stack.layers:
        raise InspectionError(
            f"{sentence(code)} No attention of '{model.name}' can be seen, so what tells it the "
            "order cannot be taken apart."
        )
    masks: tuple[bool | None, ...] = (None,)
    if stack.name == "decoder":
        masks = (True, False) if can_be_unmasked(model) else (True,)
    conditions = [Condition(positions, mask) for positions in (True, False) for mask in masks]
    rows, read, before = [], spare(twins.twin(model)), np.zeros((0, 0), np.float32)
    for done, condition in enumerate(conditions):
        progress(done / len(conditions), "Reading it in order, and shuffled")
        if done == len(masks):
            read = spare(without_positions(model))
        if condition.mask is False:
            unmask(read)  # the same twin, which has read with its mask before
        before, after = (_last(read, each) for each in (ids, there))
        rows.append(change_of(before, after, order))
        rounding.require_numbers(rows[-1])
    off = _rounding(read, ids, before)
    return WordOrder(
        tokens=model.token_texts(ids),
        order=tuple(order),
        conditions=tuple(conditions),
        change=np.stack(rows),
        rounding=off,
        checks=_checks(model, stack, conditions[-1], rows[-1], off),
        said=_said(model, stack, conditions[-1], float(rows[-1].max()) > off),
    )


def change_of(
    before: Float32[np.ndarray, "token width"],
    after: Float32[np.ndarray, "token width"],
    order: list[int],
) -> Float32[np.ndarray, " token"]:
    """Return by how much of its norm the vector of each token of `before` changed.

    `after[place]` belongs to token `order[place]`: the change is that token's.
    """
    place_of = np.argsort(order)
    moved = np.linalg.norm(after[place_of].astype(np.float64) - before, axis=1)
    return (moved / np.linalg.norm(before, axis=1).clip(1e-30)).astype(np.float32)


def _checks(
    model: Model,
    stack: StackCode,
    last: Condition,
    change: Float32[np.ndarray, " token"],
    off: float,
) -> tuple[Check, ...]:
    if last.mask:
        return ()
    error = float(change.max())
    other = stack.without_attention or _sees_part(model, stack, last) or not model.anatomy.named
    return (
        Check(
            BAG,
            error,
            None if other and error > off else off,
            "Something else than positions and mask tells order, or they were not switched off.",
        ),
    )


def _sees_part(model: Model, stack: StackCode, last: Condition) -> bool:
    """Say whether an encoder's tokens see some of the others only, as through a window."""
    return last.mask is None and not all(one.visible.all() for one in probed(model).of(stack.name))


def _said(model: Model, stack: StackCode, last: Condition, changes: bool) -> str:
    found = []
    if last.mask:
        found.append(
            f"'{model.name}' takes no mask of ours, so its causal mask cannot be taken off: in "
            "the last row the mask still tells order."
        )
    if stack.without_attention:
        found.append(
            f"No attention is seen in {named(stack.without_attention)} of '{model.name}'. Such "
            "layers may read the tokens one after another, and tell order without positions and "
            "without a mask."
        )
    elif changes and _sees_part(model, stack, last):
        found.append(
            f"In '{model.name}' a token sees some of the others only, as through a window: which "
            "ones, tells it of the order."
        )
    elif changes and not last.mask and not model.anatomy.named:
        found.append(
            f"Without positions and mask '{model.name}' still tells order: it does more than "
            "attend (a convolution, say, or attention to averages of neighbours)."
        )
    return " ".join(found)


def _order(model: Model, ids: list[int], seed: int) -> list[int]:
    special = set(model.tokenizer.all_special_ids)
    free = [place for place, token in enumerate(ids) if token not in special]
    if len({ids[place] for place in free}) < 2:
        raise InspectionError("There is nothing to shuffle: write at least two different words.")
    mixed = free[::-1]
    if seed:
        mixed = np.random.default_rng(seed).permutation(free).tolist()
    order = list(range(len(ids)))
    for place, token in zip(free, mixed, strict=True):
        order[place] = token
    return order


def _last(model: Model, ids: list[int]) -> Float32[np.ndarray, "token width"]:
    """Return what leaves the last block of the first stack.

    Raises:
        InspectionError: it is not one row for each token.
    """
    return _last_stream(model, ids).to("cpu", torch.float32).numpy()


def _last_stream(model: Model, ids: list[int]) -> Float[Tensor, "token width"]:
    stack = next(iter(model.anatomy.stacks))
    target: list[int] | None = [] if len(model.anatomy.stacks) == 2 else None
    streams = observe(model, ids, target, keep=["residual"]).streams
    layers = [key for key in streams if key[:2] == ("residual", stack)]
    rows = None
    if layers:
        rows = rows_of(streams[max(layers, key=lambda key: key[2])], len(ids))
    if rows is None:
        raise InspectionError(
            f"'{model.name}' has no one hidden state for each token: it keeps several side by side."
        )
    return rows


def _rounding(model: Model, ids: list[int], before: Float32[np.ndarray, "token width"]) -> float:
    """Return by what share of its norm rounding may change a token's last vector, as measured.

    `before` is what `model` gives for `ids`. A network that cannot tell order reads the shuffled
    tokens as it does these.
    """
    usual = torch.from_numpy(before).double()
    norms = usual.norm(dim=-1).clamp_min(1e-30)

    def moved() -> Tensor:
        return (_last_stream(model, ids).cpu().double() - usual).norm(dim=-1) / norms

    return allowed(model, moved, torch.zeros_like(norms))
