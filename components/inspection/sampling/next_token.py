"""What a model expects next, over its whole vocabulary."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.sampling.decoder import Decoder, names, refuse_unless_it_writes

NAMED = 2048
"""Tokens that carry their text: the likeliest ones, and all that were read."""


@dataclass(frozen=True, eq=False)
class NextToken:
    """The logits for the token after a text, or for a masked model in the text's first blank.

    `logits[token]` are raw, float32, over the whole vocabulary (which may be padded beyond
    the tokenizer's). `history` are the ids that penalties count: the text read by a decoder;
    by an encoder-decoder's decoder, its start token. `texts[token]` shows the likeliest
    `NAMED` tokens and all of `history`.
    """

    logits: NDArray[np.float32]
    history: tuple[int, ...]
    texts: dict[int, str]


def next_token(model: Model, text: str) -> NextToken:
    """Let `model` read `text` and return its logits for what comes next.

    Raises:
        InspectionError: if `text` is empty or too long, if the model has no vocabulary to
            choose from, or if it fills blanks and `text` has none.
    """
    if model.kind == "masked":
        history, logits = _blank(model, text)
    else:
        decoder = Decoder(model, text)
        history, logits = decoder.start, decoder.logits([decoder.start])[0]
    likeliest = logits.topk(min(NAMED, len(logits))).indices.tolist()
    named = sorted({*likeliest, *history})
    texts = dict(zip(named, names(model, named), strict=True))
    return NextToken(logits.numpy(), tuple(history), texts)


def _blank(model: Model, text: str) -> tuple[list[int], torch.Tensor]:
    ids = list(model.encode(text))
    blank = model.tokenizer.mask_token_id
    if blank is None:
        refuse_unless_it_writes(model)
    if blank not in ids:
        raise InspectionError(
            f"{model.source} fills blanks and does not write on, and this text has no blank: "
            f"put {model.tokenizer.mask_token} where a word is to be guessed, or choose a decoder."
        )
    with torch.inference_mode():
        logits = model.network(input_ids=torch.tensor([ids], device=model.device)).logits
    return ids, logits[0, ids.index(blank)].float().cpu()
