"""What a model expects next, over its whole vocabulary."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.decoding import Writer, require_writing
from components.inspection.distribution import checked_logits
from components.inspection.forward_pass import arguments_of, inputs_of
from components.inspection.masking import mask_place, with_mask
from components.inspection.model import Model
from components.inspection.noise import allowed
from components.inspection.running import run
from components.inspection.sampling.plain import LONGEST_CHECKED, logits_for
from components.inspection.sampling.texts import names

NAMED = 2048
"""Tokens that carry their text: the likeliest ones, and all that were read."""


@dataclass(frozen=True, eq=False)
class NextToken:
    """The logits for the token after a text, or for a masked model at the text's first mask.

    `logits` are raw, over the whole vocabulary (which may be padded beyond the tokenizer's).
    `history` are the ids that penalties count: the text read by a decoder; by an encoder-decoder's
    decoder, its start token. `texts[token]` shows the likeliest `NAMED` tokens and all of
    `history`.
    """

    logits: Float32[np.ndarray, " vocabulary"]
    history: tuple[int, ...]
    texts: dict[int, str]
    checks: tuple[Check, ...] = ()
    """That the logits are those of a plain pass; none of texts over `LONGEST_CHECKED` tokens."""


def next_token(model: Model, text: str) -> NextToken:
    """Let `model` read `text` and return its logits for what comes next.

    A masked model is asked at the first mask; a text without one gets a mask at its end.

    Raises:
        InspectionError: if `text` is empty or too long, or if the model has no vocabulary to
            choose from.
    """
    if model.kind == "masked":
        history, found = _masked(model, with_mask(model, text))
        checks: tuple[Check, ...] = ()
    else:
        require_writing(model)
        ids = model.encode(text)
        writer = Writer(model, ids)
        history, found = writer.start, writer.logits([writer.start])[0]
        checks = _checks(model, ids, found) if len(ids) <= LONGEST_CHECKED else ()
    logits = checked_logits(found.numpy())
    likeliest = np.argsort(-logits, kind="stable")[:NAMED].tolist()
    named = sorted({*likeliest, *history})
    texts = dict(zip(named, names(model, named), strict=True))
    return NextToken(logits, tuple(history), texts, checks)


def name_of(model: Model, token: int) -> str:
    """Return what one id stands for."""
    return names(model, [token])[0]


def _masked(model: Model, text: str) -> tuple[list[int], Float32[Tensor, " vocabulary"]]:
    inputs = inputs_of(model, text)
    # The logits stand at the tokens of the last stack.
    ids: list[int] = list(inputs.values())[-1][0].tolist()
    place = mask_place(model, ids)
    with torch.no_grad():
        logits = run(model, **arguments_of(model, inputs)).logits
    return ids, logits[0, place].float().cpu()


def _checks(
    model: Model, ids: list[int], found: Float32[Tensor, " vocabulary"]
) -> tuple[Check, ...]:
    def plain() -> Tensor:
        # Asked of one token, whichever it is: the row behind the text.
        return logits_for(model, ids, [0])[0].float()

    once = plain()
    other = once.cpu()
    limit = 0.0 if torch.equal(found, other) else allowed(model, plain, once)
    return (
        rounding.compared(
            "the logits are those of a plain pass over the whole text",
            found.numpy(),
            other.numpy(),
            limit,
            "Read as it is when a text is written on, with keys and values kept, the text is "
            "answered otherwise.",
        ),
    )
