"""Read documents with a network, keep its stream at each boundary, and read that with lenses."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from math import log

import torch
from jaxtyping import Bool, Float, Float32, Int64
from torch import Tensor
from torch.nn import functional
from transformers import LlamaForCausalLM

from components.teaching_models.tokenizer import END_ID

AT_ONCE = 8
"""Documents that are read together."""
Translation = tuple[Float[Tensor, "boundary width width"], Float[Tensor, "boundary width"] | None]
"""A matrix and, if there is one, a bias for each boundary but the last."""


def padded(
    ids: Sequence[Sequence[int]],
) -> tuple[Int64[Tensor, "row token"], Bool[Tensor, "row token"]]:
    """Return documents as rows of one length, and which tokens are theirs.

    What is added stands at the end, where a decoder's earlier tokens do not see it.
    """
    longest = max(map(len, ids))
    rows = torch.tensor([[*row, *[END_ID] * (longest - len(row))] for row in ids])
    return rows, torch.arange(longest) < torch.tensor([[len(row)] for row in ids])


def read(
    network: LlamaForCausalLM, ids: Int64[Tensor, "row token"], gradients: bool = False
) -> list[Float[Tensor, "row token width"]]:
    """Return the stream at each boundary: as it enters the first block, and as it leaves each.

    The last is not yet normed. With `gradients`, all are in one graph of autograd.
    """
    last: list[Tensor] = []
    hook = network.model.norm.register_forward_pre_hook(lambda _module, args: last.append(args[0]))
    try:
        with torch.set_grad_enabled(gradients):
            first = network.model.embed_tokens(ids).requires_grad_(gradients)
            output = network.model(inputs_embeds=first, output_hidden_states=True, use_cache=False)
    finally:
        hook.remove()
    return [*output.hidden_states[:-1], last[0]]


@torch.no_grad()
def read_tokens(
    network: LlamaForCausalLM, ids: Iterable[list[int]]
) -> list[Float32[Tensor, "token width"]]:
    """Return the stream of all tokens of some documents, the shortest one's first, at each
    boundary."""
    found = []
    for batch in batches(sorted(ids, key=len), AT_ONCE):  # of one length, so that little is padded
        rows, counted = padded(batch)
        found.append([stream[counted] for stream in read(network, rows)])
    return [torch.cat(streams) for streams in zip(*found, strict=True)]


def log_probabilities(
    network: LlamaForCausalLM, stream: Float32[Tensor, "token width"]
) -> Float32[Tensor, "token vocabulary"]:
    """Return what the network says where its last block leaves `stream`, in nats."""
    return functional.log_softmax(network.lm_head(network.model.norm(stream)), -1)


def divergence(
    own: Float32[Tensor, "token vocabulary"], lens: Float32[Tensor, "token vocabulary"]
) -> Float32[Tensor, " token"]:
    """Return the Kullback-Leibler divergence of the network's own answer from a lens's, in nats:
    0 if they are the same, and else the cost of taking the lens's for its own."""
    return (own.exp() * (own - lens)).sum(-1)


def batches(texts: Iterable[list[int]], size: int) -> Iterator[list[list[int]]]:
    """Yield `size` documents at a time, the last time what is left."""
    left = iter(texts)
    while batch := list(islice(left, size)):
        yield batch


@torch.no_grad()
def divergences(
    network: LlamaForCausalLM,
    texts: Iterable[list[int]],
    lenses: Mapping[str, Translation],
    size: int,
) -> tuple[dict[str, list[float]], int]:
    """Return each lens's mean divergence in bits per token at every boundary, the last included,
    and the number of tokens."""
    tokens = 0
    sums = {name: torch.zeros(len(matrices) + 1).double() for name, (matrices, _) in lenses.items()}
    for batch in batches(texts, size):
        streams = read_tokens(network, batch)
        own = log_probabilities(network, streams[-1])
        tokens += len(own)
        for name, (matrices, biases) in lenses.items():
            for boundary, matrix in enumerate(matrices):
                bias = None if biases is None else biases[boundary]
                moved = functional.linear(streams[boundary], matrix, bias)
                found = divergence(own, log_probabilities(network, moved))
                sums[name][boundary] += found.double().sum()
    return {name: (total / tokens / log(2)).tolist() for name, total in sums.items()}, tokens
