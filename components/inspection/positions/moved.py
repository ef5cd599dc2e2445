"""Read the same text at later positions: does anything the model says change?"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.positions import twin as twins
from components.inspection.positions.rope import inputs_of


@dataclass(frozen=True, eq=False)
class Moved:
    """One text read from position 0 on, and from later positions on."""

    shifts: tuple[int, ...]
    change: NDArray[np.float32]
    """[shift]: largest change of any logit of any token."""
    same_answer: tuple[bool, ...]
    """[shift]: whether the likeliest next token stays the same."""
    size: float
    """Largest logit, to compare with."""
    dtype: str
    """In which the model computes: what rounding may account for."""

    @property
    def only_rounding(self) -> bool:
        """Whether rounding explains all changes: 16-bit numbers have three digits or less."""
        share = 1e-3 if self.dtype == "float32" else 0.1
        return bool(self.change.max(initial=0) <= share * self.size)


def moved(model: Model, text: str, shifts: tuple[int, ...]) -> Moved:
    """Let `model` read `text` at positions 0, 1, ... and at s, s + 1, ... for each shift s.

    Raises:
        InspectionError: the model takes no positions, or has none as late as asked for.
    """
    if model.anatomy.position not in ("rope", "learned") or model.kind == "seq2seq":
        raise InspectionError(
            f"{model.source} cannot be told where its text begins: it takes no positions."
        )
    ids = model.encode(text)
    if model.anatomy.position == "learned" or twins.tables_of(model.network):
        shifts = tuple(s for s in shifts if s + len(ids) <= model.context)
        if not shifts:
            raise InspectionError(
                f"The text fills all but a few of the {model.context:,} positions of "
                f"{model.source}: it cannot begin later. Shorten it."
            )
    inputs = inputs_of(model, ids)
    # RoBERTa's first position is not 0 but follows its reserved rows.
    first = model.anatomy.reserved_positions
    positions = torch.arange(first, first + len(ids), device=model.device)[None]
    with torch.no_grad():
        usual = model.network(**inputs, position_ids=positions).logits
        others = [model.network(**inputs, position_ids=positions + s).logits for s in shifts]
    return Moved(
        shifts=shifts,
        change=np.array([float((o - usual).abs().max()) for o in others], dtype=np.float32),
        same_answer=tuple(bool((o[0, -1].argmax() == usual[0, -1].argmax()).all()) for o in others),
        size=float(usual.abs().max()),
        dtype=str(model.dtype).removeprefix("torch."),
    )
