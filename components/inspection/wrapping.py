"""A network and its tokenizer become a `Model`: where its parts are, and which way it reads."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

from components.inspection.errors import InspectionError
from components.inspection.families import FAMILIES
from components.inspection.model import Kind, Model, first_number
from components.inspection.premises.answers import probe_answer
from components.inspection.premises.flow import probed_change
from components.inspection.stacks import anatomy_of
from components.inspection.threads import threads_of

LONGEST = 1_000_000
"""Stands in where a model states no limit on its context."""
SHORTEST = 2
"""A token, and one to be expected after it."""


def wrapped(
    network: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    kind: Kind,
    source: str,
    revision: str = "main",
    quantized: str = "",
    context: int | None = None,
) -> Model:
    """Return `network`, in eval mode and frozen, as a model that can be inspected.

    Of one stack it is measured whether it is a decoder or an encoder: whether earlier tokens stay
    as they are when a later one changes. Its family's name says nothing of that (a BERT may be a
    decoder, a Llama an encoder).

    Raises:
        InspectionError: its blocks cannot be found, or what it computes are no numbers.
    """
    network = network.eval().requires_grad_(False)
    model = Model(
        source=source,
        revision=revision,
        kind=kind,
        network=network,
        tokenizer=tokenizer,
        anatomy=anatomy_of(network),
        context=context_length(network, tokenizer) if context is None else context,
        quantized=quantized,
    )
    with threads_of(model):  # as it is inspected later, so that what is found here is kept
        _check_numbers(model)
        if len(model.anatomy.stacks) == 1:
            model = _facing(model)
    return model


def _facing(model: Model) -> Model:
    (stack,) = model.anatomy.stacks.values()
    claimed = next(iter(model.anatomy.stacks))
    try:
        ahead = probed_change(model).looks_ahead
    except InspectionError:  # its stream cannot be seen, which `premises` say
        ahead = model.kind == "masked" if not model.anatomy.named else claimed == "encoder"
    name = "encoder" if ahead else "decoder"
    model.known["claimed stack"] = claimed if model.anatomy.named else name
    if name == claimed:
        return model
    for known in [each for each in model.known if each.startswith("probed")]:
        del model.known[known]  # it tells of the stack under its other name
    both: dict[str, Any] = {"encoder": None, "decoder": None, name: stack}
    return replace(model, anatomy=replace(model.anatomy, **both))


def _check_numbers(model: Model) -> None:
    if len(model.anatomy.stacks) == 2 and not 0 <= model.decoder_start < model.rows_of_embedding:
        raise InspectionError(
            f"By the configuration of '{model.name}' its decoder begins with the token of id "
            f"{model.decoder_start:,} (decoder_start_token_id), but its vocabulary has ids 0 to "
            f"{model.rows_of_embedding - 1:,}. Fetch the model again, or correct the file."
        )
    found = probe_answer(model).numbers
    if not bool(torch.isfinite(found).all()):
        dtype = model.facts.dtype
        raise InspectionError(
            f"'{model.name}' computes numbers that are none (NaN or infinite) for "
            f"{float((~torch.isfinite(found)).float().mean()):.0%} of what it answers to a short "
            "text"
            + (
                ": its numbers are larger than float16 can hold (65,504). Choose bfloat16 or "
                "float32."
                if dtype == "float16"
                else ". Its weights or its configuration are damaged: fetch it again."
            )
        )


def context_length(network: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    """Return how many tokens the model reads at most, by its configuration.

    Raises:
        InspectionError: fewer than two, so that no token could be expected after another.
    """
    config = network.config.get_text_config()
    limit = stated_context(config)
    if limit is None:
        limit = _limit_of(tokenizer)
    family = FAMILIES.get(config.model_type)
    read = int(np.clip(limit - (family.reserved_positions if family else 0), 0, LONGEST))
    if read < SHORTEST:
        raise InspectionError(
            f"By its configuration this model has {limit:,} positions, so that it reads {read} "
            f"tokens at once; something can be shown from {SHORTEST} on. Fetch the model again, or "
            "choose another."
        )
    return read


def _limit_of(tokenizer: PreTrainedTokenizerBase) -> int:
    stated: Any = tokenizer.model_max_length
    if not isinstance(stated, (int, float)) or not stated >= 1:  # NaN is not either
        raise InspectionError(
            f"The tokenizer_config.json says model_max_length = {str(stated)[:60]}, but a model "
            "reads at least one token. Correct the file, or fetch the model again."
        )
    return int(min(stated, LONGEST))


def stated_context(config: PretrainedConfig) -> int | None:
    """Return how many positions a configuration of a text model speaks of; None if of none."""
    # XLNet states -1 for "no limit".
    return first_number(
        config, "max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx"
    )
