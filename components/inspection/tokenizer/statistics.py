"""What a tokenizer makes of a text, in numbers."""

import re
import time
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Int64

from components.inspection.processor import processor
from components.inspection.progress import Progress, silent
from components.inspection.tokenizer.opening import Holder, ready
from components.inspection.tokenizer.pieces import EncodedText, encode_text

LISTED: Final = 20
"""Tokens in each of the lists of the most frequent and the longest."""
LONGEST_BIN: Final = 24
"""Bytes of the last bin of the histogram, which takes all longer tokens too."""


@dataclass(frozen=True, eq=False)
class TimedEncoding:
    """The ids of a text, when they were found, and on what."""

    encoded: EncodedText
    at: float
    """When it was begun, in seconds since 1970."""
    device: str
    """In words: what a tokenizer does, the processor does."""


def encode_timed(holder: Holder, text: str, progress: Progress = silent) -> TimedEncoding:
    """Return all ids of `text`, those before and after it included.

    Raises:
        InspectionError: there is no such tokenizer, or half a surrogate pair in the text.
    """
    tokenizer, began = ready(holder), time.time()
    return TimedEncoding(encode_text(tokenizer, text, progress), began, f"{processor()} (cpu)")


@dataclass(frozen=True)
class CountedToken:
    """A token of the vocabulary and how often the text has it."""

    id: int
    piece: str
    """The vocabulary's raw string."""
    text: str
    """What it writes; bytes that are no character by themselves as ⟨E2⟩⟨80⟩."""
    count: int
    length: int
    """Bytes of text that it writes."""


@dataclass(frozen=True, eq=False)
class TextStatistics:
    """Counts over one text. A word is a run of characters that are not white space."""

    tokens: int
    added: int
    """Of these, put before and after the text by the tokenizer."""
    characters: int
    bytes: int
    """Of the text in UTF-8."""
    words: int
    lines: int
    """Lines that are not empty."""
    distinct: int
    """Different tokens that occur."""
    vocabulary: int
    """Different tokens that there are."""
    unknown: int
    blank: int
    """Tokens that write nothing but white space, such as an indentation."""
    frequent: tuple[CountedToken, ...]
    longest: tuple[CountedToken, ...]
    lengths: Int64[np.ndarray, " length"]
    """How many tokens of the text write so many bytes; the last counts all longer ones."""
    context: int | None
    """Most tokens that the tokenizer's model reads at once, where that is known."""

    @property
    def of_text(self) -> int:
        """Tokens of the text itself, without those put before and after it."""
        return self.tokens - self.added

    @property
    def characters_per_token(self) -> float:
        """Mean over the text's own tokens; 0 for a text without any."""
        return self.characters / self.of_text if self.of_text else 0.0

    @property
    def bytes_per_token(self) -> float:
        """Mean over the text's own tokens; 0 for a text without any."""
        return self.bytes / self.of_text if self.of_text else 0.0

    @property
    def tokens_per_word(self) -> float:
        """Mean ("fertility") of the text's own tokens; 0 for a text without words."""
        return self.of_text / self.words if self.words else 0.0

    @property
    def tokens_per_line(self) -> float:
        """Mean of the text's own tokens over lines that are not empty."""
        return self.of_text / self.lines if self.lines else 0.0


def text_statistics(holder: Holder, text: str, progress: Progress = silent) -> TextStatistics:
    """Return what the tokenizer of `holder` makes of `text`, in numbers.

    Raises:
        InspectionError: there is no such tokenizer, or half a surrogate pair in the text.
    """
    tokenizer = ready(holder)
    return statistics_of(tokenizer, text, encode_text(tokenizer, text, progress))


def statistics_of(holder: Holder, text: str, encoded: EncodedText) -> TextStatistics:
    """Count over a text that was encoded before."""
    tokenizer = ready(holder)
    counts = np.bincount(encoded.ids, minlength=tokenizer.size)
    present = np.flatnonzero(counts)
    lengths_of = np.array([len(tokenizer.written_bytes(int(id_))) for id_ in present], dtype=int)
    ends = frozenset(tokenizer.ends[0] + tokenizer.ends[1])
    by_count = [int(id_) for id_ in present[np.lexsort((present, -counts[present]))]]
    ordinary = ~np.isin(present, [*ends, *tokenizer.special_ids])
    by_length = [int(id_) for id_ in present[np.lexsort((-counts[present], -lengths_of))]]
    longest = [id_ for id_ in by_length if id_ not in ends | tokenizer.special_ids]

    def counted(id_: int) -> CountedToken:
        piece = tokenizer.piece(id_)
        size = len(tokenizer.written_bytes(id_))
        return CountedToken(id_, piece, tokenizer.shown(id_), int(counts[id_]), size)

    blank = sum(
        int(counts[id_])
        for id_ in present[ordinary]
        if tokenizer.written_bytes(int(id_)).decode(errors="replace").isspace()
    )
    histogram = np.bincount(
        np.minimum(lengths_of[ordinary], LONGEST_BIN),
        weights=counts[present[ordinary]],
        minlength=LONGEST_BIN + 1,
    )
    unknown = tokenizer.unknown_id
    return TextStatistics(
        tokens=len(encoded.ids),
        added=encoded.before + encoded.after,
        characters=len(text),
        bytes=len(text.encode()),
        words=sum(1 for _ in re.finditer(r"\S+", text)),
        lines=sum(1 for line in text.splitlines() if line.strip()),
        distinct=len(present),
        vocabulary=tokenizer.size,
        unknown=0 if unknown is None or unknown >= len(counts) else int(counts[unknown]),
        blank=blank,
        frequent=tuple(counted(id_) for id_ in by_count[:LISTED]),
        longest=tuple(counted(id_) for id_ in longest[:LISTED]),
        lengths=histogram.astype(np.int64),
        context=tokenizer.context,
    )


def chunks(tokens: int, size: int, overlap: int) -> int:
    """Return how many chunks of `size` tokens cover a text, each repeating `overlap` of the last.

    >>> chunks(16_917, 8_192, 0), chunks(1_000, 512, 64), chunks(10, 512, 64)
    (3, 3, 1)
    """
    if tokens <= size:
        return 1
    return 1 + -(-(tokens - size) // (size - overlap))
