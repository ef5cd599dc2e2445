"""A text cut into tokens: each with its id, raw string, bytes, place, and what it says alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, Final

from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.progress import Progress, silent
from components.inspection.tokenizer.graphemes import grapheme_starts
from components.inspection.tokenizer.opening import Holder, ready
from components.inspection.tokenizer.pieces import EncodedText, encode_text, ids_check
from components.inspection.tokenizer.ready import ReadyTokenizer
from components.inspection.tokenizer.tokens import Group, Token, TokenWindow

WINDOW: Final = 2_000
"""Most tokens that are looked at one by one at a time."""


def encode(
    holder: Holder, text: str, ends: bool = True, progress: Progress = silent
) -> EncodedText:
    """Return all ids of `text` by the tokenizer that `holder` has or names.

    `ends`: with what the tokenizer puts before and after every text.

    Raises:
        InspectionError: there is no such tokenizer, or half a surrogate pair in the text.
    """
    return encode_text(ready(holder), text, progress, ends)


def encoding_checks(holder: Holder, text: str, encoded: EncodedText) -> tuple[Check, ...]:
    """Return what is checked of a text that was encoded before."""
    return ids_check(ready(holder), text, encoded)


def cut(
    holder: Holder, text: str, first: int = 0, count: int = WINDOW, ends: bool = True
) -> TokenWindow:
    """Return `count` tokens of `text` from the one at `first`, looked at one by one.

    Raises:
        InspectionError: there is no such tokenizer, half a surrogate pair in the text, or more
            than `WINDOW` tokens are asked for.
    """
    return window(holder, text, encode(holder, text, ends), first, count)


def cut_in_sentence(
    holder: Holder, word: str, first: int = 0, count: int = WINDOW, ends: bool = True
) -> TokenWindow:
    """Do as `cut` with a word that stands behind another one, and so has a space before it.

    Raises:
        InspectionError: as `cut`.
    """
    return cut(holder, ready(holder).in_sentence(word), first, count, ends)


def window(
    holder: Holder, text: str, encoded: EncodedText, first: int = 0, count: int = WINDOW
) -> TokenWindow:
    """Return a window of a text that was encoded before; only the pieces it needs are cut again.

    Raises:
        InspectionError: more than `WINDOW` tokens are asked for, or a place before the first.
    """
    if not 0 < count <= WINDOW or first < 0:
        raise InspectionError(
            f"A window of {count:,} tokens from place {first:,} was asked for; up to {WINDOW:,} "
            "from place 0 on can be shown at a time."
        )
    tokenizer = ready(holder)
    total = len(encoded.ids)
    last = min(first + count, total)
    begins, ends = _pieces_of(encoded, first, last)
    spans = _piece_spans(tokenizer, text, encoded, begins, ends)
    offset = int(encoded.piece_tokens[begins]) if begins else 0
    tokens, exact = _tokens(tokenizer, text, encoded, spans, offset)
    groups = _groups(text, tokens, _piece_start(encoded, begins))
    cut = _window_of(text, tokens, groups, exact, first - offset, last - offset, offset, encoded)
    return replace(cut, lossless=tokenizer.lossless)


@dataclass(frozen=True)
class _Span:
    id: int
    start: int
    end: int
    byte_start: int
    byte_end: int
    inside: bool
    exact: bool


def _piece_start(encoded: EncodedText, piece: int) -> int:
    starts = encoded.piece_starts
    return int(starts[piece]) if piece < len(starts) else encoded.characters


def _pieces_of(encoded: EncodedText, first: int, last: int) -> tuple[int, int]:
    """Return the pieces [begins, ends) that hold the tokens [first, last)."""
    firsts = encoded.piece_tokens
    begins = max(0, int(firsts.searchsorted(first, side="right")) - 1)
    ends = max(begins + 1, int(firsts.searchsorted(last, side="left")))
    return begins, ends


def _piece_spans(
    tokenizer: ReadyTokenizer, text: str, encoded: EncodedText, begins: int, ends: int
) -> list[_Span]:
    spans: list[_Span] = []
    byte = len(text[: _piece_start(encoded, begins)].encode())
    if begins == 0:
        before = tokenizer.ends[0][: encoded.before]
        spans += [_Span(id_, 0, 0, 0, 0, False, True) for id_ in before]
    for piece in range(begins, ends):
        start, end = _piece_start(encoded, piece), _piece_start(encoded, piece + 1)
        part = text[start:end]
        backend = tokenizer.backend if piece == 0 else tokenizer.continuing
        encoding = backend.encode(part, add_special_tokens=False)
        spans += _spans(tokenizer, encoding, part, start, byte)
        byte += len(part.encode())
    if ends == len(encoded.piece_starts):
        size, length = byte, len(text)
        after = tokenizer.ends[1][: encoded.after]
        spans += [_Span(id_, length, length, size, size, False, True) for id_ in after]
    return spans


def _spans(
    tokenizer: ReadyTokenizer, encoding: Any, part: str, character: int, byte: int
) -> list[_Span]:
    """Place the tokens of one piece by their bytes, else by the tokenizer's own offsets."""
    ids = encoding.ids
    byte_at = [0, *accumulate(len(char.encode()) for char in part)]
    written = [tokenizer.written_bytes(id_) for id_ in ids]
    joined, source = b"".join(written), part.encode()
    # SentencePiece writes a space before the text, which the text does not have.
    extra = 1 if joined == b" " + source else 0
    if joined[extra:] != source:
        return [
            _Span(
                id_, character + a, character + b, byte + byte_at[a], byte + byte_at[b], True, False
            )
            for id_, (a, b) in zip(ids, encoding.offsets, strict=True)
        ]
    character_at = _characters_of_bytes(byte_at)
    spans, begin = [], 0
    for id_, end in zip(ids, accumulate(map(len, written)), strict=True):
        a, b = max(begin - extra, 0), max(end - extra, 0)
        last = character_at[b - 1] + 1 if b > a else character_at[a]
        spans.append(
            _Span(
                id_, character + character_at[a], character + last, byte + a, byte + b, True, True
            )
        )
        begin = end
    return spans


def _characters_of_bytes(byte_at: Sequence[int]) -> list[int]:
    """Return for each byte the character that it is in; and one more, for the end."""
    places: list[int] = []
    for character in range(len(byte_at) - 1):
        places += [character] * (byte_at[character + 1] - byte_at[character])
    return [*places, len(byte_at) - 1]


def _tokens(
    tokenizer: ReadyTokenizer,
    text: str,
    encoded: EncodedText,
    spans: Sequence[_Span],
    offset: int,
) -> tuple[list[Token], bool]:
    alone = tokenizer.alone([span.id for span in spans])
    tokens: list[Token] = []
    group = -1
    if spans:
        low = min(span.start for span in spans)
        clean = grapheme_starts(text[low : max(span.end for span in spans)])
    reach = 0
    for place, (span, said) in enumerate(zip(spans, alone, strict=True)):
        fresh = (
            place == 0
            or not span.inside
            or not spans[place - 1].inside
            or (span.start >= reach and span.start - low in clean and reach - low in clean)
        )
        group += fresh
        reach = max(reach, span.end)
        tokens.append(
            Token(
                position=offset + place,
                id=span.id,
                piece=tokenizer.piece(span.id),
                raw=tokenizer.bytes_of(span.id),
                start=span.start,
                end=span.end,
                byte_start=span.byte_start,
                byte_end=span.byte_end,
                alone=said,
                added=not span.inside or span.id in tokenizer.added,
                unknown=span.id == tokenizer.unknown_id,
                group=group,
            )
        )
    return tokens, all(span.exact for span in spans)


def _groups(text: str, tokens: Sequence[Token], start: int) -> list[Group]:
    groups: list[Group] = []
    reach = start
    for place, token in enumerate(tokens):
        if groups and token.group == len(groups) - 1:
            grown = groups[-1]
            end = max(reach, token.end)
            more = text[reach:end]
            groups[-1] = Group(grown.text + more, grown.before, grown.first, grown.count + 1)
        else:
            before = text[reach : token.start] if token.start > reach else ""
            end = max(reach, token.end)
            groups.append(Group(text[max(reach, token.start) : end], before, place, 1))
        reach = max(reach, token.end)
    return groups


def _window_of(
    text: str,
    tokens: Sequence[Token],
    groups: Sequence[Group],
    exact: bool,
    low: int,
    high: int,
    offset: int,
    encoded: EncodedText,
) -> TokenWindow:
    """Keep the groups of the tokens [low, high), counted within `tokens`."""
    if not tokens or low >= len(tokens):
        return TokenWindow(
            (), (), text if not tokens else "", offset + low, len(encoded.ids), exact
        )
    begin, end = tokens[low].group, tokens[min(high, len(tokens)) - 1].group
    shown = groups[begin : end + 1]
    first = shown[0].first
    kept = tokens[first : shown[-1].first + shown[-1].count]
    covered = max((token.end for token in tokens), default=0)
    whole = high >= len(tokens) and offset + len(tokens) == len(encoded.ids)
    return TokenWindow(
        tokens=tuple(replace(token, group=token.group - begin) for token in kept),
        groups=tuple(replace(group, first=group.first - first) for group in shown),
        after=text[covered:] if whole else "",
        first=offset + first,
        total=len(encoded.ids),
        exact=exact,
    )
