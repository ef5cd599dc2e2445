"""The Jacobian lens: how a change of each stream changes the last one, averaged over texts.

The paper's own fit takes a change at one token and looks at the last stream of that token and of
all later ones, whose effects it sums; then it takes the mean over the tokens of a document, and the
mean over documents:

    J_l = E over documents [ 1/|V| sum over t in V of sum over t' in V, t' >= t of
                             d h_L,t' / d h_l,t ]

V leaves out the first 16 tokens there, whose streams are unlike the others', and the last one. The
storyteller's documents are short (half of them have 22 tokens or fewer) and only their first token,
`<|end|>`, is unlike the others, so here V is all but that. In a norm's eyes a factor before J_l is
nothing.

Sources: Gurnee et al. (2026), transformer-circuits.pub/2026/workspace; that the later tokens'
effects are summed, and which tokens count, is as TransformerLens documents the authors' own code.
"""

import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Float32
from torch import Tensor
from transformers import LlamaForCausalLM

from components.teaching_models.lenses_reading import batches, padded, read

log = logging.getLogger(__name__)

FIRST = 1
"""Tokens at the start that are left out."""


@dataclass(frozen=True)
class Jacobians:
    """Means over documents, for each boundary but the last, where it is the identity."""

    mean: Float32[Tensor, "boundary width width"]
    """[boundary, number of the last stream, number of this one]."""
    standard_error: list[float]
    """Of the mean, by its Frobenius norm, as a share of the mean's own."""


def fit_jacobians(
    network: LlamaForCausalLM,
    ids: Sequence[list[int]],
    size: int,
    same_place: int | None = None,
) -> Jacobians:
    """Return the mean Jacobians over documents, `size` of which are read at once.

    With `same_place`, a seed: of a change at one token, drawn from each document, only the effect
    on the last stream of that same token.
    """
    if same_place is not None:  # cut off behind that token: what comes after cannot matter to it
        draw = random.Random(same_place)
        ids = [row[: draw.randrange(FIRST, len(row)) + 1] for row in ids]
    width, boundaries = network.config.hidden_size, network.config.num_hidden_layers
    total = torch.zeros(boundaries, width, width).double()
    squares = torch.zeros(boundaries).double()
    done = 0
    for batch in batches(sorted(ids, key=len), size):  # of one length, so that little is padded
        rows, counted = padded(batch)
        counted[:, :FIRST] = False
        if same_place is not None:
            last = counted.sum(1, keepdim=True) + FIRST - 1
            counted &= torch.arange(counted.shape[1]) == last
        found = document_jacobians(read(network, rows, gradients=True), counted).double()
        total += found.sum(0)
        squares += found.square().sum((0, 2, 3))
        done += len(batch)
        log.info("%d of %d documents", done, len(ids))
    mean = total / done
    norms = mean.square().sum((1, 2))
    errors = ((squares / done - norms) / (done - 1) / norms).clamp(min=0).sqrt()
    return Jacobians(mean.float(), errors.tolist())


def document_jacobians(
    streams: Sequence[Float[Tensor, "row token width"]], counted: Bool[Tensor, "row token"]
) -> Float[Tensor, "row boundary width width"]:
    """Return, for each row, the mean over its counted tokens of the summed effect on counted ones.

    `streams` are in one graph of autograd; the last one is what the others change. One backward
    pass for each number of it: with a 1 there at all counted tokens, the gradient of an earlier
    stream's token is the sum over all later ones, as no token sees those after it.
    """
    *earlier, last = streams
    rows, _, width = last.shape
    found = last.new_empty(rows, len(earlier), width, width)
    shares = counted.to(last.dtype) / counted.sum(1, keepdim=True)
    for number in range(width):
        asked = torch.zeros_like(last)
        asked[:, :, number] = counted.to(last.dtype)
        gradients = torch.autograd.grad(last, earlier, asked, retain_graph=True)
        for boundary, gradient in enumerate(gradients):
            found[:, boundary, number] = torch.einsum("rtw,rt->rw", gradient, shares)
    return found
