"""A word that a reader typed, as a vector of the embedding table: its row, or the mean of its
pieces' rows."""

from dataclasses import dataclass
from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor

from components.inspection.embeddings.table import table_of
from components.inspection.errors import InspectionError
from components.inspection.model import Model

MOST_LETTERS: Final = 80


@dataclass(frozen=True)
class TypedWord:
    """A word, and the tokens that it is for one model."""

    word: str
    ids: tuple[int, ...]
    pieces: tuple[str, ...]
    """What the ids stand for."""

    @property
    def whole(self) -> bool:
        """It is one token, with a row of its own."""
        return len(self.ids) == 1


def typed_word(model: Model, word: str) -> TypedWord:
    """Return the tokens of `word` as it stands within a sentence, else as it begins one.

    Of the two the one with fewer tokens: many vocabularies have words with the space before them.

    Raises:
        InspectionError: there is no word, it is long, or the tokenizer has no token for it.
    """
    word = word.strip()
    if not word:
        raise InspectionError("A word is missing: type one into each box.")
    if len(word) > MOST_LETTERS:
        raise InspectionError(
            f"“{word[:20]}…” has {len(word):,} letters; a word has at most {MOST_LETTERS} here."
        )
    ids = min((model.ids_of(each, special=False) for each in (f" {word}", word)), key=_cost)
    if not ids or any(one == model.tokenizer.unk_token_id for one in ids):
        raise InspectionError(
            f"'{model.name}' has no token for “{word}”: it would read it as unknown. Type another "
            "word."
        )
    model.checked(ids)
    return TypedWord(word, tuple(ids), model.token_texts(ids))


def vector_of(model: Model, word: TypedWord) -> Float[Tensor, " width"]:
    """Return the mean of the rows of a word's tokens, in float32, on the model's device."""
    table = table_of(model, "input")
    return torch.as_tensor(table[list(word.ids)]).float().mean(dim=0)


def _cost(ids: list[int]) -> tuple[bool, int]:
    return not ids, len(ids)
