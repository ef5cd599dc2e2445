"""What a network says of tokens when it reads them all at once: no cache, no steps.

Everything on the sampling page is computed step by step; this is the other way to the same
numbers, against which checks hold them.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from components.inspection.forward_pass import arguments_of, inputs_of
from components.inspection.model import Model
from components.inspection.running import run

LONGEST_CHECKED = 256
"""Tokens of a text up to which what was computed step by step is computed anew to be checked: it
takes as long as four readings of the text."""


def logits_for(
    model: Model, text: str | Sequence[int], tokens: Sequence[int]
) -> Float[Tensor, "{len(tokens)} vocabulary"]:
    """Return the logits that predict each of `tokens` behind `text`.

    On the model's device and in its number format, by one plain pass. An encoder-decoder reads
    `text` in its encoder.
    """
    ids = model.encode(text) if isinstance(text, str) else list(text)
    read = list(tokens[:-1])  # nothing is asked behind the last
    if len(model.anatomy.stacks) == 2:
        inputs = inputs_of(model, ids, read)
    else:
        inputs = inputs_of(model, [*ids, *read])
    with torch.no_grad():
        logits: Tensor = run(model, **arguments_of(model, inputs)).logits[0]
    return logits[-len(tokens) :]


def log_shares(
    logits: Float[Tensor, "token vocabulary"], tokens: Sequence[int]
) -> Float64[Tensor, " token"]:
    """Return the log-probability of each of `tokens`, in nats."""
    wanted = torch.tensor(list(tokens), device=logits.device)[:, None]
    return logits.double().log_softmax(-1).gather(1, wanted)[:, 0]
