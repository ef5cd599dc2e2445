"""Where the characters that a reader sees begin: a flag or a family is one, of many code points.

Source: Unicode Standard Annex 29, extended grapheme clusters; its rules are called GB1 to GB999.
"""

import re
from itertools import pairwise
from typing import Final

import regex

_GRAPHEME: Final = regex.compile(r"\X")
_HALVES: Final = "".join(map(chr, range(0x1F1E6, 0x1F200)))
"""Regional indicators: each two in a row are a flag."""
_FLAGS: Final = re.compile(f"[{_HALVES}]{{3,}}")
_STEP: Final = 4_096
"""Characters that are looked at together on the way back to where a row of flags begins."""
_SURE: Final = regex.compile(
    r"(?!\r\n)(?:\p{GCB=Other}{2}|[\p{GCB=Control}\r\n].|.[\p{GCB=Control}\r\n])", regex.DOTALL
)
"""Two characters between which one ends, whatever stands further off (GB4, GB5, GB999)."""


def grapheme_starts(text: str) -> frozenset[int]:
    """Return the places in `text` where a grapheme begins, and the place after its end.

    >>> sorted(grapheme_starts("ne\\u0301"))
    [0, 1, 3]
    """
    # Where flag follows flag, each ends after its second half (GB12). The library counts halves
    # from the start of the row at each of them, which for a row of thousands takes minutes.
    cuts = {0, len(text)}
    for flags in _FLAGS.finditer(text):
        cuts.update(range(flags.start() + 2, flags.end(), 2))
    edges = sorted(cuts)
    starts = {
        begin + found.start()
        for begin, end in pairwise(edges)
        for found in _GRAPHEME.finditer(text[begin:end])
    }
    return frozenset(starts | {len(text)})


def starts_surely(text: str, at: int) -> bool:
    """Say whether a grapheme begins at character `at`, where that is plain from what is near.

    No does not mean that none begins there.

    >>> starts_surely("ne\\u0301e", 1), starts_surely("ne\\u0301e", 2)
    (True, False)
    """
    if at in (0, len(text)):
        return True
    before, after = text[at - 1], text[at]
    if before in _HALVES and after in _HALVES:
        return _row_of_flags(text, at) % 2 == 0
    return _SURE.match(before + after) is not None


def _row_of_flags(text: str, end: int) -> int:
    """Return how many halves of flags stand in a row before character `end`."""
    begin = end
    while begin > 0:
        near = text[max(0, begin - _STEP) : begin]
        kept = len(near.rstrip(_HALVES))
        begin -= len(near) - kept
        if kept:
            break
    return end - begin
