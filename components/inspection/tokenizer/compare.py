"""The same text by several tokenizers, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

import numpy as np
from jaxtyping import Int8

from components.inspection.checks import Check, worst
from components.inspection.errors import InspectionError
from components.inspection.progress import Progress, silent
from components.inspection.tokenizer.about import tokenizer_facts
from components.inspection.tokenizer.catalogue import title
from components.inspection.tokenizer.cutting import TokenWindow, window
from components.inspection.tokenizer.opening import Holder, ready
from components.inspection.tokenizer.pieces import encode_text, ids_check
from components.inspection.tokenizer.roundtrip import round_trip_of
from components.inspection.tokenizer.statistics import statistics_of

SEEN: Final = 400
"""Tokens of each tokenizer that are looked at one by one."""
MOST: Final = 6
NUMBERS: Final = 10_000


@dataclass(frozen=True, eq=False)
class Reading:
    """What one tokenizer makes of the text."""

    source: str
    title: str
    method: str
    """BPE, WordPiece, Unigram or WordLevel, and what it is made over."""
    vocabulary: int
    marker: str
    """How its vocabulary marks spaces or parts of words."""
    tokens: int
    """Of the text itself."""
    special: int
    """Further tokens that are put before and after every text."""
    characters_per_token: float
    unknown: int
    same: bool
    """Decoding gives the text back."""
    cut: TokenWindow
    """The first `SEEN` tokens."""
    agreed: tuple[bool, ...]
    """[token in `cut`] all tokenizers make a token of exactly these characters."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Readings of one text, and what could not be had."""

    readings: tuple[Reading, ...]
    missing: tuple[tuple[str, str], ...]
    """Tokenizers that are not here: their names, and why."""
    characters: int
    words: int
    """Runs of characters that are not white space."""
    bytes: int
    """Of the text in UTF-8."""
    checks: tuple[Check, ...]
    """Of the counts: those of the tokenizer that is farthest off."""


def compare(sources: Sequence[str], text: str, progress: Progress = silent) -> Comparison:
    """Cut `text` with each of `sources`; what is not on this machine is listed, not fatal.

    Raises:
        InspectionError: more than `MOST` tokenizers, or half a surrogate pair in the text.
    """
    if len(sources) > MOST:
        raise InspectionError(
            f"{len(sources)} tokenizers were chosen; up to {MOST} are shown side by side."
        )
    found: list[tuple[str, Holder]] = []
    missing: list[tuple[str, str]] = []
    for source in sources:
        try:
            found.append((source, ready(source)))
        except InspectionError as error:
            missing.append((title(source), str(error)))
    readings: list[Reading] = []
    checks: list[Check] = []
    for place, (source, holder) in enumerate(found):

        def part(share: float, phrase: str, place: int = place) -> None:
            progress((place + share) / len(found), phrase)

        reading, counts = _reading(source, holder, text, part)
        readings.append(reading)
        checks += counts
    return Comparison(
        _with_agreement(readings),
        tuple(missing),
        len(text),
        len(text.split()),
        len(text.encode()),
        (worst(checks, "each count is that of the ids the tokenizer gives to the whole text"),)
        if checks
        else (),
    )


def _reading(
    source: str, holder: Holder, text: str, progress: Progress
) -> tuple[Reading, tuple[Check, ...]]:
    tokenizer = ready(holder)
    encoded = encode_text(tokenizer, text, progress)
    counted = statistics_of(tokenizer, text, encoded)
    cut = window(tokenizer, text, encoded, 0, SEEN)
    reading = Reading(
        source=source,
        title=tokenizer.name,
        method=tokenizer_facts(tokenizer).method,
        vocabulary=tokenizer.size,
        marker=tokenizer.marker,
        tokens=counted.of_text,
        special=counted.added,
        characters_per_token=counted.characters_per_token,
        unknown=counted.unknown,
        same=round_trip_of(tokenizer, text, encoded).same,
        cut=cut,
        agreed=(False,) * len(cut.tokens),
    )
    return reading, ids_check(tokenizer, text, encoded)


def _with_agreement(readings: Sequence[Reading]) -> tuple[Reading, ...]:
    spans = [{(token.start, token.end) for token in reading.cut.tokens} for reading in readings]
    common = reduce(set.intersection, spans) if len(spans) > 1 else set()
    return tuple(
        Reading(
            **{
                **vars(reading),
                "agreed": tuple(
                    (token.start, token.end) in common and token.end > token.start
                    for token in reading.cut.tokens
                ),
            }
        )
        for reading in readings
    )


def tokens_per_number(holder: Holder, leading_space: bool = False) -> Int8[np.ndarray, "100 100"]:
    """Return for each number from 0 to 9,999 how many tokens it is written in.

    SentencePiece puts a space before each by itself, with `leading_space` or without. The
    first axis is the hundreds, the second the rest: number 4,207 stands at [42, 7].
    """
    tokenizer = ready(holder)
    backend = tokenizer.backend
    numbers = map(str, range(NUMBERS))
    texts = [tokenizer.in_sentence(number) if leading_space else number for number in numbers]
    encodings = backend.encode_batch_fast(texts, add_special_tokens=False)
    counts = np.array([len(encoding.ids) for encoding in encodings], dtype=np.int8)
    return counts.reshape(100, 100)
