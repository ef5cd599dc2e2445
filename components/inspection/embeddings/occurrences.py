"""Where a word stands in sentences, and which tokens it is there."""

import re
from dataclasses import dataclass
from typing import Final

from components.inspection.errors import InspectionError
from components.inspection.model import Model

MOST_SENTENCES: Final = 24
MOST_PLACES: Final = 24
"""Places of the word, in all sentences together."""
MOST_TOKENS: Final = 256
"""Tokens of one sentence."""


@dataclass(frozen=True)
class Occurrence:
    """One place where the word stands."""

    sentence: int
    text: str
    """The sentence."""
    start: int
    """The word's first letter in it."""
    end: int
    places: tuple[int, ...]
    """Its tokens' places among those of the sentence."""
    ids: tuple[int, ...]
    pieces: tuple[str, ...]

    def words(self, most: int = 28) -> str:
        """Return the sentence around the word, with brackets, in at most about `most` letters.

        >>> Occurrence(0, "She sat on the river bank", 21, 25, (), (), ()).words()
        'She sat on the river [bank]'
        >>> Occurrence(0, "He went to the bank to deposit money", 15, 19, (), (), ()).words(16)
        '… the [bank] to …'
        """
        word = self.text[self.start : self.end]
        side = max(0, most - len(word)) // 2
        before, after = self.text[: self.start], self.text[self.end :]
        # What one side does not need, the other may have.
        room = side + max(0, side - len(before)), side + max(0, side - len(after))
        if len(before) > room[1]:
            before = "… " + before[len(before) - room[1] :].partition(" ")[2]
        if len(after) > room[0]:
            after = after[: room[0]].rpartition(" ")[0] + " …"
        return f"{before}[{word}]{after}"


def occurrences(model: Model, sentences: tuple[str, ...], word: str) -> tuple[Occurrence, ...]:
    """Return every place where `word` stands by itself, in capitals or not.

    Raises:
        InspectionError: it stands in fewer than two places, there are too many of them or too long
            ones, or a sentence's tokens cannot be told apart.
    """
    word = word.strip()
    if not word:
        raise InspectionError("The word is missing. Type one that stands in your sentences.")
    if len(sentences) > MOST_SENTENCES:
        raise InspectionError(
            f"There are {len(sentences):,} sentences; at most {MOST_SENTENCES} are read here. Keep "
            "those that use the word in different ways."
        )
    wanted = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
    found = [
        _occurrence(model, number, text, match.start(), match.end())
        for number, text in enumerate(sentences)
        for match in wanted.finditer(text)
    ]
    if len(found) < 2:
        raise InspectionError(
            f"“{word[:80]}” stands in {'one place' if found else 'none'} of your sentences. It "
            "takes two places at least: write it into two sentences, one on each line."
        )
    if len(found) > MOST_PLACES:
        raise InspectionError(
            f"“{word[:80]}” stands in {len(found):,} places; at most {MOST_PLACES} are compared. "
            "Write fewer or shorter sentences."
        )
    return tuple(found)


def whole_in(model: Model, sentences: tuple[str, ...], word: str) -> bool:
    """Say whether a word is one token wherever it stands in `sentences`, in the same letters."""
    try:
        found = occurrences(model, sentences, word)
    except InspectionError:
        return False
    return all(len(one.ids) == 1 for one in found)


def first_whole(model: Model, offers: tuple[tuple[tuple[str, ...], str], ...]) -> int:
    """Return which of several (sentences, word) is the first whose word is whole; 0 if none is."""
    return next((at for at, one in enumerate(offers) if whole_in(model, *one)), 0)


def _occurrence(model: Model, number: int, text: str, start: int, end: int) -> Occurrence:
    encoding = model.encoding_of(text)
    ids = model.checked(encoding.ids)
    if len(ids) > MOST_TOKENS:
        raise InspectionError(
            f"Sentence {number + 1} has {len(ids):,} tokens; at most {MOST_TOKENS} are read here. "
            "Shorten it."
        )
    places = tuple(
        place
        for place, (first, last) in enumerate(encoding.offsets)
        if first < end and last > start and last > first
    )
    if not places:
        raise InspectionError(
            f"The tokenizer of '{model.name}' does not say which tokens the word is in sentence "
            f"{number + 1}. Choose another model."
        )
    own = tuple(ids[place] for place in places)
    return Occurrence(number, text, start, end, places, own, model.token_texts(own))
