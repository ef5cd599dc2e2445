"""Some tokens of a piece of millions: placed without looking at the others one by one.

A text without a safe place to cut it is one such piece: one letter five million times, or a book
in Chinese. The tokens that are asked for are looked at with those around them, up to places where
a visible character is sure to begin.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from jaxtyping import Int64, UInt8, UInt32

from components.inspection.tokenizer.graphemes import starts_surely
from components.inspection.tokenizer.ready import ReadyTokenizer
from components.inspection.tokenizer.spans import (
    Span,
    encoding_of,
    moved,
    spans_by_bytes,
    spans_by_offsets,
)

MARGIN: Final = 4_000
"""Tokens on each side among which a place is looked for where a visible character begins."""
AT_ONCE: Final = 1 << 18
"""Tokens whose bytes are compared with the text's at a time."""

Edge = Callable[[int], int | None]
"""From the place of a token to the character that begins with it; None where it begins in one."""


@dataclass(frozen=True)
class SomeTokens:
    """Tokens of one piece that follow one another, those that were asked for among them."""

    spans: tuple[Span, ...]
    first: int
    """Place in the piece of the first."""
    start: int
    """Character of the piece at which they begin."""
    divided: bool
    """A visible character at an edge has more than `MARGIN` tokens: only a part of it is there."""


def some_of(
    tokenizer: ReadyTokenizer,
    part: str,
    ids: UInt32[np.ndarray, " token"],
    wanted: tuple[int, int],
    opening: bool,
) -> SomeTokens:
    """Place the tokens `wanted` (the first, and the one after the last) of a piece with `ids`."""
    present = np.flatnonzero(np.bincount(ids)).tolist()
    written = {id_: tokenizer.written_bytes(id_) for id_ in present}
    source = np.frombuffer(part.encode(), dtype=np.uint8)
    lengths = np.zeros(max(present) + 1, dtype=np.int64)
    lengths[present] = [len(written[id_]) for id_ in present]
    ends = np.cumsum(lengths[ids])
    # One that loses nothing writes the text's bytes; those that are shown are compared anyway.
    extra = 0 if _sure(tokenizer, ends, source) else _extra(ids, written, ends, source)
    if extra is None:
        return _by_offsets(encoding_of(tokenizer, part, opening), part, ids, wanted)
    return _by_bytes(ids, written, ends - extra, extra, part, source, wanted)


def _sure(
    tokenizer: ReadyTokenizer,
    ends: Int64[np.ndarray, " token"],
    source: UInt8[np.ndarray, " byte"],
) -> bool:
    return tokenizer.lossless and int(ends[-1]) == len(source)


def _extra(
    ids: UInt32[np.ndarray, " token"],
    written: Mapping[int, bytes],
    ends: Int64[np.ndarray, " token"],
    source: UInt8[np.ndarray, " byte"],
) -> int | None:
    """Return how many bytes the tokens write before the text's; None if theirs are others."""
    extra = int(ends[-1]) - len(source)
    # SentencePiece writes a space before the text, which the text does not have.
    if extra not in (0, 1) or (extra and written[int(ids[0])][:1] != b" "):
        return None
    for first in range(0, len(ids), AT_ONCE):
        joined = b"".join(map(written.__getitem__, ids[first : first + AT_ONCE].tolist()))
        begin = int(ends[first - 1]) - extra if first else -extra
        there = source[max(begin, 0) : begin + len(joined)].tobytes()
        if joined[max(-begin, 0) :] != there:
            return None
    return extra


def _by_bytes(
    ids: UInt32[np.ndarray, " token"],
    written: Mapping[int, bytes],
    ends: Int64[np.ndarray, " token"],
    extra: int,
    part: str,
    source: UInt8[np.ndarray, " byte"],
    wanted: tuple[int, int],
) -> SomeTokens:
    low, high = _near(len(ids), wanted)
    byte = max(int(ends[low - 1]), 0) if low else 0
    begins = (source & 0xC0) != 0x80  # of UTF-8, the first byte of a character
    near = begins[byte : int(ends[high - 1])]
    character_at = np.cumsum([np.count_nonzero(begins[:byte]), *near])

    def edge(token: int) -> int | None:
        place = max(int(ends[token - 1]), 0) - byte if token else 0
        inside = place < len(near) and not near[place]
        return None if inside else int(character_at[place])

    first, last, divided = _edges(part, len(ids), wanted, edge)
    some, begin = ids[first:last].tolist(), ends[first - 1] if first else 0
    start, end = edge(first), edge(last)
    assert start is not None and end is not None  # `_edges` returns such places
    spans = spans_by_bytes(
        some, [written[id_] for id_ in some], part[start:end], 0 if first else extra
    )
    return SomeTokens(_all_moved(spans, start, int(begin)), first, start, divided)


def _by_offsets(
    encoding: Any, part: str, ids: UInt32[np.ndarray, " token"], wanted: tuple[int, int]
) -> SomeTokens:
    """Place tokens that do not write the bytes of the text, by the tokenizer's own offsets."""

    def edge(token: int) -> int | None:
        if token in (0, len(ids)):
            return len(part) if token else 0
        end, start = encoding.token_to_chars(token - 1)[1], encoding.token_to_chars(token)[0]
        # Two tokens may come from one character of the text, and between two may be some of none.
        whole = end == start or (end < start and starts_surely(part, start))
        return int(end) if whole else None

    first, last, divided = _edges(part, len(ids), wanted, edge)
    offsets = [encoding.token_to_chars(token) for token in range(first, last)]
    start, end = edge(first) or 0, max(b for _, b in offsets)
    local = [(a - start, b - start) for a, b in offsets]
    spans = spans_by_offsets(ids[first:last].tolist(), local, part[start:end])
    return SomeTokens(_all_moved(spans, start, len(part[:start].encode())), first, start, divided)


def _all_moved(spans: Iterable[Span], character: int, byte: int) -> tuple[Span, ...]:
    return tuple(moved(span, character, byte) for span in spans)


def _near(tokens: int, wanted: tuple[int, int]) -> tuple[int, int]:
    return max(wanted[0] - MARGIN, 0), min(wanted[1] + MARGIN, tokens)


def _edges(text: str, tokens: int, wanted: tuple[int, int], edge: Edge) -> tuple[int, int, bool]:
    """Return the tokens [first, last) around those `wanted` that lie between two visible
    characters, and whether there are no such places near: then characters of the text will do."""
    low, high = _near(tokens, wanted)
    before, after = range(wanted[0], low - 1, -1), range(wanted[1], high + 1)
    found: list[int] = []
    divided = False
    for places in (before, after):
        edges = [(token, at) for token in places if (at := edge(token)) is not None]
        sure = next((token for token, at in edges if starts_surely(text, at)), None)
        divided = divided or sure is None
        found.append(edges[0][0] if sure is None else sure)
    return found[0], found[1], divided
