"""Train the tuned lens: stream + matrix stream + bias, read as if it were the last stream."""

import logging
from collections.abc import Iterator
from math import log

import torch
from jaxtyping import Float32
from torch import Tensor
from torch.nn import functional
from transformers import LlamaForCausalLM

from components.teaching_models.lenses_reading import (
    batches,
    divergence,
    log_probabilities,
    read_tokens,
)

logger = logging.getLogger(__name__)


def fit_tuned(
    network: LlamaForCausalLM,
    texts: Iterator[list[int]],
    steps: int,
    documents: int,
    learning_rate: float,
) -> tuple[Float32[Tensor, "boundary width width"], Float32[Tensor, "boundary width"], int]:
    """Return matrix and bias for each boundary but the last, and how many tokens they learned from.

    Both begin at 0, which is the logit lens. Each step reads `documents` new ones, and takes one
    step of Adam down the mean divergence of the network's answer from the lens's. The learning rate
    falls to 0 in a straight line.

    Source: Belrose et al. (2023), section 3; they take SGD with momentum.
    """
    config = network.config
    boundaries, width = config.num_hidden_layers, config.hidden_size
    matrices = torch.zeros(boundaries, width, width, requires_grad=True)
    biases = torch.zeros(boundaries, width, requires_grad=True)
    optimizer = torch.optim.Adam([matrices, biases], lr=learning_rate)
    tokens = 0
    # A bias is learned in units of its stream's own size, as a matrix is: one rate fits all.
    sizes: list[float] = []
    for step, batch in zip(range(steps), batches(texts, documents), strict=False):
        streams = read_tokens(network, batch)
        sizes = sizes or [float(stream.square().mean().sqrt()) for stream in streams]
        with torch.no_grad():
            own = log_probabilities(network, streams[-1])
        losses = []
        for boundary in range(boundaries):
            stream, bias = streams[boundary], biases[boundary] * sizes[boundary]
            moved = stream + functional.linear(stream, matrices[boundary], bias)
            losses.append(divergence(own, log_probabilities(network, moved)).mean())
        optimizer.zero_grad()
        torch.stack(losses).sum().backward()
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * (1 - step / steps)
        optimizer.step()
        tokens += len(own)
        if step % 25 == 24:
            told = "  ".join(f"{loss.item() / log(2):.3f}" for loss in losses)
            logger.info("step %d  bits per token at each boundary: %s", step + 1, told)
    scales = torch.tensor(sizes[:-1])[:, None]
    return matrices.detach(), (biases * scales).detach(), tokens
