"""Masks in words: what each kind is for, and which kind a model's own is."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from components.inspection.attention.patterns import MaskKind

SAYS: Final[dict[MaskKind, str]] = {
    "causal": "Each token attends to itself and what came before: what a decoder does.",
    "bidirectional": "Every token attends to every other: what an encoder does.",
    "sliding window": "Each token attends to the last few only (Mistral 7B v0.1, half of Gemma 2's "
    "layers). Farther tokens arrive through the layers, each of which reaches one window further.",
    "strided": "The last few, and then every *width*-th one before (Sparse Transformer).",
    "fixed blocks": "Its own block, and the last token of each block before (Sparse Transformer).",
    "cross": "The decoder's tokens (rows) attend to all of the encoder's (columns).",
}


def kind_of(allowed: NDArray[np.bool_], group: str) -> str:
    """Say in a sentence what a mask, [query token, key token], lets tokens attend to.

    >>> kind_of(np.tri(4, dtype=bool), "decoder")
    'Causal: each token attends to itself and those before it.'
    >>> kind_of(np.tri(4, dtype=bool) & ~np.tri(4, k=-2, dtype=bool), "decoder")
    'A sliding window: each token attends to itself and the 1 before it.'
    """
    if group == "cross":
        return "Cross-attention: the decoder's tokens attend to all of the encoder's."
    if allowed.all():
        return "Bidirectional: each token attends to those before and after it."
    back = np.arange(len(allowed))[:, None] - np.arange(len(allowed))
    if np.array_equal(allowed, back >= 0):
        return "Causal: each token attends to itself and those before it."
    width = int(allowed.sum(-1).max())
    if np.array_equal(allowed, (back >= 0) & (back < width)):
        return f"A sliding window: each token attends to itself and the {width - 1} before it."
    reach = int(np.abs(back[allowed]).max())
    if np.array_equal(allowed, np.abs(back) <= reach):
        return f"A window to both sides: each token attends to the {reach} before and after it."
    ahead = "" if not (allowed & (back < 0)).any() else " Some tokens attend to later ones, too."
    return f"A pattern of its own, as drawn.{ahead}"
