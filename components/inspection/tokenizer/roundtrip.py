"""Does decoding give the text back? If not: where it differs, and why."""

import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from components.inspection.checks import Check
from components.inspection.progress import Progress, silent
from components.inspection.tokenizer.opening import Holder, ready
from components.inspection.tokenizer.pieces import EncodedText, encode_text
from components.inspection.tokenizer.ready import ReadyTokenizer

SHOWN: Final = 12
"""Most differences that are listed."""
LONGEST: Final = 2_000_000
"""Characters of a text that are compared: the ids of more would take too much memory."""
COMPARED: Final = 3_000
"""Characters after the first difference in which others are looked for."""


@dataclass(frozen=True)
class Difference:
    """One place where the text that came back is another."""

    at: int
    """Character of the text, from 0."""
    was: str
    became: str


@dataclass(frozen=True)
class RoundTrip:
    """What `decode(encode(text))` gives."""

    same: bool
    checked: int
    """Characters that were compared: all, or the beginning of a very long text."""
    differences: tuple[Difference, ...]
    """The first of them, at most `SHOWN`."""
    more: bool
    """There are, or may be, more than are listed."""
    reasons: tuple[str, ...]
    """Why, as far as it can be told, in words."""
    lossless: bool
    """The tokenizer is made so that every text comes back."""

    @property
    def checks(self) -> tuple[Check, ...]:
        """That the text comes back; of a tokenizer that changes texts it is only told how much of
        this one does not."""
        return (
            Check(
                "decode(encode(text)) gives the text back, character for character",
                0.0 if self.same else float(max(1, len(self.differences))),
                0.0 if self.same or self.lossless else None,
                "This tokenizer works over bytes and must lose nothing: tokens are missing, or "
                "some are there that the text does not have.",
            ),
        )


def round_trip(holder: Holder, text: str, progress: Progress = silent) -> RoundTrip:
    """Encode and decode `text`, without the tokens that are put before and after it.

    Raises:
        InspectionError: there is no such tokenizer, or half a surrogate pair in the text.
    """
    tokenizer = ready(holder)
    return round_trip_of(tokenizer, text, encode_text(tokenizer, text, progress))


def round_trip_of(
    holder: Holder, text: str, encoded: EncodedText, longest: int = LONGEST
) -> RoundTrip:
    """Decode a text that was encoded before, and compare.

    Of a text longer than `longest` characters, the pieces that begin before that are checked.
    """
    tokenizer = ready(holder)
    last = len(encoded.ids) - encoded.after
    further = encoded.piece_starts > longest
    if further.any():
        place = int(further.argmax())
        last, text = int(encoded.piece_tokens[place]), text[: int(encoded.piece_starts[place])]
    ids = encoded.ids[encoded.before : last]
    back = tokenizer.backend.decode(ids.tolist(), skip_special_tokens=False)
    if back == text:
        return RoundTrip(True, len(text), (), False, (), tokenizer.lossless)
    first = next(
        (place for place, (a, b) in enumerate(zip(text, back, strict=False)) if a != b),
        min(len(text), len(back)),
    )
    matcher = SequenceMatcher(
        None, text[first : first + COMPARED], back[first : first + COMPARED], autojunk=False
    )
    differences = [
        Difference(first + a, text[first + a : first + b], back[first + c : first + d])
        for tag, a, b, c, d in matcher.get_opcodes()
        if tag != "equal"
    ]
    cut_off = max(len(text), len(back)) > first + COMPARED
    if cut_off:
        # The last difference may be nothing but the end of what was compared.
        differences = differences[:-1] or differences
    return RoundTrip(
        same=False,
        checked=len(text),
        differences=tuple(differences[:SHOWN]),
        more=cut_off or len(differences) > SHOWN,
        reasons=_reasons(tokenizer, text, back, ids.tolist()),
        lossless=tokenizer.lossless,
    )


def _reasons(tokenizer: ReadyTokenizer, text: str, back: str, ids: list[int]) -> tuple[str, ...]:
    reasons: list[str] = []
    unknown = tokenizer.unknown_id
    lost = ids.count(unknown) if unknown is not None else 0
    if lost:
        name = tokenizer.piece(unknown) if unknown is not None else ""
        some = "One token is" if lost == 1 else f"{lost:,} tokens are"
        reasons.append(f"{some} {name}: what stood there is lost.")
    normalizer = tokenizer.backend.normalizer
    normal = normalizer.normalize_str(text) if normalizer is not None else text
    if any(char.isupper() for char in text) and not any(char.isupper() for char in normal):
        reasons.append("Capital letters are made small before the text is cut.")
    if _accents(text) > _accents(normal):
        reasons.append("Accents are taken off before the text is cut.")
    elif unicodedata.normalize("NFKC", text) != text and len(normal) != len(text):
        reasons.append("Characters are replaced by their standard form (Unicode normalization).")
    if "".join(text.split()) != text and text.split() != [text] and _spaces(text) != _spaces(back):
        reasons.append(
            "White space is not kept as it was: line breaks, or how many spaces there are, or "
            "whether one stands before a comma."
        )
    return tuple(
        reasons or ("The decoder writes some tokens differently from how they were read.",)
    )


def _accents(text: str) -> int:
    return sum(unicodedata.combining(char) > 0 for char in unicodedata.normalize("NFD", text))


def _spaces(text: str) -> list[tuple[int, str]]:
    """Return each white space with how many other characters stand before it."""
    seen, found = 0, []
    for char in text:
        if char.isspace():
            found.append((seen, char))
        else:
            seen += 1
    return found
