"""Encode a text of any length in pieces: bounded memory, progress told, and the same ids.

A cut is made before a space (or a line break) that stands between two letters or digits, or
between a line break and the letter behind it.
Four things make such a cut safe, and are checked before it is made:
1. the pre-tokenizer splits there anyway, and splits each side alone as it splits both
   together, tried on the text around the cut;
2. or, where no pre-tokenizer splits, no vocabulary string holds a letter or digit followed by
   the sign for a space, so that no merge and no path of Unigram's can reach across;
3. no added token (such as <|endoftext|>) is near;
4. what a normalizer puts before a text (Llama's "▁") is put before the first piece only.
Where no safe place is found, the piece grows.
"""

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from jaxtyping import Int64, UInt32
from numpy.typing import NDArray
from tokenizers import Tokenizer

from components.inspection.checks import Check
from components.inspection.progress import Progress, silent
from components.inspection.tokenizer import parts
from components.inspection.tokenizer.backend import all_encoded, checked_text
from components.inspection.tokenizer.ready import (
    BYTE_SPACE,
    WORD_START,
    ReadyTokenizer,
)

PIECE: Final = 8_192
"""Characters that a piece has at least."""
BATCH: Final = 128
"""Pieces encoded at once, on all cores; bounds memory to some tens of megabytes."""
LONGEST_CHECKED: Final = 200_000
"""Characters up to which a text is also encoded whole, to be compared: a tenth of a second."""
HANDED: Final = 1 << 18
"""Ids that are taken out of Python at a time."""
AROUND: Final = 64
"""Characters on each side of a cut on which it is tried."""
_LOCAL: Final = {
    # GPT-2; GPT-4 and Llama 3; Qwen 2; Mistral's tekken; GPT-4o
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    *(
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|" + digits + r"| ?[^\s\p{L}\p{N}]"
        r"+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        for digits in (r"\p{N}{1,3}", r"\p{N}")
    ),
    *(
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
        + ending
        + r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
        + ending
        + "|"
        + digits
        + r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
        for ending, digits in (("", r"\p{N}"), (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?", r"\p{N}{1,3}"))
    ),
}
"""Patterns known to split at every space after a letter, whatever stands before. With any other,
a cut is tried on everything since the one before it, which takes longer."""
_SPACE = re.compile(r"(?<=[^\W_]) (?=[^\W_])")
_BREAK = re.compile(r"(?<=[^\W_])[ \n](?=[^\W_])|(?<=\n)(?=[^\W_])")


@dataclass(frozen=True, eq=False)
class EncodedText:
    """All ids of one text, and where each piece of it begins."""

    ids: UInt32[np.ndarray, " token"]
    """In order, those put before and after every text included."""
    piece_starts: Int64[np.ndarray, " piece"]
    """The character at which a piece begins."""
    piece_tokens: Int64[np.ndarray, " piece"]
    """The place in `ids` of a piece's first token."""
    before: int
    """Number of tokens that were put before the text."""
    after: int
    """Number of tokens that were put after it."""
    characters: int
    seconds: float
    """Time that the encoding took."""


def encode_text(
    tokenizer: ReadyTokenizer,
    text: str,
    progress: Progress = silent,
    ends: bool = True,
    piece: int = PIECE,
) -> EncodedText:
    """Return the ids of `text`: the same as `tokenizer.backend.encode(text).ids`.

    Each piece but the last has at least `piece` characters. Without `ends`, the tokens that the
    tokenizer puts before and after a text are left out.

    Raises:
        InspectionError: the text holds half a surrogate pair.
    """
    checked_text(text)
    begun = time.perf_counter()
    starts = [0, *safe_cuts(tokenizer, text, piece)]
    further = tokenizer.continuing if len(starts) > 1 else tokenizer.backend
    ids: list[NDArray[np.uint32]] = []
    for first in range(0, len(starts), BATCH):
        bounds = [*starts[first : first + BATCH + 1], len(text)]
        batch = [text[a:b] for a, b in pairwise(bounds[: BATCH + 1])]
        ids += _encode_batch(tokenizer.backend, further, batch, opening=first == 0)
        progress(min(1.0, bounds[len(batch)] / max(len(text), 1)), "Cutting the text into tokens")
    before, after = tokenizer.ends if ends else ((), ())
    counts = [len(before), *map(len, ids)]
    return EncodedText(
        ids=np.concatenate([_array(before), *ids, _array(after)]),
        piece_starts=np.array(starts, dtype=np.int64),
        piece_tokens=np.cumsum(counts, dtype=np.int64)[:-1],
        before=len(before),
        after=len(after),
        characters=len(text),
        seconds=time.perf_counter() - begun,
    )


def ids_check(tokenizer: ReadyTokenizer, text: str, encoded: EncodedText) -> tuple[Check, ...]:
    """Return the check that pieces gave the ids of the whole text; none of too long a text."""
    if len(text) > LONGEST_CHECKED:
        return ()
    found = encoded.ids[encoded.before : len(encoded.ids) - encoded.after]
    whole = _array(all_encoded(tokenizer.backend, [text])[0].ids)
    same = min(len(found), len(whole))
    others = int((found[:same] != whole[:same]).sum()) + abs(len(found) - len(whole))
    return (
        Check(
            "these are the ids that the tokenizer gives to the text as a whole",
            float(others),
            0.0,
            "The text was not read as it is: cut where it must not be, shortened or filled up.",
        ),
    )


def safe_cuts(tokenizer: ReadyTokenizer, text: str, piece: int = PIECE) -> list[int]:
    """Return the characters at which `text` can be cut without changing any token."""
    pattern = _breaks(tokenizer)
    if pattern is None or len(text) < 2 * piece:
        return []
    return list(_cuts(tokenizer, text, pattern, piece))


def _cuts(
    tokenizer: ReadyTokenizer, text: str, pattern: re.Pattern[str], piece: int
) -> Iterator[int]:
    added = _added_pattern(tokenizer)
    around = AROUND if _is_local(tokenizer) else None
    since, at, vain = 0, piece, 0
    while found := pattern.search(text, at):
        cut = found.start()
        near = text[max(0, cut - AROUND) : cut + AROUND]
        begin = since if around is None else max(0, cut - around)
        if (added is None or not added.search(near)) and _splits_alike(tokenizer, text, begin, cut):
            yield cut
            since, at, vain = cut, cut + piece, 0
        else:
            # Where place after place will not do, they are tried ever further apart.
            vain += 1
            at = cut + min(2 ** (vain // 8), piece)


def _breaks(tokenizer: ReadyTokenizer) -> re.Pattern[str] | None:
    """Return where cuts may be tried, or None if a token may reach across any space."""
    backend = tokenizer.backend
    if backend.pre_tokenizer is None or _keeps_whole(backend):
        if _reaches_across(tokenizer):
            return None
        return _SPACE
    # A space may be put before each piece: harmless only where the piece begins with one.
    settings = list(parts.walk(parts.state(backend.pre_tokenizer)))
    adds_space = any(
        part.get("type") == "Metaspace" or part.get("add_prefix_space") for part in settings
    )
    return _SPACE if adds_space else _BREAK


def _keeps_whole(backend: Tokenizer) -> bool:
    settings = [part for part in parts.walk(parts.state(backend.pre_tokenizer)) if "type" in part]
    return all(
        part["type"] == "Sequence"
        or (part["type"] == "Metaspace" and not part.get("split", True))
        or (part["type"] == "ByteLevel" and not part.get("use_regex", True))
        for part in settings
    )


def _reaches_across(tokenizer: ReadyTokenizer) -> bool:
    across = re.compile(rf"[^\W_][ {WORD_START}{BYTE_SPACE if tokenizer.byte_level else ''}]")
    pieces = tokenizer.backend.get_vocab(with_added_tokens=False)
    return any(across.search(piece) for piece in pieces)


def _added_pattern(tokenizer: ReadyTokenizer) -> re.Pattern[str] | None:
    names = [re.escape(token.content) for token in tokenizer.added.values() if token.content]
    return re.compile("|".join(names)) if names else None


def _is_local(tokenizer: ReadyTokenizer) -> bool:
    """Say whether a split depends on nothing but the characters next to it."""
    settings = parts.walk(parts.state(tokenizer.backend.pre_tokenizer))
    splits = [part for part in settings if part.get("type") == "Split"]
    return all(part["pattern"].get("Regex") in _LOCAL for part in splits)


def _splits_alike(tokenizer: ReadyTokenizer, text: str, begin: int, cut: int) -> bool:
    """Say whether the text from `begin` on is split the same in one part and in two at `cut`."""
    split = tokenizer.backend.pre_tokenizer
    if split is None or _keeps_whole(tokenizer.backend):
        return True
    left, right = text[begin:cut], text[cut : cut + AROUND]
    both = split.pre_tokenize_str(left + right)
    halves = split.pre_tokenize_str(left) + [
        (piece, (start + len(left), end + len(left)))
        for piece, (start, end) in split.pre_tokenize_str(right)
    ]
    # A pre-tokenizer may put a space before what it is given: that is not text.
    return [piece for piece, _ in both] == [piece for piece, _ in halves]


def _encode_batch(
    opening_backend: Tokenizer, backend: Tokenizer, batch: Sequence[str], opening: bool
) -> list[UInt32[np.ndarray, " _token"]]:
    ids: list[NDArray[np.uint32]] = []
    rest = list(batch)
    if opening:
        ids += [_array(one.ids) for one in all_encoded(opening_backend, [rest.pop(0)])]
    if rest:
        ids += [_array(one.ids) for one in all_encoded(backend, rest)]
    return ids


def _array(ids: Sequence[int]) -> UInt32[np.ndarray, " token"]:
    # Some at a time: other threads run in between.
    parts = (ids[at : at + HANDED] for at in range(0, len(ids), HANDED))
    return np.concatenate([np.zeros(0, np.uint32), *(np.array(part, np.uint32) for part in parts)])
