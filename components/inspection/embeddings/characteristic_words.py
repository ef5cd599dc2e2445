"""Words that are frequent in one cluster and rare in the others: class-based TF-IDF.

All sentences of a cluster are read as one text (Grootendorst, "BERTopic", 2022, section 3.3). Of
word x in class c the weight is tf(x, c) log(1 + A / f(x)): tf is the word's share of the words of
the class, f how often it stands in all classes, A the mean number of words of a class. Noise is a
class of its own, as in BERTopic.
"""

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Int32
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

from components.inspection import rounding
from components.inspection.checks import Check

WORD: Final = r"(?u)\b\w\w+\b"
"""What counts as a word: two letters or more, as scikit-learn counts."""
WEIGHED: Final = "c-TF-IDF equals its definition in float64"


@dataclass(frozen=True)
class Word:
    """One word of one class."""

    text: str
    weight: float
    """Its class-based TF-IDF, 0 or more."""
    times: int
    """How often it stands in the sentences of this class."""
    of: int
    """How often it stands in all sentences."""


@dataclass(frozen=True, eq=False)
class CharacteristicWords:
    """The words of each class with the highest weights, highest first."""

    classes: tuple[int, ...]
    """Labels in order; noise (-1), if there is any, comes first."""
    words: tuple[tuple[Word, ...], ...]
    """Of each class; few or none where its sentences have few or none."""
    mean_length: float
    """A: the mean number of words of a class."""
    checks: tuple[Check, ...]

    def of(self, label: int) -> tuple[Word, ...]:
        """Return the words of one class."""
        return self.words[self.classes.index(label)]


def characteristic_words(
    sentences: tuple[str, ...],
    labels: Int32[np.ndarray, " sentence"],
    most: int = 10,
    common: bool = True,
) -> CharacteristicWords:
    """Return up to `most` words of each class. Words are counted in lower case; what is no letter,
    digit or underline, and words of one letter, do not count. Without `common` ones, those of
    scikit-learn's list of English stop words are left out before anything is counted."""
    classes = tuple(np.unique(labels).tolist())
    texts = [
        " ".join(each for each, own in zip(sentences, labels.tolist(), strict=True) if own == label)
        for label in classes
    ]
    counted = [_counted(text, common) for text in texts]
    if not any(counted):
        return CharacteristicWords(classes, ((),) * len(classes), 0.0, ())
    counter = CountVectorizer(token_pattern=WORD, stop_words=None if common else "english")
    counts = csr_array(counter.fit_transform(texts), dtype=np.float64)
    names, of = counter.get_feature_names_out(), counts.sum(0)
    weights = _weights(counts)
    found: list[dict[str, float]] = []
    words = []
    for row in range(len(classes)):
        own = slice(weights.indptr[row], weights.indptr[row + 1])
        there = weights.indices[own]
        told = [
            Word(name, weight, int(times), int(all_times))
            for name, weight, times, all_times in zip(
                names[there].tolist(),
                weights.data[own].tolist(),
                counts.data[own],
                of[there],
                strict=True,
            )
        ]
        found.append({word.text: word.weight for word in told})
        words.append(tuple(sorted(told, key=lambda word: (-word.weight, word.text))[:most]))
    mean = float(counts.sum() / len(classes))
    return CharacteristicWords(classes, tuple(words), mean, (_check(found, counted),))


def _weights(counts: csr_array) -> csr_array:
    """Return the weights of the words of all classes, from how often each stands there."""
    lengths, of = counts.sum(1), counts.sum(0)
    weights = csr_array(counts)
    rows = np.repeat(np.arange(len(lengths)), np.diff(counts.indptr))
    rarity = np.log1p(lengths.mean() / of)
    weights.data = counts.data / lengths[rows] * rarity[counts.indices]
    return weights


def _counted(text: str, common: bool) -> Counter[str]:
    """Count the words of a text one by one."""
    words = re.findall(WORD, text.lower())
    return Counter(word for word in words if common or word not in ENGLISH_STOP_WORDS)


def _check(found: list[dict[str, float]], counted: list[Counter[str]]) -> Check:
    """Compare the weights with their definition."""
    everywhere = sum(counted, Counter())
    mean = everywhere.total() / len(counted)
    error, largest = 0.0, 0.0
    for weights, own in zip(found, counted, strict=True):
        for word in weights.keys() | own.keys():
            defined = 0.0
            if own[word]:
                defined = own[word] / own.total() * math.log(1 + mean / everywhere[word])
            error = max(error, abs(weights.get(word, 0.0) - defined))
            largest = max(largest, defined)
    return Check(
        WEIGHED,
        error,
        16 * rounding.unit("float64") * largest,
        "Words were counted or weighed otherwise than the formula says.",
    )
