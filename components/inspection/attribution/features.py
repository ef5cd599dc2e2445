"""Which tokens are scored together: each alone, by words, or by sentences."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from jaxtyping import Float, Int64

from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.words import sentence_spans, span_texts, word_spans

Unit = Literal["token", "word", "sentence"]
UNITS: Final[tuple[Unit, ...]] = ("word", "token", "sentence")


@dataclass(frozen=True)
class Features:
    """A text in pieces, each of one or more tokens, in reading order."""

    tokens: tuple[str, ...]
    of_token: tuple[int, ...]
    """The piece that each token belongs to."""
    texts: tuple[str, ...]
    """What each piece says."""
    fixed: tuple[bool, ...]
    """Pieces that stay as they are and get no score: what the tokenizer put around the text
    ([CLS], a start token), and the mask that asks the question."""

    @property
    def free(self) -> Int64[np.ndarray, " free"]:
        """The pieces that are scored."""
        return np.flatnonzero(~np.array(self.fixed))

    def summed(
        self, per_token: Float[np.ndarray, "*axes token"]
    ) -> Float[np.ndarray, "*axes feature"]:
        """Sum what each token has over the tokens of each piece."""
        firsts = np.flatnonzero(np.diff(self.of_token, prepend=-1))
        return np.add.reduceat(per_token, firsts, axis=-1)


def features_of(model: Model, text: str, unit: Unit) -> tuple[list[int], Features]:
    """Return the ids of `text` and its pieces: words and sentences are those of `words`.

    Raises:
        InspectionError: the text is empty or too long, or has no token of its own.
    """
    if unit not in UNITS:
        raise InspectionError(f"There is no unit '{unit}'; there is: {', '.join(UNITS)}.")
    ids = model.encode(text)
    tokens = model.token_texts(ids)
    special = set(model.tokenizer.all_special_ids)
    added = [place for place, token in enumerate(ids) if token in special]
    if len(added) == len(ids):
        raise InspectionError(
            "This text has only tokens that the tokenizer itself puts there. Type a word or two."
        )
    if unit == "token":
        spans = tuple((place, place + 1) for place in range(len(ids)))
        texts = tokens
    else:
        spans = (word_spans if unit == "word" else sentence_spans)(tokens, added)
        texts = tuple(text.strip() or text for text in span_texts(tokens, spans))
    of_token = tuple(unit for unit, (first, last) in enumerate(spans) for _ in range(first, last))
    fixed = tuple(first in added for first, _ in spans)
    texts = tuple(
        tokens[first] if fix else text
        for (first, _), fix, text in zip(spans, fixed, texts, strict=True)
    )
    return ids, Features(tokens, of_token, texts, fixed)
