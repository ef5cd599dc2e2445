"""How plain code calls a network to do what is done here: for the code under the pictures."""

from dataclasses import dataclass

from components.inspection.decoding import CACHE_WAYS, require_writing
from components.inspection.model import Model
from components.inspection.premises import require


@dataclass(frozen=True)
class CallingConvention:
    """What differs from family to family."""

    start: int | None
    """Of two stacks: the id with which the decoder begins. None: one stack."""
    last_only: bool
    """It can be asked for the last position's logits only (`logits_to_keep`)."""
    by_position: bool
    """It is told where a cached pass goes on by `position_ids`, as measured."""
    by_mask: bool
    """It is told so by an `attention_mask`."""


def calling(model: Model) -> CallingConvention:
    """Say how `model` is called.

    Raises:
        InspectionError: it does not write on, or its cache cannot be trusted.
    """
    require_writing(model)
    require(model, "cache")
    by_position, by_mask = model.known.get("cache way", CACHE_WAYS[0])
    one_stack = len(model.anatomy.stacks) == 1
    return CallingConvention(
        start=None if one_stack else model.decoder_start,
        last_only=model.takes("logits_to_keep"),
        by_position=one_stack and by_position and model.takes("position_ids"),
        by_mask=one_stack and by_mask and model.takes("attention_mask"),
    )
