"""Attention between words: tokens merged."""

import numpy as np
from jaxtyping import Float, Float32

from components.inspection.words import Spans


def merge_words(
    weights: Float[np.ndarray, "*axes query key"], row_spans: Spans, column_spans: Spans
) -> Float32[np.ndarray, "*axes {len(row_spans)} {len(column_spans)}"]:
    """Return attention between words from attention between tokens.

    What is given *to* a word is the sum over its tokens, what comes *from* it their mean, so rows
    still sum to 1.

    Source: Clark et al., "What Does BERT Look At?" (2019), section 4.1.
    """
    to_words = np.add.reduceat(weights, [first for first, _ in column_spans], axis=-1)
    summed = np.add.reduceat(to_words, [first for first, _ in row_spans], axis=-2)
    sizes = np.array([last - first for first, last in row_spans], dtype=np.float32)
    return (summed / sizes[:, None]).astype(np.float32)
