"""Sentences out of a text with one on each line."""

from dataclasses import dataclass
from typing import Final

from components.inspection.errors import InspectionError
from components.inspection.tokenizer.backend import checked_text

FEWEST: Final = 2
MOST_CHARACTERS: Final = 2_000
"""Of one sentence: no model reads more of it here (512 tokens)."""


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

    Raises:
        InspectionError: there are fewer than two different sentences.
    """
    checked_text(text)
    seen: dict[str, None] = {}
    found = repeated = long = 0
    for line in text.splitlines():
        sentence = " ".join(line.split())
        if not sentence:
            continue
        found += 1
        if sentence in seen:
            repeated += 1
        elif len(seen) < most:
            seen[sentence] = None
            long += len(sentence) > MOST_CHARACTERS
    if len(seen) < FEWEST:
        there = "no sentence" if not seen else "one sentence"
        if seen and repeated:
            there = f"one sentence, {repeated + 1:,} times"
        raise InspectionError(
            f"{name} has {there}; sentences are compared with one another, so at least {FEWEST} "
            "different ones are needed, each on a line of its own."
        )
    return Lines(tuple(each[:MOST_CHARACTERS] for each in seen), found, repeated, long)
