"""Byte pair encoding, step by step: which neighbours are merged, in which order, and why those.

Source: Sennrich, Haddow and Birch, "Neural Machine Translation of Rare Words with Subword Units"
(2016); over bytes: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019).
"""

from dataclasses import dataclass
from itertools import pairwise

from components.inspection.tokenizer.backend import BYTE_OF
from components.inspection.tokenizer.ready import ReadyTokenizer


@dataclass(frozen=True)
class Merge:
    """One step: among all neighbours that may be merged, those of the lowest rank are."""

    parts: tuple[str, ...]
    """Before the step, in the vocabulary's writing."""
    candidates: tuple[tuple[int, int], ...]
    """(place of the left part, rank) of every pair of neighbours that may be merged."""
    place: int
    """Of the left part of the pair that is merged."""
    rank: int
    """Its rank: how many merges were learned before it."""


@dataclass(frozen=True)
class Merging:
    """How one word was put together."""

    word: str
    """As the pre-tokenizer hands it over, in the vocabulary's writing."""
    steps: tuple[Merge, ...]
    result: tuple[str, ...]
    whole: bool
    """The word is in the vocabulary and was taken as it is, without merging (as tiktoken does)."""
    characters: tuple[tuple[str, int], ...] = ()
    """Each character of the word, and in how many parts it begins: one for each of its bytes where
    it is spelled in bytes."""


def merge_word(tokenizer: ReadyTokenizer, word: str) -> Merging:
    """Merge `word` as the BPE model of `tokenizer` does, keeping every step."""
    model = tokenizer.backend.model
    if getattr(model, "ignore_merges", False) and model.token_to_id(word) is not None:
        return Merging(word, (), (word,), True)
    ranks = tokenizer.merge_ranks
    now = initial_parts(tokenizer, word)
    characters = characters_of(tokenizer, word)
    steps: list[Merge] = []
    prefix = getattr(model, "continuing_subword_prefix", None) or ""
    while True:
        candidates = tuple(
            (place, ranks[pair]) for place, pair in enumerate(pairwise(now)) if pair in ranks
        )
        if not candidates:
            return Merging(word, tuple(steps), tuple(now), False, characters)
        place, rank = min(candidates, key=lambda found: (found[1], found[0]))
        steps.append(Merge(tuple(now), candidates, place, rank))
        now[place : place + 2] = [now[place] + now[place + 1].removeprefix(prefix)]


def characters_of(tokenizer: ReadyTokenizer, word: str) -> tuple[tuple[str, int], ...]:
    """Return each character of `word`, and in how many parts merging begins with it."""
    if tokenizer.byte_level:
        text = bytes(BYTE_OF[char] for char in word if char in BYTE_OF).decode(errors="replace")
        return tuple((char, len(char.encode())) for char in text)
    return tuple((char, len(initial_parts(tokenizer, char))) for char in word)


def initial_parts(tokenizer: ReadyTokenizer, word: str) -> list[str]:
    """Return the parts that merging begins with: characters, or the bytes of those unknown."""
    model = tokenizer.backend.model
    prefix = getattr(model, "continuing_subword_prefix", None) or ""
    suffix = getattr(model, "end_of_word_suffix", None) or ""
    unknown = getattr(model, "unk_token", None)
    fuse = bool(getattr(model, "fuse_unk", False))
    found: list[str] = []
    for place, char in enumerate(word):
        written = (prefix if place else "") + char + (suffix if place == len(word) - 1 else "")
        if model.token_to_id(written) is not None:
            found.append(written)
            continue
        spelled = [f"<0x{byte:02X}>" for byte in char.encode()]
        if tokenizer.byte_fallback and all(model.token_to_id(s) is not None for s in spelled):
            found += spelled
        elif unknown is not None and not (fuse and found and found[-1] == unknown):
            found.append(unknown)
    return found
