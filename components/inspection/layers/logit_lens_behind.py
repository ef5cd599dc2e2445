"""What makes logits of a state of the stream: the modules behind the blocks, else the network."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.layers.tail import OWN, READS_MORE, tail_of
from components.inspection.machine.lens import put_back
from components.inspection.model import Model

MOST_PUT: Final = 64
"""Tokens of a text that is read once more for each boundary."""


class Behind(Protocol):
    """What makes logits of a state of the stream."""

    def logits(self, rows: Float[Tensor, "row width"]) -> Float[Tensor, "row answer"]:
        """Return the logits of each row by itself, in float32."""

    def check(
        self, last: Float32[np.ndarray, "token width"], own: Float32[np.ndarray, "token answer"]
    ) -> Check:
        """Compare what becomes of the `last` stream with the network's `own` logits."""


@dataclass(frozen=True, eq=False)
class PutBack:
    """States are put where the last block's output is expected, and the text is read again."""

    model: Model
    given: tuple[str, str | Sequence[int] | None]
    last: int
    """The boundary behind the last block."""
    tokens: int

    def logits(self, rows: Float[Tensor, "row width"]) -> Float[Tensor, "row answer"]:
        """Return the logits of each row, as many at once as the text has tokens."""
        found = []
        for piece in rows.cpu().float().split(self.tokens):
            put = piece[torch.arange(self.tokens) % len(piece)].numpy()
            found.append(put_back(self.model, self.given, self.last, put)[: len(piece)])
        return torch.from_numpy(np.concatenate(found))

    def check(
        self, last: Float32[np.ndarray, "token width"], own: Float32[np.ndarray, "token answer"]
    ) -> Check:
        """Compare them with other rows at every second place: no place may read another."""
        places = np.arange(self.tokens)[:, None]
        found = np.zeros_like(own)
        for odd in (0, 1):
            mine = places % 2 == odd
            put = np.where(mine, last, np.roll(last, 1, 0) if self.tokens > 1 else last)
            found = np.where(mine, put_back(self.model, self.given, self.last, put), found)
        return rounding.compared(OWN, found, own, 0.0, READS_MORE)


def behind_of(
    model: Model, text: str, target: str | Sequence[int] | None, last: int, tokens: int
) -> Behind:
    """Return what makes logits of states: the modules behind the blocks, else the whole network.

    Raises:
        InspectionError: the modules are not found, and the text is too long to be read so often.
    """
    try:
        return tail_of(model)
    except InspectionError as error:
        if tokens > MOST_PUT:
            raise InspectionError(
                f"{error} So the text is read again for each block, which is done for at most "
                f"{MOST_PUT} tokens; this text has {tokens:,}. Shorten it."
            ) from error
        return PutBack(model, (text, target), last, tokens)
