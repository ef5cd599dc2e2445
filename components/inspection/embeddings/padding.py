"""What padding does to a sentence's vector: on the right and on the left, read rightly and wrongly.

Texts of different lengths are filled up to be read side by side. Where the filling stands, whether
it is masked, and from which place a vector is taken decide whether the vector is that of the
sentence alone.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int
from torch import Tensor

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.embeddings.own_encoder import own_encoder
from components.inspection.embeddings.pooling import pooled
from components.inspection.embeddings.sentences import read_ids
from components.inspection.embeddings.states import encoder_of, hidden_states, padded, takes
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.noise import allowed
from components.inspection.premises import measured
from components.inspection.progress import Progress, silent
from components.inspection.running import NetworkError

MOST_SENTENCES: Final = 8
"""Sentences that are read together."""
RIGHT: Final = "padded on the right and masked, the last real token's vector is that read alone"
LEFT: Final = "padded on the left, masked and told its positions, it is that read alone too"


@dataclass(frozen=True)
class Side:
    """One way to pad and to read, and how far it leads from the sentence alone."""

    name: str
    apart: float
    """The largest 1 - cosine to the vector of the sentence alone: 0 is the same, 2 opposite."""
    sound: bool
    """Whether this is how it should be done."""


@dataclass(frozen=True)
class PaddingSides:
    """The same sentences, padded and read in several ways."""

    sentences: tuple[str, ...]
    tokens: tuple[int, ...]
    """Of each sentence."""
    sides: tuple[Side, ...]
    checks: tuple[Check, ...]
    said: str
    """Why a way is missing; empty if none is."""


def padding_sides(
    model: Model, sentences: tuple[str, ...], progress: Progress = silent
) -> PaddingSides:
    """Read up to `MOST_SENTENCES` of the sentences together in several ways, and each alone.

    Raises:
        InspectionError: all have the same length, so that nothing is padded; else as
            `sentences.embed`.
    """
    ids, _ = read_ids(model, sentences, own_encoder(model))
    shown = _of_all_lengths(ids)
    ids, sentences = [ids[place] for place in shown], tuple(sentences[place] for place in shown)
    alone = []
    for done, each in enumerate(ids):
        progress(done / (len(ids) + 6), "Reading each sentence alone")
        filled, read = padded(model, [each])
        alone.append(hidden_states(model, filled, read).float())
    last = torch.cat([states[:, -1] for states in alone])
    mean = torch.cat([states.mean(1) for states in alone])
    rounding.require_numbers(last)
    progress(len(ids) / (len(ids) + 6), "Reading them together")
    filled, read = padded(model, ids)
    right = hidden_states(model, filled, read).float()
    unmasked = hidden_states(model, filled, torch.ones_like(read)).float()
    sides = [
        Side("right, masked; last real token", _apart(pooled(right, read, "last"), last), True),
        Side("right, masked; last place", _apart(right[:, -1], last), False),
        Side(
            "right, no mask; last real token", _apart(pooled(unmasked, read, "last"), last), False
        ),
        Side("right, masked; mean of all places", _apart(right.mean(1), mean), False),
    ]
    checks = [_same(model, RIGHT, pooled(right, read, "last"), last, ids)]
    filled, read = padded(model, ids, left=True)
    said = ""
    try:
        untold = hidden_states(model, filled, read).float()
        sides.append(Side("left, masked; last place", _apart(untold[:, -1], last), False))
        if takes(encoder_of(model), "position_ids") and measured(model, "positions").holds:
            told = hidden_states(model, filled, read, position_ids=_places(model, read)).float()
            name = "left, masked, positions told; last place"
            sides.append(Side(name, _apart(told[:, -1], last), True))
            checks.append(_same(model, LEFT, told[:, -1], last, ids))
        else:
            said = (
                f"'{model.name}' is told no positions: it takes none, or counts them in a way of "
                "its own."
            )
    except NetworkError:
        said = f"The code of '{model.name}' fails where padding stands on the left."
    return PaddingSides(sentences, tuple(map(len, ids)), tuple(sides), tuple(checks), said)


def _of_all_lengths(ids: list[list[int]]) -> list[int]:
    """Return places of sentences from the shortest to the longest."""
    order = sorted(range(len(ids)), key=lambda place: len(ids[place]))
    if len(ids[order[0]]) == len(ids[order[-1]]):
        raise InspectionError(
            f"All {len(ids):,} sentences have {len(ids[0])} tokens, so nothing is padded. Write a "
            "shorter or a longer one."
        )
    steps = np.linspace(0, len(order) - 1, min(MOST_SENTENCES, len(order)))
    return [order[int(step)] for step in steps]


def _places(model: Model, read: Bool[Tensor, "batch token"]) -> Int[Tensor, "batch token"]:
    """Return the positions that each text has alone; padding stands at the first."""
    return (read.long().cumsum(1) - 1).clamp_min(0) + model.anatomy.reserved_positions


def _apart(found: Float32[Tensor, "batch width"], alone: Float32[Tensor, "batch width"]) -> float:
    cosines = torch.nn.functional.cosine_similarity(found.double(), alone.double(), dim=-1)
    return float((1 - cosines).max().clamp_min(0.0))


def _same(
    model: Model,
    says: str,
    found: Float32[Tensor, "batch width"],
    alone: Float32[Tensor, "batch width"],
    ids: list[list[int]],
) -> Check:
    """Compare with the bound that the shortest text has, which is padded most."""

    def again() -> Any:
        filled, read = padded(model, [ids[0]])
        return hidden_states(model, filled, read).float()[:, -1]

    bound = allowed(model, again)
    return rounding.compared(
        says,
        found[:1].cpu().numpy(),
        alone[:1].cpu().numpy(),
        bound,
        "Padding changes what this model reads.",
    )
