"""What a measurement is asked for: a prompt of so many tokens, so many written, so often."""

from typing import Final

import torch
from jaxtyping import Int64
from torch import Tensor

from components.inspection.decoding import Decoder, require_writing
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import arguments_of
from components.inspection.model import Model
from components.inspection.noise import allowed
from components.inspection.premises import require
from components.inspection.running import run

MOST_NEW: Final = 256
MOST_PROMPT: Final = 4_096
MOST_REPEATS: Final = 20
POSITIONS: Final = 64
"""Of the end of a text, at most, whose logits tell how far rounding alone moves them."""


def checked(model: Model, text: str, prompt: int | None, new: int, repeats: int = 1) -> list[int]:
    """Return the prompt's ids, if all of this can be measured. None: the text as long as it is.

    Raises:
        InspectionError: the model does not write on or its cache cannot be trusted, a number is out
            of range, or the text too long for the model.
    """
    require_writing(model)
    require(model, "cache")
    if prompt is None:
        prompt = len(model.encode(text))
    for name, value, low, high in (
        ("The prompt's length", prompt, 1, MOST_PROMPT),
        ("The number of new tokens", new, 2, MOST_NEW),
        ("The number of repeats", repeats, 1, MOST_REPEATS),
    ):
        if not low <= value <= high:
            raise InspectionError(f"{name} is {value:,}; it goes from {low} to {high:,}.")
    two_stacks = len(model.anatomy.stacks) == 2
    most_new = model.context - (0 if two_stacks else 1)
    if new > most_new:
        raise InspectionError(
            f"{new:,} new tokens are more than the {model.context:,} that this model reads at most "
            f"have room for: ask for {most_new:,} or fewer."
        )
    most = model.context - (0 if two_stacks else new)
    if prompt > most:
        raise InspectionError(
            f"{prompt:,} tokens of prompt and {new} new ones are more than the "
            f"{model.context:,} that this model reads at most: shorten the prompt to {most:,}"
            + ("." if two_stacks else ", or ask for fewer new tokens.")
        )
    return filled(model, text, prompt)


def tokens_in(model: Model, text: str) -> int:
    """Return how many tokens `text` has for `model`.

    Raises:
        InspectionError: there are none, or too many.
    """
    return len(model.encode(text))


def filled(model: Model, text: str, length: int) -> list[int]:
    """Return `length` token ids: those of `text`, cut or repeated.

    How long a pass takes depends on the number of tokens, not on which they are.

    Raises:
        InspectionError: the text is empty, or `length` is over the model's context.
    """
    if length > model.context:
        model.checked([0] * length)
    ids = model.encode(text)
    return [ids[place % len(ids)] for place in range(length)]


def allowed_difference(decoder: Decoder, everything: Int64[Tensor, "1 token"], steps: int) -> float:
    """Return by how much logits may differ where the same sums are added in another order.

    Measured on one pass over `everything` that the decoder reads (`noise`), at the last
    positions: those of the `steps` that are compared, or `POSITIONS` of them. The first token of a
    text is not to be among them: trained models rest on it, with numbers that are huge there.
    """
    last = min(steps, POSITIONS)
    model = decoder.model
    stacks = list(model.anatomy.stacks)
    inputs = dict(zip(stacks, (decoder.read, everything)[-len(stacks) :], strict=True))
    more = {"logits_to_keep": last} if model.takes("logits_to_keep") else {}

    def logits() -> Tensor:
        with torch.no_grad():
            found: Tensor = run(model, **arguments_of(model, inputs), **more).logits
        return found[:, -last:]

    return allowed(model, logits)
