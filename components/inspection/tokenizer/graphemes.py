"""Where the characters that a reader sees begin: a flag or a family is one, of many code points."""

from typing import Final

import regex

_GRAPHEME: Final = regex.compile(r"\X")


def grapheme_starts(text: str) -> frozenset[int]:
    """Return the places in `text` where a grapheme begins, and the place after its end.

    Source: Unicode Standard Annex 29, extended grapheme clusters.

    >>> sorted(grapheme_starts("ne\\u0301"))
    [0, 1, 3]
    """
    return frozenset(found.start() for found in _GRAPHEME.finditer(text)) | {len(text)}
