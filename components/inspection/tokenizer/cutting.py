"""A text cut into tokens: each with its id, raw string, bytes, place, and what it says alone."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.progress import Progress, silent
from components.inspection.tokenizer.graphemes import grapheme_starts
from components.inspection.tokenizer.opening import Holder, ready
from components.inspection.tokenizer.pieces import EncodedText, encode_text, ids_check
from components.inspection.tokenizer.placing import PlacedTokens, place_tokens
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
    placed = place_tokens(tokenizer, text, encoded, first, last)
    tokens = _tokens(tokenizer, text, placed)
    groups = _groups(text, tokens, placed.start)
    cut = _window_of(text, tokens, groups, placed, first, last, encoded)
    return replace(cut, lossless=tokenizer.lossless, divided=placed.divided)


def _tokens(tokenizer: ReadyTokenizer, text: str, placed: PlacedTokens) -> list[Token]:
    spans = placed.spans
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
                position=placed.first + place,
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
    return tokens


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
    placed: PlacedTokens,
    first: int,
    last: int,
    encoded: EncodedText,
) -> TokenWindow:
    """Keep the groups of the tokens [first, last)."""
    offset, exact = placed.first, all(span.exact for span in placed.spans)
    low, high = first - offset, last - offset
    if not tokens or low >= len(tokens):
        return TokenWindow((), (), "" if len(encoded.ids) else text, first, len(encoded.ids), exact)
    begin, end = tokens[low].group, tokens[min(high, len(tokens)) - 1].group
    shown = groups[begin : end + 1]
    begins = shown[0].first
    kept = tokens[begins : shown[-1].first + shown[-1].count]
    covered = max((token.end for token in tokens), default=0)
    whole = high >= len(tokens) and offset + len(tokens) == len(encoded.ids)
    return TokenWindow(
        tokens=tuple(replace(token, group=token.group - begin) for token in kept),
        groups=tuple(replace(group, first=group.first - begins) for group in shown),
        after=text[covered:] if whole else "",
        first=offset + begins,
        total=len(encoded.ids),
        exact=exact,
    )
