"""How well a model predicts as its context grows past the length it was trained on.

The same last tokens of a text are scored each time, after ever more tokens before them: so only
the context's length changes, not what is predicted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.positions.rope import require_rope, rope_of
from components.inspection.positions.stretch import stretched
from components.inspection.positions.ways import Stretch

SCORED: Final = 128
MOST_TOKENS: Final = 4096
MOST_TIMES: Final = 4
"""Up to four times the trained length is measured."""
STORIES: Final = Path(__file__).parents[3] / "assets" / "samples" / "positions" / "stories.txt"
"""A text longer than the bundled model's context, one story a line."""


@dataclass(frozen=True, eq=False)
class Growth:
    """Perplexity of the same tokens after contexts of growing length, under several rotations."""

    context: int
    """The length the model was trained for."""
    lengths: tuple[int, ...]
    """[length]: tokens read in all, the scored ones included."""
    scored: int
    stretches: tuple[Stretch, ...]
    perplexity: NDArray[np.float32]
    """[stretch, length], 1 or more; NaN where not yet known."""

    @property
    def done(self) -> float:
        """Share that is known, from 0 to 1."""
        return float(np.isfinite(self.perplexity).mean())


def stories(model: Model) -> str:
    """Return a long text: held-out stories of the bundled model's grammar, between each the token
    that ends a text."""
    between = str(model.tokenizer.eos_token or "\n")
    return between + between.join(STORIES.read_text(encoding="utf-8").splitlines())


def lengths_for(context: int, available: int) -> tuple[int, ...]:
    """Return the lengths to measure: quarters of the context up to four times it, at most all.

    >>> lengths_for(512, 1300)
    (256, 384, 512, 640, 768, 1024, 1280)
    """
    quarters = (2, 3, 4, 5, 6, 8, 10, 12, 16)
    most = min(available, MOST_TOKENS, MOST_TIMES * context)
    return tuple(n for q in quarters if SCORED < (n := q * context // 4) <= most)


def growth(model: Model, text: str, stretches: tuple[Stretch, ...]) -> Iterator[Growth]:
    """Score the last tokens of `text` after ever more of it, under each of `stretches`.

    Yields what is known after each pass, so that others may use the model in between. Without a
    text, `stories` are read.

    Raises:
        InspectionError: the model does not rotate or predict next tokens, its context is too
            long to go beyond here, or the text is not longer than it.
    """
    require_rope(model)
    if model.kind != "causal":
        raise InspectionError(f"{model.source} does not predict next tokens: choose a decoder.")
    context = rope_of(model).context
    if context >= MOST_TOKENS:
        raise InspectionError(
            f"{model.source} was made for {context:,} tokens, and at most {MOST_TOKENS:,} are read "
            "here, so nothing lies beyond. Choose a model with a shorter context, such as the "
            "bundled storyteller."
        )
    ids = _ids(model, text or stories(model))
    lengths = lengths_for(context, len(ids))
    if not lengths or lengths[-1] <= context:
        raise InspectionError(
            f"The text is {len(ids):,} tokens long; to go beyond the trained {context:,} it needs "
            f"at least {max(SCORED + 1, context * 5 // 4):,}. Take a longer text."
        )
    known = np.full((len(stretches), len(lengths)), np.nan, dtype=np.float32)
    for column, length in enumerate(lengths):
        for row, stretch in enumerate(stretches):
            # A fresh twin each time: dynamic rotations remember the longest text they saw.
            known[row, column] = _perplexity(stretched(model, stretch, length), ids[-length:])
            yield Growth(context, lengths, SCORED, stretches, known.copy())


def _ids(model: Model, text: str) -> list[int]:
    # Not model.encode, which refuses what is longer than the context: here that is the point.
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InspectionError(
            "The text holds half a character (a lone surrogate): remove it."
        ) from None
    return list(model.tokenizer.backend_tokenizer.encode(text).ids)


def _perplexity(model: Model, ids: list[int]) -> float:
    given = torch.tensor([ids], device=model.device)
    with torch.inference_mode():
        logits = model.network(input_ids=given, use_cache=False, logits_to_keep=SCORED + 1).logits[
            0, -SCORED - 1 : -1
        ]
    loss = torch.nn.functional.cross_entropy(logits.float(), given[0, -SCORED:])
    return float(loss.exp())
