"""Where the tokens of one piece of text stand: by their bytes, else by the tokenizer's offsets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from components.inspection.tokenizer.backend import all_encoded
from components.inspection.tokenizer.ready import ReadyTokenizer


@dataclass(frozen=True)
class Span:
    """Where one token stands. Characters and bytes from 0, ends not included."""

    id: int
    start: int
    end: int
    byte_start: int
    byte_end: int
    inside: bool
    """It is of the text, and not put before or after it."""
    exact: bool
    """Placed by its bytes."""


def moved(span: Span, character: int, byte: int) -> Span:
    """Return `span` in a text in which so much stands before its own."""
    return replace(
        span,
        start=span.start + character,
        end=span.end + character,
        byte_start=span.byte_start + byte,
        byte_end=span.byte_end + byte,
    )


def encoding_of(tokenizer: ReadyTokenizer, part: str, opening: bool) -> Any:
    """Encode a piece of text, the first or one that goes on, with offsets."""
    backend = tokenizer.backend if opening else tokenizer.continuing
    return all_encoded(backend, [part], offsets=True)[0]


def spans_by_bytes(
    ids: Sequence[int], written: Sequence[bytes], part: str, extra: int
) -> list[Span]:
    """Place tokens whose bytes, `written`, are `extra` bytes and then those of `part`."""
    byte_at = [0, *accumulate(len(char.encode()) for char in part)]
    character_at = _characters_of_bytes(byte_at)
    spans, begin = [], 0
    for id_, end in zip(ids, accumulate(map(len, written)), strict=True):
        a, b = max(begin - extra, 0), max(end - extra, 0)
        last = character_at[b - 1] + 1 if b > a else character_at[a]
        spans.append(Span(id_, character_at[a], last, a, b, True, True))
        begin = end
    return spans


def spans_by_offsets(
    ids: Sequence[int], offsets: Sequence[tuple[int, int]], part: str
) -> list[Span]:
    """Place tokens by the characters of `part` that the tokenizer says they come from."""
    byte_at = [0, *accumulate(len(char.encode()) for char in part)]
    return [
        Span(id_, a, b, byte_at[a], byte_at[b], True, False)
        for id_, (a, b) in zip(ids, offsets, strict=True)
    ]


def _characters_of_bytes(byte_at: Sequence[int]) -> list[int]:
    """Return for each byte the character that it is in; and one more, for the end."""
    places: list[int] = []
    for character in range(len(byte_at) - 1):
        places += [character] * (byte_at[character + 1] - byte_at[character])
    return [*places, len(byte_at) - 1]
