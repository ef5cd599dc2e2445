"""Where a text is answered, and how likely each answer is there: of a pass as it is, or edited."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, Float64

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.distribution import checked_logits, shares_of
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import arguments_of, inputs_of
from components.inspection.masking import mask_place, with_mask
from components.inspection.model import Model
from components.inspection.prediction import require_answer
from components.inspection.recording import Recording
from components.inspection.running import run

PLAIN: Final = "with nothing switched off, before and after, the logits are those of a plain pass"


def asked_ids(model: Model, text: str, most: int) -> list[int]:
    """Return the ids of `text` as it is asked: with the mask that a masked model fills in.

    Raises:
        InspectionError: the text is empty, or longer than `most` tokens, or nothing is answered.
    """
    require_answer(model)
    ids = model.encode(with_mask(model, text))
    if len(ids) > most:
        raise InspectionError(
            f"The text is {len(ids):,} tokens long. It is read many times here, so at most {most} "
            "are taken: shorten the text."
        )
    return ids


def place_of(model: Model, recording: Recording) -> int:
    """Return the token of the last stack at which the answer stands (a classifier's is nowhere).

    Raises:
        InspectionError: a masked model's text has no mask.
    """
    ids = recording.stack().ids
    return mask_place(model, ids) if model.kind == "masked" else len(ids) - 1


def shares_at(model: Model, recording: Recording, place: int) -> Float64[np.ndarray, " answer"]:
    """Return the probability of each answer at `place`, 0 to 1.

    Raises:
        InspectionError: the network gives no logits, or they are no numbers.
    """
    return shares_of(checked_logits(logits_at(model, recording.logits, place)))


def logits_at(
    model: Model, logits: Float[np.ndarray, "*axes answer"] | None, place: int
) -> Float[np.ndarray, " answer"]:
    """Return the logits at `place`, or a classifier's of the whole text.

    Raises:
        InspectionError: there are none.
    """
    if logits is None:
        raise InspectionError(f"The network of '{model.name}' gives no logits to show.")
    return logits if model.kind == "classifier" else logits[place]


def plain_check(
    model: Model, ids: Sequence[int], place: int, recordings: Sequence[Recording]
) -> Check:
    """Compare what recordings without edits answer at `place` with a pass that records nothing."""
    found = np.stack([logits_at(model, one.logits, place) for one in recordings])
    with torch.no_grad():
        output = run(model, **arguments_of(model, inputs_of(model, ids)))
    own = logits_at(model, output.logits[0].to("cpu", torch.float32).numpy(), place)
    return rounding.compared(
        PLAIN,
        found,
        np.broadcast_to(own, found.shape),
        0.0,
        "Looking changed what the model answers, or something was left switched off.",
    )
