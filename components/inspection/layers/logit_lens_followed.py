"""Some tokens followed over the layers, at one place."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Float32

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.embeddings.typed_word import typed_word
from components.inspection.errors import InspectionError
from components.inspection.layers.logit_lens import LAST_ROW, allowed_logs, translate
from components.inspection.layers.logit_lens_read import AT_ONCE
from components.inspection.layers.logit_lens_states import Boundary, states_of
from components.inspection.layers.translators import Translator
from components.inspection.model import Model

MOST: Final = 8


@dataclass(frozen=True, eq=False)
class Followed:
    """What each of some tokens would be given at one place, boundary by boundary."""

    tokens: tuple[str, ...]
    """All of the text."""
    place: int
    ids: tuple[int, ...]
    answers: tuple[str, ...]
    boundaries: tuple[Boundary, ...]
    logs: Float32[np.ndarray, "boundary answer"]
    """Natural logarithms of probabilities."""
    checks: tuple[Check, ...]

    @property
    def probabilities(self) -> Float32[np.ndarray, "boundary answer"]:
        """0 to 1; those of one boundary sum to less than 1, as there are more tokens."""
        return np.exp(self.logs)


def followed(
    model: Model,
    text: str,
    target: str | Sequence[int] | None,
    place: int,
    ids: tuple[int, ...],
    between: bool = False,
    translators: Sequence[Translator | None] | None = None,
) -> Followed:
    """Return what the tokens `ids` are given at `place` by each state of the stream there.

    Raises:
        InspectionError: as `states_of`, or place or tokens are none of the model's, or too many.
    """
    states = states_of(model, text, target, between)
    if not 0 <= place < len(states.ids):
        raise InspectionError(
            f"Place {place} was asked for, but this text has {len(states.ids)} tokens: choose one "
            f"from 0 to {len(states.ids) - 1}."
        )
    choices = states.own.shape[1]
    strange = [token for token in ids if not 0 <= token < choices]
    if strange or not 1 <= len(ids) <= MOST:
        raise InspectionError(
            f"{len(ids)} tokens were to be followed: choose 1 to {MOST}, with ids from 0 to "
            f"{choices - 1:,}."
        )
    here = slice(place, place + 1)
    rows = torch.from_numpy(translate(states.rows[:, here], translators)[:, 0])
    found = []
    for piece in rows.split(max(1, AT_ONCE // choices)):
        logits = states.behind.logits(piece)
        rounding.require_numbers(logits)
        found.append(torch.log_softmax(logits, -1)[:, list(ids)].cpu())
    logs = torch.cat(found).numpy()
    checks = [states.behind.check(states.rows[-1], states.own)]
    if translators is None or translators[-1] is None:
        own = torch.log_softmax(torch.from_numpy(states.own[place]).double(), -1)[list(ids)]
        checks.append(
            rounding.compared(
                LAST_ROW,
                logs[-1],
                own.numpy(),
                allowed_logs(model, states, here),
                "Another place or another token was followed.",
            )
        )
    return Followed(
        tokens=states.tokens,
        place=place,
        ids=ids,
        answers=model.token_texts(list(ids)),
        boundaries=states.boundaries,
        logs=logs,
        checks=tuple(checks),
    )


def token_written(model: Model, word: str) -> int:
    """Return the first token of `word` as it stands within a sentence; · is a space, and then it
    stands as it is written.

    Raises:
        InspectionError: there is no word, or the tokenizer has no token for it.
    """
    if "·" in word:
        ids = model.ids_of(word.replace("·", " "), special=False)
        if ids:
            return int(model.checked(ids)[0])
    return typed_word(model, word).ids[0]
