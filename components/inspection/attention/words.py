"""Tokens merged into words, and attention between words."""

from collections.abc import Sequence

import numpy as np

from components.inspection.recording import Array


def word_spans(tokens: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Return for each word its first token and the one after its last.

    A token goes on with the word before it if it starts with a letter, digit or half a
    character and that word ends so too, or if it is marked as a continuation ("##ing").

    >>> word_spans(["When", " Mar", "y", ",", " llam", "##as"])
    ((0, 1), (1, 3), (3, 4), (4, 6))
    """
    starts = [
        place
        for place, token in enumerate(tokens)
        if place == 0 or not _goes_on(tokens[place - 1], token)
    ]
    return tuple(zip(starts, [*starts[1:], len(tokens)], strict=True))


def _goes_on(before: str, token: str) -> bool:
    if token.startswith("##"):
        return True
    if not token or not before or _special(token) or _special(before):
        return False
    return _wordly(token[0]) and _wordly(before[-1])


def _wordly(char: str) -> bool:
    # ⟨F0⟩ is a byte of a character that is cut over several tokens; ' joins "lama's".
    return char.isalnum() or char in "⟨⟩'’"


def _special(token: str) -> bool:
    return len(token) > 2 and (token[0], token[-1]) in {("<", ">"), ("[", "]")}


def word_texts(tokens: Sequence[str], spans: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Return each word as it is written."""
    return tuple(
        tokens[first] + "".join(token.removeprefix("##") for token in tokens[first + 1 : last])
        for first, last in spans
    )


def merge_words(
    weights: Array,
    row_spans: Sequence[tuple[int, int]],
    column_spans: Sequence[tuple[int, int]],
) -> Array:
    """Return attention between words from attention `weights[..., reader, read]` between tokens.

    What is given *to* a word is the sum over its tokens, what comes *from* it their mean, so rows
    still sum to 1.

    Source: Clark et al., "What Does BERT Look At?" (2019), section 4.1.
    """
    to_words = np.add.reduceat(weights, [first for first, _ in column_spans], axis=-1)
    summed = np.add.reduceat(to_words, [first for first, _ in row_spans], axis=-2)
    sizes = np.array([last - first for first, last in row_spans], dtype=np.float32)
    return (summed / sizes[:, None]).astype(np.float32)
