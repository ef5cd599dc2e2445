"""Where tokens stand in a text of any length: only the pieces that are needed are looked at."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import UInt32

from components.inspection.tokenizer.long_pieces import some_of
from components.inspection.tokenizer.pieces import EncodedText
from components.inspection.tokenizer.ready import ReadyTokenizer
from components.inspection.tokenizer.spans import (
    Span,
    encoding_of,
    moved,
    spans_by_bytes,
    spans_by_offsets,
)

LONG: Final = 8_000
"""Most tokens of a piece that is looked at as a whole."""


@dataclass(frozen=True)
class PlacedTokens:
    """Tokens that follow one another, those that were asked for among them."""

    spans: tuple[Span, ...]
    first: int
    """Place of the first among all tokens of the text."""
    start: int
    """Character at which what they cut begins."""
    divided: bool
    """A visible character has so many tokens that only a part of it is here."""


def place_tokens(
    tokenizer: ReadyTokenizer,
    text: str,
    encoded: EncodedText,
    first: int,
    last: int,
    long: int = LONG,
) -> PlacedTokens:
    """Place the tokens [first, last), and those that share a piece or a character with them.

    Of a piece of more than `long` tokens, only those near the ones asked for are placed.
    """
    begins, ends = _pieces_of(encoded, first, last)
    offset = int(encoded.piece_tokens[begins]) if begins else 0
    begin, divided = _piece_start(encoded, begins), False
    byte = len(text[:begin].encode())
    spans: list[Span] = []
    if begins == 0:
        before = tokenizer.ends[0][: encoded.before]
        spans += [Span(id_, 0, 0, 0, 0, False, True) for id_ in before]
    for number in range(begins, ends):
        start, end = _piece_start(encoded, number), _piece_start(encoded, number + 1)
        part, ids = text[start:end], _ids_of(encoded, number)
        if len(ids) <= long:
            here = _whole(tokenizer, part, ids, number == 0)
        else:
            place = int(encoded.piece_tokens[number])
            wanted = _one_or_more(first - place, last - place, len(ids))
            some = some_of(tokenizer, part, ids, wanted, number == 0)
            here, divided = list(some.spans), divided or some.divided
            if number == begins and some.first:
                spans, offset, begin = [], place + some.first, start + some.start
        spans += [moved(span, start, byte) for span in here]
        byte += len(part.encode())
    if last > len(encoded.ids) - encoded.after:
        size, length = byte, len(text)
        after = tokenizer.ends[1][: encoded.after]
        spans += [Span(id_, length, length, size, size, False, True) for id_ in after]
    return PlacedTokens(tuple(spans), offset, begin, divided)


def _pieces_of(encoded: EncodedText, first: int, last: int) -> tuple[int, int]:
    """Return the pieces [begins, ends) that hold the tokens [first, last)."""
    firsts = encoded.piece_tokens
    begins = max(0, int(firsts.searchsorted(first, side="right")) - 1)
    ends = max(begins + 1, int(firsts.searchsorted(last, side="left")))
    return begins, ends


def _piece_start(encoded: EncodedText, piece: int) -> int:
    starts = encoded.piece_starts
    return int(starts[piece]) if piece < len(starts) else encoded.characters


def _one_or_more(first: int, last: int, tokens: int) -> tuple[int, int]:
    """Return what of [first, last) is in a piece of `tokens`: its nearest one, if nothing is."""
    begin = min(max(first, 0), tokens - 1)
    return begin, min(max(last, begin + 1), tokens)


def _ids_of(encoded: EncodedText, piece: int) -> UInt32[np.ndarray, " token"]:
    firsts, last = encoded.piece_tokens, len(encoded.ids) - encoded.after
    end = int(firsts[piece + 1]) if piece + 1 < len(firsts) else last
    return encoded.ids[int(firsts[piece]) : end]


def _whole(
    tokenizer: ReadyTokenizer, part: str, ids: UInt32[np.ndarray, " token"], opening: bool
) -> list[Span]:
    """Place all tokens of one piece."""
    given = ids.tolist()
    written = [tokenizer.written_bytes(id_) for id_ in given]
    joined, source = b"".join(written), part.encode()
    # SentencePiece writes a space before the text, which the text does not have.
    extra = 1 if joined == b" " + source else 0
    if joined[extra:] == source:
        return spans_by_bytes(given, written, part, extra)
    encoding = encoding_of(tokenizer, part, opening)
    return spans_by_offsets(encoding.ids, encoding.offsets, part)
