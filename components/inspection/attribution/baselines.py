"""What stands where a token is taken away: one vector, put in place of its embedding.

Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks" (2017): a score says how
much a token counted *compared with* a baseline, so the baseline is part of the question. It should
be neutral: say nothing, and be something that the model knows how to read.

The rule for the neutral one (`neutral`): a token that the model has learnt to take for nothing. Of
a masked model that is the mask; else the padding token, if it is a token of its own (not one that
also ends, begins or cannot be written); else the mask; else the token that ends a text; else what
pads, whatever else it does. A token whose vector is all zeros was never learnt (libraries hold the
padding row there), and in models that norm their vectors by their length it has no direction: it
does not count. Where none is left, the mean of all embeddings stands in.
"""

from typing import Final, Literal

import torch
from jaxtyping import Float, Float32
from torch import Tensor

from components.inspection.errors import InspectionError
from components.inspection.model import Model

Baseline = Literal["pad", "mask", "end", "zero", "mean"]
BASELINES: Final[dict[Baseline, str]] = {
    "pad": "the padding token",
    "mask": "the mask token",
    "end": "the token that ends a text",
    "zero": "a vector of zeros, which no token has",
    "mean": "the average of all embeddings, which no token has either",
}
_AT_ONCE: Final = 8192


def tokens(model: Model) -> dict[Baseline, int]:
    """Return the ids of the baselines that are tokens, the same token under one name only."""
    tokenizer = model.tokenizer
    named: dict[Baseline, int | None] = {
        "pad": tokenizer.pad_token_id,
        "mask": tokenizer.mask_token_id,
        "end": tokenizer.eos_token_id,
    }
    found: dict[Baseline, int] = {}
    for name, token in named.items():
        # Some tokenizers name a token that the network has no row for.
        if token is not None and token < model.rows_of_embedding and token not in found.values():
            found[name] = token
    return found


def available(model: Model) -> tuple[Baseline, ...]:
    """Return the baselines that `model` has: the neutral one first, the mean last."""
    first = neutral(model)
    rest = [name for name in BASELINES if name in tokens(model) or name in ("zero", "mean")]
    return (first, *(name for name in rest if name != first))


def neutral(model: Model) -> Baseline:
    """Return the baseline by the rule at the head of this file."""
    found, tokenizer = tokens(model), model.tokenizer
    other = (tokenizer.eos_token_id, tokenizer.bos_token_id, tokenizer.unk_token_id)
    own_pad = "pad" in found and found["pad"] not in other
    order: list[Baseline] = ["mask"] if model.kind == "masked" else []
    order += ["pad"] if own_pad else []
    order.append("mask")
    # Where the end pads too, it goes under the name of padding.
    order.append("pad" if found.get("pad") == tokenizer.eos_token_id else "end")
    order.append("pad")
    learnt = (name for name in order if name in found and vector_of(model, found[name]).any())
    return next(learnt, "mean")


def vector_of(model: Model, token: int) -> Float[Tensor, " width"]:
    """Return the vector that the network looks up for `token`, in the model's dtype."""
    with torch.no_grad():
        found: Tensor = model.embeddings()[0](torch.tensor([[token]], device=model.device))
    return found[0, 0]


def baseline_vector(model: Model, baseline: Baseline) -> Float32[Tensor, " width"]:
    """Return the vector that stands for an absent token.

    Raises:
        InspectionError: the model has no such token.
    """
    if baseline not in available(model):
        raise InspectionError(
            f"'{model.name}' has no {baseline} token to stand in; choose one of: "
            f"{', '.join(available(model))}."
        )
    mean, _ = mean_and_length(model)
    if baseline == "zero":
        return torch.zeros_like(mean)
    return mean if baseline == "mean" else vector_of(model, tokens(model)[baseline]).float()


def mean_and_length(model: Model) -> tuple[Float32[Tensor, " width"], float]:
    """Return the mean of all embeddings, and of their norms; kept with the model."""
    if "mean embedding" not in model.known:
        table, count = model.embeddings()[0], model.rows_of_embedding
        total, lengths = torch.zeros((), dtype=torch.float64), 0.0
        with torch.no_grad():
            # Through the module, since some families (Gemma, BART) scale in it.
            for part in torch.arange(count, device=model.device).split(_AT_ONCE):
                vectors = table(part[None])[0].float().cpu().double()
                total = total + vectors.sum(0)
                lengths += float(vectors.norm(dim=-1).sum())
        mean = (total / count).float().to(model.device)
        model.known["mean embedding"] = (mean, lengths / count)
    found: tuple[Tensor, float] = model.known["mean embedding"]
    return found


def stand_ins(model: Model) -> tuple[str, ...]:
    """Return the special tokens that may stand in, as written; the neutral one first.

    Raises:
        InspectionError: the tokenizer has none.
    """
    found = dict(tokens(model))
    first = neutral(model)
    ids = ([found.pop(first)] if first in found else []) + list(found.values())
    unknown = model.tokenizer.unk_token_id
    if unknown is not None and unknown < model.rows_of_embedding:
        ids.append(unknown)
    if not ids:
        raise InspectionError(
            f"'{model.name}' has no special token (padding, mask, end) to stand in for one that "
            "is taken away. Choose another model."
        )
    return tuple(model.tokenizer.convert_ids_to_tokens(list(dict.fromkeys(ids))))
