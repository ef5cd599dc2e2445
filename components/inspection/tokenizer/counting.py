"""How often two pieces stood side by side when byte pair encoding merged them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Final

from components.inspection.progress import Progress, silent

OFTEN: Final = 50_000
"""Places that are looked at between two words about progress."""


def pair_counts(
    pre_tokenizer: Any,
    text: str,
    merges: Sequence[tuple[str, str]],
    progress: Progress = silent,
) -> list[int]:
    """Return for each of `merges`, in order, how often its pair stood in `text` at that moment.

    The training is played again: words are split into characters, then merged as learned.
    Training takes the most frequent pair each time, so the counts never rise. In a run like
    "aaa" a pair counts at each place, 2 here, as training counts it.
    """
    row = _Row(pre_tokenizer, text)
    counts, seen = [], 0
    for order, pair in enumerate(merges):
        total, looked_at = row.merge(pair)
        counts.append(total)
        seen += looked_at
        if seen >= OFTEN:
            seen = 0
            progress(0.7 + 0.3 * order / len(merges), "Counting pairs")
    return counts


class _Row:
    """The pieces of all different words in a row; where each pair stands is kept, so that a merge
    costs as much as there is to merge, and not as much as there is text."""

    def __init__(self, pre_tokenizer: Any, text: str) -> None:
        words: Counter[str] = Counter()
        for line in text.splitlines(keepends=True):
            words.update(word for word, _ in pre_tokenizer.pre_tokenize_str(line))
        self._pieces: list[str] = []
        """The piece that begins at a place; "" where one was merged into the piece before."""
        self._before: list[int] = []
        self._behind: list[int] = []
        """The place of the piece before and behind, -1 at the edge of a word."""
        self._times: list[int] = []
        """How often the word of this place stands in the text."""
        self._where: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        """Where a pair stands; or stood, before one of the two was merged with another."""
        for word, times in words.items():
            self._add(word, times)

    def _add(self, word: str, times: int) -> None:
        first = len(self._pieces)
        last = first + len(word) - 1
        self._pieces += word
        self._before += [-1, *range(first, last)]
        self._behind += [*range(first + 1, last + 1), -1]
        self._times += [times] * len(word)
        for place in range(first, last):
            self._where[self._pieces[place], self._pieces[place + 1]].append(place)

    def merge(self, pair: tuple[str, str]) -> tuple[int, int]:
        """Merge a pair wherever it stands; return how often that is in the text, and at how many
        places it was looked for."""
        places = self._where.pop(pair, [])
        there = sorted(place for place in places if self._stands(pair, place))
        for place in there:
            # In "aaa" the first two are merged, and the second is gone then.
            if self._stands(pair, place):
                self._join(place)
        return sum(self._times[place] for place in there), len(places)

    def _stands(self, pair: tuple[str, str], place: int) -> bool:
        behind = self._behind[place]
        return self._pieces[place] == pair[0] and behind >= 0 and self._pieces[behind] == pair[1]

    def _join(self, place: int) -> None:
        gone = self._behind[place]
        self._pieces[place] += self._pieces[gone]
        self._pieces[gone] = ""
        behind = self._behind[place] = self._behind[gone]
        if behind >= 0:
            self._before[behind] = place
            self._where[self._pieces[place], self._pieces[behind]].append(place)
        before = self._before[place]
        if before >= 0:
            self._where[self._pieces[before], self._pieces[place]].append(before)
