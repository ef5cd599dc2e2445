"""What stands where a token is taken away: one vector, put in place of its embedding.

Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks" (2017): a score says how
much a token counted *compared with* a baseline, so the baseline is part of the question.
"""

from typing import Final, Literal

import torch
from torch import Tensor, nn

from components.inspection.errors import InspectionError
from components.inspection.model import Model

Baseline = Literal["mean", "pad", "mask", "zero"]
BASELINES: Final[dict[Baseline, str]] = {
    "mean": "the average of all embeddings: a token that is nothing in particular",
    "pad": "the padding token",
    "mask": "the mask token",
    "zero": "a vector of zeros",
}
_AT_ONCE: Final = 8192


def embedding_of(model: Model) -> nn.Module:
    """Return the module that turns the ids of the text that is attributed to into vectors."""
    network = model.network
    # An encoder-decoder calls its encoder's own table, never the one that it shares.
    return network.get_encoder().embed_tokens if model.kind == "seq2seq" else (
        network.get_input_embeddings()
    )  # fmt: skip


def available(model: Model) -> tuple[Baseline, ...]:
    """Return the baselines that `model` has: not every tokenizer has a pad or a mask token."""
    lacking = {
        name
        for name, token in (
            ("pad", model.tokenizer.pad_token_id),
            ("mask", model.tokenizer.mask_token_id),
        )
        if token is None
    }
    return tuple(name for name in BASELINES if name not in lacking)


def baseline_vector(model: Model, baseline: Baseline) -> Tensor:
    """Return the vector [width] that stands for an absent token.

    Raises:
        InspectionError: the model has no such token.
    """
    if baseline not in available(model):
        raise InspectionError(
            f"'{model.source}' has no {baseline} token to stand in; choose one of: "
            f"{', '.join(available(model))}."
        )
    table = embedding_of(model)
    weight = table.weight
    assert isinstance(weight, Tensor)
    count, width = weight.shape
    if baseline == "zero":
        return torch.zeros(width, device=model.device, dtype=model.dtype)
    tokenizer = model.tokenizer
    with torch.no_grad():
        if baseline == "mean":
            # Through the module, since some families (Gemma, BART) scale in it.
            total = torch.zeros(width, device=model.device, dtype=torch.float32)
            ids = torch.arange(count, device=model.device)
            for part in ids.split(_AT_ONCE):
                total += table(part[None])[0].float().sum(0)
            return (total / len(ids)).to(model.dtype)
        token = tokenizer.pad_token_id if baseline == "pad" else tokenizer.mask_token_id
        return table(torch.tensor([[token]], device=model.device))[0, 0]
