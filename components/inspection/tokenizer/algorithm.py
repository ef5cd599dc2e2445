"""How a word became its tokens, by the tokenizer's own method, every step kept and checked."""

from dataclasses import dataclass
from typing import Final

from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.tokenizer.backend import checked_text
from components.inspection.tokenizer.best_path import BestPath, best_paths
from components.inspection.tokenizer.matching import Matching, match_word
from components.inspection.tokenizer.merging import Merging, merge_word
from components.inspection.tokenizer.opening import Holder, ready
from components.inspection.tokenizer.ready import ReadyTokenizer

LONGEST: Final = 60
"""Most characters whose story is told."""


@dataclass(frozen=True)
class TokenizationTrace:
    """The way from a word to its tokens."""

    method: str
    """ "BPE", "WordPiece", "Unigram" or "WordLevel"."""
    normalized: str
    """The text after the normalizer, before it is split into words."""
    words: tuple[Merging | Matching | BestPath, ...]
    """One for each part that the pre-tokenizer makes."""
    pieces: tuple[str, ...]
    ids: tuple[int, ...]
    """As our steps give them."""
    own: tuple[int, ...]
    """As the tokenizer itself gives them."""

    @property
    def checks(self) -> tuple[Check, ...]:
        """That the steps end where the tokenizer does: how many ids are others."""
        longer, shorter = max(len(self.ids), len(self.own)), min(len(self.ids), len(self.own))
        others = sum(ours != own for ours, own in zip(self.ids, self.own, strict=False))
        return (
            Check(
                "these steps end in the ids that the tokenizer itself gives",
                float(longer - shorter + others),
                0.0,
                "This tokenizer does something that these steps do not show.",
            ),
        )

    @property
    def agrees(self) -> bool:
        """The tokenizer itself gives the same ids."""
        return self.ids == self.own


def story(holder: Holder, text: str) -> TokenizationTrace:
    """Return how `text`, a word or a few, is cut by the tokenizer of `holder`, step by step.

    Raises:
        InspectionError: the text is empty, too long, holds an added token or half a surrogate
            pair; or the tokenizer's method has no steps to show.
    """
    tokenizer = ready(holder)
    _check(tokenizer, text)
    normalizer = tokenizer.backend.normalizer
    normalized = normalizer.normalize_str(text) if normalizer is not None else text
    split = tokenizer.backend.pre_tokenizer
    words = (
        [word for word, _ in split.pre_tokenize_str(normalized)]
        if split is not None
        else [normalized]
    )
    told = tuple(_tell(tokenizer, word) for word in words if word)
    pieces = tuple(piece for word in told for piece in word.result)
    ids = tuple(_id(tokenizer, piece) for piece in pieces)
    own = tuple(tokenizer.backend.encode(text, add_special_tokens=False).ids)
    return TokenizationTrace(tokenizer.method, normalized, told, pieces, ids, own)


def story_in_sentence(holder: Holder, word: str) -> TokenizationTrace:
    """Return how `word` is cut where it stands behind another word, and so with a space before it.

    SentencePiece puts a space before every text itself; the others are given one.

    Raises:
        InspectionError: as `story`.
    """
    return story(holder, ready(holder).in_sentence(word) if word else word)


def _check(tokenizer: ReadyTokenizer, text: str) -> None:
    if not text:
        raise InspectionError("There is no word. Type one to see how it is cut.")
    if len(text.removeprefix(" ")) > LONGEST:
        raise InspectionError(
            f"The text has {len(text):,} characters; the steps are told for up to {LONGEST}. "
            "Type a word or two."
        )
    checked_text(text)
    for token in tokenizer.added.values():
        if token.content and token.content in text:
            raise InspectionError(
                f"'{token.content}' is an added token: it is matched whole before any word is "
                "cut, so there are no steps. Type an ordinary word."
            )


def _tell(tokenizer: ReadyTokenizer, word: str) -> Merging | Matching | BestPath:
    if tokenizer.method == "BPE":
        return merge_word(tokenizer, word)
    if tokenizer.method == "WordPiece":
        return match_word(tokenizer, word)
    if tokenizer.method == "Unigram":
        return best_paths(tokenizer, word)
    raise InspectionError(
        f"{tokenizer.name} looks whole words up in a list ({tokenizer.method}): there are no steps."
    )


def _id(tokenizer: ReadyTokenizer, piece: str) -> int:
    found = tokenizer.backend.token_to_id(piece)
    return -1 if found is None else int(found)
