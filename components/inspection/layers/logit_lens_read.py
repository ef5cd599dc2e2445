"""From states of the stream to what is told of their answers, a few at a time."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, Float32, Int64
from torch import Tensor

from components.inspection import rounding
from components.inspection.layers.logit_lens_behind import Behind
from components.inspection.progress import Progress, silent

SHOWN: Final = 5
AT_ONCE: Final = 2**22
"""Logits that are held at once: 16 MiB, some times over."""


@dataclass(frozen=True, eq=False)
class Cells:
    """What is told of each boundary and column (token that is shown)."""

    top: Int64[np.ndarray, "boundary column shown"]
    """The ids of the likeliest, the likeliest first; of equal ones the lower id."""
    probabilities: Float32[np.ndarray, "boundary column shown"]
    """Theirs, 0 to 1."""
    final: Int64[np.ndarray, " column"]
    """The id that the model itself finds the likeliest."""
    log_final: Float32[np.ndarray, "boundary column"]
    """The natural logarithm of its probability."""
    rank: Int64[np.ndarray, "boundary column"]
    """Its rank: 1 is the likeliest. One more than there are likelier tokens."""
    entropy: Float32[np.ndarray, "boundary column"]
    """In bits: 0 is certain, log2 of the vocabulary knows nothing."""
    divergence: Float32[np.ndarray, "boundary column"]
    """The Kullback-Leibler divergence D(model's output || this), in bits: what it costs on average
    to code what the model would say by these probabilities instead of its own. 0 is the same."""


def cells_of(
    behind: Behind,
    rows: Float32[np.ndarray, "boundary column width"],
    own: Float32[np.ndarray, "column answer"],
    progress: Progress = silent,
) -> Cells:
    """Read each state, and compare it with the model's `own` logits at its token.

    Raises:
        InspectionError: what is read are no numbers.
    """
    boundaries, columns, width = rows.shape
    wide = min(columns, max(1, AT_ONCE // own.shape[1]))
    high = max(1, AT_ONCE // (own.shape[1] * wide))
    final = own.argmax(-1)
    pieces: list[list[list[Tensor]]] = []
    for column in range(0, columns, wide):
        beside = slice(column, column + wide)
        logs = torch.log_softmax(torch.from_numpy(own[beside]), -1)
        answers = torch.from_numpy(final[beside])
        pieces.append([])
        for boundary in range(0, boundaries, high):
            progress(
                column / columns + wide / columns * boundary / boundaries, "Reading the stream"
            )
            piece = torch.from_numpy(rows[boundary : boundary + high, beside])
            logits = behind.logits(piece.reshape(-1, width))
            many = len(piece)
            told = _told(logits, logs.repeat(many, 1).to(logits.device), answers.repeat(many))
            pieces[-1].append([each.unflatten(0, piece.shape[:2]) for each in told])
    whole = [
        torch.cat([torch.cat([row[number] for row in column]) for column in pieces], 1).numpy()
        for number in range(6)
    ]
    top, probabilities, log_final, rank, entropy, divergence = whole
    return Cells(top, probabilities, final, log_final, rank, entropy, divergence)


def _told(
    logits: Float[Tensor, "row answer"],
    own: Float[Tensor, "row answer"],
    final: Int64[Tensor, " row"],
) -> list[Tensor]:
    """Return for each row: top ids and probabilities, log probability and rank of the final answer,
    entropy and divergence in bits. `own` are the logarithms of the model's own probabilities."""
    rounding.require_numbers(logits)
    logs = torch.log_softmax(logits, -1)
    answer = final.to(logits.device)[:, None]
    entropy = torch.special.entr(logs.exp()).sum(-1) / np.log(2)
    weights = own.exp()
    terms = torch.where(weights > 0, weights * (own - logs), 0.0)
    top = _top(logits)
    found = [
        top,
        logs.gather(1, top).exp(),
        logs.gather(1, answer)[:, 0],
        1 + (logits > logits.gather(1, answer)).sum(-1),
        entropy,
        terms.sum(-1).clamp_min(0) / np.log(2),
    ]
    return [each.cpu() for each in found]


def _top(logits: Float[Tensor, "row answer"]) -> Int64[Tensor, "row shown"]:
    """Return the ids of the largest, the largest first; of equal ones the lower id."""
    count = min(SHOWN, logits.shape[1])
    least = logits.topk(count, -1).values[:, -1:]
    row, token = (logits >= least).nonzero(as_tuple=True)
    order = np.lexsort((token.cpu(), -logits[row, token].cpu(), row.cpu()))
    rows, tokens = row.cpu().numpy()[order], token.cpu().numpy()[order]
    begins = np.searchsorted(rows, np.arange(len(logits)))
    return torch.from_numpy(tokens[begins[:, None] + np.arange(count)]).to(logits.device)
