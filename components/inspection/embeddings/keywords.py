"""Search by words: BM25, which knows nothing of meaning.

BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009) gives
a sentence a score for each word of the query that stands in it: more for a word that few sentences
have, and less the longer the sentence is. Of its variants this is the one of Lucene, whose scores
are never negative (Kamphuis et al., "Which BM25 Do You Mean?", ECIR 2020, variant "Lucene
(accurate)"); `bm25s` computes it.
"""

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float32, Int32

from components.inspection import rounding
from components.inspection.checks import Check

K1: Final = 1.2
"""How soon a word that stands there again and again counts no more."""
B: Final = 0.75
"""How much longer sentences are held back: 0 not at all, 1 in full."""
SAYS: Final = "each score by words is what BM25's formula gives"
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, eq=False)
class ByWords:
    """The sentences that have words of a query, ranked."""

    words: tuple[str, ...]
    """The query's words, each once, as they are compared."""
    known: tuple[str, ...]
    """Those of them that stand in any sentence."""
    scores: Float32[np.ndarray, " sentence"]
    """BM25 of each sentence, 0 or more; 0: it has none of the words."""
    order: Int32[np.ndarray, " found"]
    """The sentences with a score above 0, the best first; equal ones in their order."""
    checks: tuple[Check, ...]


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text, without capitals and signs; none is left out, none shortened.

    >>> words_of("The dog's 2 bones!")
    ('the', 'dog', 's', '2', 'bones')
    """
    return tuple(_WORD.findall(text.casefold()))


def marked(text: str, words: tuple[str, ...]) -> list[tuple[str, bool]]:
    """Return `text` in pieces, each with whether it is one of `words`.

    >>> marked("The dog barks.", ("dog",))
    [('The ', False), ('dog', True), (' barks.', False)]
    """
    pieces: list[tuple[str, bool]] = []
    for piece in re.split(r"(\w+)", text):
        among = piece.casefold() in words
        if pieces and pieces[-1][1] == among:
            pieces[-1] = (pieces[-1][0] + piece, among)
        elif piece:
            pieces.append((piece, among))
    return pieces


def by_words(sentences: tuple[str, ...], query: str) -> ByWords:
    """Rank `sentences` by the words that they share with `query`."""
    there = [words_of(sentence) for sentence in sentences]
    asked = tuple(dict.fromkeys(words_of(query)))
    vocabulary = set().union(*there)
    known = tuple(word for word in asked if word in vocabulary)
    scores = _scores(there, known)
    order = np.argsort(-scores, kind="stable")
    error = float(np.abs(scores - _by_formula(there, known)).max(initial=0.0))
    # As many roundings as a score has terms and factors, each of a share of the whole.
    allowed = rounding.summed(8 * (len(known) + 1), "float64") * float(scores.max(initial=0.0))
    return ByWords(
        words=asked,
        known=known,
        scores=scores.astype(np.float32),
        order=order[: int((scores > 0).sum())].astype(np.int32),
        checks=(Check(SAYS, error, allowed, "The library computes another BM25 than is told."),),
    )


def _scores(there: list[tuple[str, ...]], words: tuple[str, ...]) -> np.ndarray:
    if not words:
        return np.zeros(len(there))
    import bm25s  # its own libraries take a second to import

    index = bm25s.BM25(k1=K1, b=B, method="lucene", dtype="float64")
    index.index([list(one) for one in there], show_progress=False)
    return np.asarray(index.get_scores(list(words)), np.float64)


def _by_formula(there: list[tuple[str, ...]], words: tuple[str, ...]) -> np.ndarray:
    """Return the same by the definition, word by word."""
    average = sum(map(len, there)) / max(1, len(there))
    counts = [Counter(one) for one in there]
    rarity = {}
    for word in words:
        having = sum(word in one for one in counts)
        rarity[word] = math.log(1 + (len(there) - having + 0.5) / (having + 0.5))
    found = [
        math.fsum(
            rarity[word] * one[word] / (one[word] + K1 * (1 - B + B * len(text) / average))
            for word in words
            if one[word]
        )
        for one, text in zip(counts, there, strict=True)
    ]
    return np.array(found, np.float64)
