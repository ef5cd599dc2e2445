"""Attention between words: tokens merged."""

import numpy as np

from components.inspection.recording import Array
from components.inspection.words import Spans


def merge_words(weights: Array, row_spans: Spans, column_spans: Spans) -> Array:
    """Return attention between words from attention between tokens, [..., query token, key token].

    What is given *to* a word is the sum over its tokens, what comes *from* it their mean, so rows
    still sum to 1.

    Source: Clark et al., "What Does BERT Look At?" (2019), section 4.1.
    """
    to_words = np.add.reduceat(weights, [first for first, _ in column_spans], axis=-1)
    summed = np.add.reduceat(to_words, [first for first, _ in row_spans], axis=-2)
    sizes = np.array([last - first for first, last in row_spans], dtype=np.float32)
    return (summed / sizes[:, None]).astype(np.float32)
