"""From the vectors of a sentence's tokens to one vector of the sentence."""

from typing import Final, Literal

import torch
from jaxtyping import Bool, Float, Float32
from torch import Tensor

Way = Literal["mean", "cls", "last", "max"]
"""How one vector is made of many."""
WAYS: Final[dict[Way, str]] = {
    "mean": "mean",
    "cls": "CLS",
    "last": "last token",
    "max": "largest",
}
"""What each is called on screen."""
EXPLAINED: Final[dict[Way, str]] = {
    "mean": "the average of all tokens' vectors",
    "cls": "the vector of the first token, which BERT calls [CLS]",
    "last": "the vector of the last token, the only one of a decoder that has read everything",
    "max": "of each number the largest that any token has",
}


def pooled(
    states: Float[Tensor, "batch token width"], read: Bool[Tensor, "batch token"], way: Way
) -> Float32[Tensor, "batch width"]:
    """Return one vector for each text of a batch; padding, where `read` is False, has no part.

    Sums are made in float32, whatever the states are in.

    Source: Reimers and Gurevych, "Sentence-BERT" (2019), section 3 (mean, CLS, max); last token:
    Muennighoff, "SGPT" (2022), section 3.1.
    """
    states = states.float()
    if way == "cls":
        return states.gather(1, _place(read.int().argmax(1), states)).squeeze(1)
    if way == "last":
        last = read.shape[1] - 1 - read.flip(1).int().argmax(1)
        return states.gather(1, _place(last, states)).squeeze(1)
    if way == "max":
        return states.masked_fill(~read[..., None], -torch.inf).amax(1)
    # Not a product with the mask: what a pad's vector holds may be no number.
    return states.masked_fill(~read[..., None], 0.0).sum(1) / read.sum(1, keepdim=True)


def unit_length(vectors: Float32[Tensor, "batch width"]) -> Float32[Tensor, "batch width"]:
    """Return each vector at length 1; one of length 0 stays as it is."""
    return torch.nn.functional.normalize(vectors, dim=-1)


def _place(token: Tensor, states: Float[Tensor, "batch token width"]) -> Tensor:
    return token[:, None, None].expand(-1, 1, states.shape[-1])
