"""How often two pieces stood side by side when byte pair encoding merged them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from components.inspection.progress import Progress, silent


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
    frequency: Counter[str] = Counter()
    for line in text.splitlines(keepends=True):
        frequency.update(word for word, _ in pre_tokenizer.pre_tokenize_str(line))
    words = [list(word) for word in frequency]
    times = list(frequency.values())
    where: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for number, word in enumerate(words):
        for pair in pairwise(word):
            where[pair].add(number)
    counts: list[int] = []
    for order, pair in enumerate(merges):
        total = 0
        for number in where.pop(pair, ()):
            found = sum(neighbours == pair for neighbours in pairwise(words[number]))
            merged = _merged(words[number], pair)
            total += found * times[number]
            words[number] = merged
            for fresh in pairwise(merged):
                where[fresh].add(number)
        counts.append(total)
        if order % 500 == 0:
            progress(0.7 + 0.3 * order / len(merges), "Counting pairs")
    return counts


def _merged(word: list[str], pair: tuple[str, str]) -> list[str]:
    merged: list[str] = []
    place = 0
    while place < len(word):
        together = tuple(word[place : place + 2]) == pair
        merged.append(pair[0] + pair[1] if together else word[place])
        place += 1 + together
    return merged
