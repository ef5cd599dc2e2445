"""The vectors of one sentence's tokens, and what each pooling makes of them."""

import threading
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.embeddings.own_encoder import own_encoder
from components.inspection.embeddings.pooling import Way, pooled
from components.inspection.embeddings.sentences import read_ids
from components.inspection.embeddings.states import encoder_of, hidden_states, padded
from components.inspection.hooks import after
from components.inspection.model import Model
from components.inspection.noise import allowed
from components.inspection.running import run

MOST_TOKENS: Final = 40
"""Of the sentence that is shown."""
LAST: Final = "these are the last hidden states that the whole network gives too"


@dataclass(frozen=True, eq=False)
class TokenVectors:
    """One vector for each token, after all layers and the final norm."""

    tokens: tuple[str, ...]
    vectors: Float32[np.ndarray, "token width"]
    pooled: dict[Way, Float32[np.ndarray, " width"]]
    lengths: Float32[np.ndarray, " token"]
    """Norm of each token's vector."""
    cut: bool
    """The sentence is longer than what is shown."""
    checks: tuple[Check, ...]


def token_vectors(model: Model, sentence: str) -> TokenVectors:
    """Let `model` read one sentence, and pool the vectors of its tokens in each way.

    Raises:
        InspectionError: as `sentences.embed`.
    """
    (ids,), (cut,) = read_ids(model, (sentence,), own_encoder(model))
    shown = ids[:MOST_TOKENS]
    filled, read = padded(model, [shown])
    states = hidden_states(model, filled, read)
    rounding.require_numbers(states)
    vectors = states[0].float().cpu().numpy()
    ways: tuple[Way, ...] = ("mean", "cls", "last", "max")
    return TokenVectors(
        tokens=model.token_texts(shown),
        vectors=vectors,
        pooled={way: pooled(states, read, way)[0].cpu().numpy() for way in ways},
        lengths=np.linalg.norm(vectors, axis=1).astype(np.float32),
        cut=cut or len(ids) > len(shown),
        checks=(_last(model, filled, vectors),),
    )


def _last(model: Model, ids: Tensor, vectors: Float32[np.ndarray, "token width"]) -> Check:
    """Compare with what the network with its head says that its last hidden states are."""

    def whole() -> Float[Tensor, "token width"]:
        given: dict[str, Any] = {"input_ids": ids}
        if len(model.anatomy.stacks) == 2:
            given["decoder_input_ids"] = torch.tensor([[model.decoder_start]], device=ids.device)
        seen: list[Tensor] = []
        reader = threading.get_ident()

        def store(output: Any) -> None:
            found = output if isinstance(output, Tensor) else output[0]
            # Others may be running the same network.
            if threading.get_ident() == reader and found.shape == (1, *vectors.shape):
                seen.append(found)

        # Not asked for as `output_hidden_states`: transformers leaves hooks on the network then.
        # Some families' heads call a part of the network without its head (OPT).
        with ExitStack() as hooks, torch.no_grad():
            for part in (encoder_of(model), *encoder_of(model).children()):
                after(hooks, part, store)
            run(model, **given)
        return seen[-1][0].float()

    usual = whole()
    return rounding.compared(
        LAST,
        vectors,
        usual.cpu().numpy(),
        allowed(model, whole, usual),
        "Another part of the network was read than the one before its head.",
    )
