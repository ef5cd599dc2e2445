"""Where a text is answered, and how likely each answer is there: of a pass as it is, or edited."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from jaxtyping import Float64

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.distribution import checked_logits, shares_of
from components.inspection.errors import InspectionError
from components.inspection.masking import with_mask
from components.inspection.model import Model
from components.inspection.prediction import logits_at, plain_logits_at, require_answer
from components.inspection.recording import Recording

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


def shares_at(model: Model, recording: Recording, place: int) -> Float64[np.ndarray, " answer"]:
    """Return the probability of each answer at `place`, 0 to 1.

    Raises:
        InspectionError: the network gives no logits, or they are no numbers.
    """
    return shares_of(checked_logits(logits_at(model, recording.logits, place)))


def plain_check(
    model: Model, ids: Sequence[int], place: int, recordings: Sequence[Recording]
) -> Check:
    """Compare what recordings without edits answer at `place` with a pass that records nothing."""
    found = np.stack([logits_at(model, one.logits, place) for one in recordings])
    own = plain_logits_at(model, ids, place)
    return rounding.compared(
        PLAIN,
        found,
        np.broadcast_to(own, found.shape),
        0.0,
        "Looking changed what the model answers, or something was left switched off.",
    )
