"""What a word is, and a sentence: one notion for all pages, in any script and in code.

Words end where Unicode says (Annex 29, word boundaries): "well-made" is three, "lama's" and
"foo_bar" one each. Scripts that are written without spaces (Chinese, Thai) would need a dictionary;
there, each token is a word unless a character is cut over several.
"""

from collections.abc import Collection, Sequence
from itertools import accumulate
from typing import Final

import regex

_BOUNDARY: Final = regex.compile(r"(?w)\b")
_SENTENCE: Final = regex.compile(
    r"\S.*?(?:[.!?…]+[\"'”’)\]]*(?=\s|$)|[。！？]+[\"'”’)\]」』]*|\n|$)", regex.S
)
_BYTES: Final = regex.compile(r"(?:⟨[0-9A-F]{2}⟩)+")
"""How a token is written that is part of a character (`Model.token_texts`)."""

Spans = tuple[tuple[int, int], ...]
"""For each word or sentence its first token and the one after its last."""


def word_spans(tokens: Sequence[str], special: Collection[int] = ()) -> Spans:
    """Return the words of a text that was cut into `tokens`.

    A token belongs to the word of its first letter; tokens of spaces alone go with what follows, or
    end the last word. `special` are the places of tokens that are no text: each stands alone.

    >>> word_spans(["<s>", "When", " Mar", "y", ","], special=[0])
    ((0, 1), (1, 2), (2, 4), (4, 5))
    >>> word_spans(["the", "llam", "##as"])
    ((0, 1), (1, 3))
    """
    text, starts = _written(tokens, special)
    boundaries = {found.start() for found in _BOUNDARY.finditer(text)}
    return _joined(tokens, special, text, starts, boundaries)


def sentence_spans(tokens: Sequence[str], special: Collection[int] = ()) -> Spans:
    """Return the sentences, likewise.

    >>> sentence_spans(["Hi", "!", " It", " is", " me", "."])
    ((0, 2), (2, 6))
    >>> sentence_spans(["H", "i", "!", " ", "I", "t", " ", "i", "s", "."])
    ((0, 3), (3, 10))
    """
    text, starts = _written(tokens, special)
    return _joined(tokens, special, text, starts, {one.start() for one in _SENTENCE.finditer(text)})


def span_texts(tokens: Sequence[str], spans: Spans) -> tuple[str, ...]:
    """Return each word or sentence as it is written, a leading space included."""
    return tuple(
        text if (text := _decoded(tokens[first:last])) else "".join(tokens[first:last])
        for first, last in spans
    )


def _decoded(tokens: Sequence[str]) -> str:
    text, _ = _written(tokens, ())
    return "" if "\ufffd" in text else text


def _raw(token: str) -> bytes:
    if _BYTES.fullmatch(token):
        return bytes.fromhex(token.replace("⟨", "").replace("⟩", ""))
    return token.encode(errors="replace")


def _written(tokens: Sequence[str], special: Collection[int]) -> tuple[str, list[int]]:
    """Return the text of `tokens`, and for each the character of it in which it starts."""
    pieced = any(token.startswith("##") and len(token) > 2 for token in tokens)
    raw = []
    for place, token in enumerate(tokens):
        if place in special:
            raw.append(b"\n")
        elif pieced:
            # WordPiece keeps no spaces: it marks the tokens before which there was none.
            goes_on = token.startswith("##") and place > 0
            raw.append(token[2:].encode() if goes_on else (b" " if place else b"") + _raw(token))
        else:
            raw.append(_raw(token))
    at = [0, *accumulate(map(len, raw))]
    whole = b"".join(raw)
    text = whole.decode(errors="replace")
    character: list[int] = []
    for number, char in enumerate(text):
        # What is no character is replaced by one sign for a byte or more: counted as it is.
        size = len(char.encode()) if char != "\ufffd" else 1
        character += [number] * size
    character += [len(text)] * (len(whole) + 1 - len(character))
    return text, [character[place] for place in at[:-1]]


def _joined(
    tokens: Sequence[str],
    special: Collection[int],
    text: str,
    starts: Sequence[int],
    boundaries: Collection[int],
) -> Spans:
    firsts: list[int] = []
    waiting = False
    last = -1
    for place, start in enumerate(starts):
        stop = starts[place + 1] if place + 1 < len(starts) else len(text)
        places = range(start, max(stop, start + 1))
        visible = next((i for i in places if not text[i : i + 1].isspace()), None)
        if place in special:
            firsts.append(place)
            waiting, last = False, -1
            continue
        blank = visible is None or visible >= len(text)
        after_special = place == 0 or (place - 1) in special
        if blank:
            # It waits for the next word; at the end of the text it ends the last one.
            rest = range(place + 1, len(tokens))
            comes = next((one for one in rest if one in special or not tokens[one].isspace()), None)
            begins = (
                comes is not None
                and comes not in special
                and _letter(text, starts[comes]) in boundaries
            )
            if (begins and not waiting) or after_special:
                firsts.append(place)
                waiting = True
            continue
        within = start == last and not after_special  # another byte of the same character
        if not waiting and (after_special or (visible in boundaries and not within)):
            firsts.append(place)
        waiting, last = False, start
    return tuple(zip(firsts, [*firsts[1:], len(tokens)], strict=True))


def _letter(text: str, start: int) -> int:
    """Return the place of the first character from `start` on that is no space."""
    return next((i for i in range(start, len(text)) if not text[i].isspace()), len(text))
