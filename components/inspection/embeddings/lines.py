"""Sentences out of a text with one on each line, and what they are about where it says so."""

import re
from dataclasses import dataclass
from typing import Final

from components.inspection.errors import InspectionError
from components.inspection.tokenizer.backend import checked_text

FEWEST: Final = 2
MOST_CHARACTERS: Final = 2_000
"""Of one sentence: no model reads more of it here (512 tokens)."""
MOST_KINDS: Final = 20
_KIND: Final = re.compile(r"[^\W_](?:[^\W_]|[ -]){0,39}")
"""The name of a kind: letters, digits, spaces and hyphens."""


@dataclass(frozen=True)
class Lines:
    """The sentences of a text, and what was done to get them."""

    sentences: tuple[str, ...]
    found: int
    """Lines with something in them, however many were taken."""
    repeated: int
    """Lines that say what one before says; they are taken once."""
    long: int
    """Lines that were cut after `MOST_CHARACTERS`."""
    kinds: tuple[str, ...] | None = None
    """What each sentence is about, where each line says so: a kind, a tab and a sentence."""

    def said(self) -> str:
        """Say in sentences what was not taken as it is; nothing if all was.

        >>> Lines(("a", "b"), 7, 2, 0).said()
        'The first 2 of 7 lines are taken. 2 lines repeat one before and are left out.'
        """
        said = []
        if self.found - self.repeated > len(self.sentences):
            said.append(f"The first {len(self.sentences):,} of {self.found:,} lines are taken.")
        if self.repeated:
            says = (
                "line repeats one before and is"
                if self.repeated == 1
                else ("lines repeat one before and are")
            )
            said.append(f"{self.repeated:,} {says} left out.")
        if self.long:
            lines = "line is" if self.long == 1 else "lines are"
            said.append(f"{self.long:,} {lines} cut after {MOST_CHARACTERS:,} characters.")
        return " ".join(said)


def in_lines(text: str, most: int, name: str = "The text") -> Lines:
    """Return the sentences in `text`, one a line: empty lines and repeated ones left out, blanks
    at the ends too, no more than `most`.

    Where each line is a kind, a tab and a sentence, and there are 2 to `MOST_KINDS` kinds, each of
    two sentences or more on the average, these are the sentences' kinds.

    Raises:
        InspectionError: there are fewer than two different sentences.
    """
    checked_text(text)
    lines = text.splitlines()
    labelled = _labelled(lines)
    seen: dict[str, str] = {}
    found = repeated = long = 0
    for line in lines:
        kind, _, rest = line.partition("\t") if labelled else ("", "", line)
        sentence = " ".join(rest.split())
        if not sentence:
            continue
        found += 1
        if sentence in seen:
            repeated += 1
        elif len(seen) < most:
            seen[sentence] = kind.strip()
            long += len(sentence) > MOST_CHARACTERS
    if len(seen) < FEWEST:
        there = "no sentence" if not seen else "one sentence"
        if seen and repeated:
            there = f"one sentence, {repeated + 1:,} times"
        raise InspectionError(
            f"{name} has {there}; sentences are compared with one another, so at least {FEWEST} "
            "different ones are needed, each on a line of its own."
        )
    sentences, kinds = tuple(each[:MOST_CHARACTERS] for each in seen), tuple(seen.values())
    return Lines(sentences, found, repeated, long, kinds if len(set(kinds)) > 1 else None)


def _labelled(lines: list[str]) -> bool:
    """Say whether each line with something in it begins with a kind and a tab."""
    kinds: set[str] = set()
    many = 0
    for line in lines:
        if line.strip():
            kind, tab, sentence = line.partition("\t")
            if not (tab and sentence.strip() and _KIND.fullmatch(kind.strip())):
                return False
            kinds.add(kind.strip())
            many += 1
    return 1 < len(kinds) <= min(MOST_KINDS, many // 2)
