"""a - b + c with words: which token's vector is nearest to what comes out?

Mikolov, Yih and Zweig, "Linguistic Regularities in Continuous Space Word Representations" (2013),
leave the three words themselves out; without that the nearest is mostly one of them (Linzen,
"Issues in evaluating semantic spaces using word analogies", 2016).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int64
from torch import Tensor

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.embeddings.ranking import nearest_rows, triangle_check
from components.inspection.embeddings.table import table_of
from components.inspection.embeddings.typed_word import TypedWord, typed_word, vector_of
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.progress import Progress, silent

MOST: Final = 15
"""Tokens that are ranked."""


@dataclass(frozen=True, eq=False)
class Arithmetic:
    """The tokens nearest to first - minus + plus, the nearest first."""

    words: tuple[TypedWord, TypedWord, TypedWord]
    """a, b and c of a - b + c."""
    ids: Int64[np.ndarray, " near"]
    tokens: tuple[str, ...]
    cosines: Float32[np.ndarray, " near"]
    """-1 to 1: of each token's row with the sum."""
    own: Bool[np.ndarray, " near"]
    """It is one of the words themselves, or a piece of one."""
    to_words: Float32[np.ndarray, " 3"]
    """-1 to 1: the cosine of the sum with each of the three words."""
    vocabulary: int
    checks: tuple[Check, ...]

    @property
    def nearest(self) -> int:
        """The place of the nearest token of all; mostly one of the words."""
        return 0

    @property
    def answer(self) -> int:
        """The place of the nearest token that is none of the words.

        There is one: more tokens are ranked than the words can have, unless they are in pieces.
        """
        return int(np.argmin(self.own))


def arithmetic(
    model: Model, first: str, minus: str, plus: str, progress: Progress = silent
) -> Arithmetic:
    """Rank all tokens of `model` by their cosine with first - minus + plus.

    Raises:
        InspectionError: a word is missing or cannot be read, the three give nothing (all the same
            but one way: a - a + a is a), or the table holds what is no number.
    """
    words = (typed_word(model, first), typed_word(model, minus), typed_word(model, plus))
    one, other, third = (vector_of(model, word) for word in words)
    total = one - other + third
    rounding.require_numbers(total)
    if not bool(total.any()):
        raise InspectionError(
            f"{first} - {minus} + {plus} is a vector of zeros, which has no direction. Choose "
            "other words."
        )
    table, own = table_of(model, "input"), {token for word in words for token in word.ids}
    most = min(len(table), MOST + len(own))
    ids, cosines = nearest_rows(table, total[None], most, progress=progress)
    ids, cosines = ids[0], cosines[0]
    return Arithmetic(
        words=words,
        ids=ids.cpu().numpy(),
        tokens=model.token_texts(ids.tolist()),
        cosines=cosines.cpu().numpy(),
        own=np.array([token in own for token in ids.tolist()]),
        to_words=torch.stack([_cosine(total, each) for each in (one, other, third)]).cpu().numpy(),
        vocabulary=len(table),
        checks=(triangle_check(table[ids], total, cosines),),
    )


def _cosine(one: Tensor, other: Tensor) -> Tensor:
    return torch.nn.functional.cosine_similarity(one, other, dim=0)
