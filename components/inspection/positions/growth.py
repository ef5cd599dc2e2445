"""How well a model predicts as its context grows past the length it was trained on.

The same last tokens of a text are scored each time, after ever more tokens before them: so only
the context's length changes, not what is predicted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import torch
from jaxtyping import Float32, Float64

from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.positions.context_extension import extended, target
from components.inspection.positions.extension_methods import ContextExtension
from components.inspection.positions.measured import position_code
from components.inspection.positions.rope import require_rotation
from components.inspection.positions.words import sentence
from components.inspection.running import run

SCORED: Final = 128
MOST_TOKENS: Final = 4096
MOST_TIMES: Final = 4
"""Up to four times the trained length is measured."""
STORIES: Final = Path(__file__).parents[3] / "assets" / "samples" / "positions" / "stories.txt"
"""A text longer than the bundled model's context, one story a line."""
SURE: Final = 2.0
"""Standard errors by which a mean must differ from 0 to be told from it."""


@dataclass(frozen=True, eq=False)
class Growth:
    """Perplexity of the same tokens after contexts of growing length, under several rotations."""

    context: int
    """The length the model was trained for."""
    lengths: tuple[int, ...]
    """Tokens read in all, the scored ones included."""
    extensions: tuple[ContextExtension, ...]
    losses: Float32[np.ndarray, "extension length scored"]
    """-ln of the probability of each scored token, 0 or more; NaN where not yet known."""

    @property
    def scored(self) -> int:
        """Number of tokens that are scored."""
        return int(self.losses.shape[2])

    @property
    def perplexity(self) -> Float64[np.ndarray, "extension length"]:
        """1 or more; NaN where not yet known."""
        with np.errstate(over="ignore"):
            return np.exp(self.losses.astype(np.float64).mean(-1))

    @property
    def done(self) -> float:
        """Share that is known, from 0 to 1."""
        return float(np.isfinite(self.losses[..., 0]).mean())

    def beyond(self, extension: int) -> Literal["rises", "falls", "stays", ""]:
        """Say what perplexity does past the trained length, up to the longest that is measured.

        By the mean change of the same tokens' losses: it stays if that is within two of its
        standard errors. Empty while it is not known.
        """
        within = [place for place, length in enumerate(self.lengths) if length <= self.context]
        if not within or not np.isfinite(self.losses[extension, [within[-1], -1]]).all():
            return ""
        change = self.losses[extension, -1].astype(np.float64) - self.losses[extension, within[-1]]
        error = float(change.std(ddof=1)) / len(change) ** 0.5
        if abs(float(change.mean())) <= SURE * error:
            return "stays"
        return "rises" if change.mean() > 0 else "falls"


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


def growth(model: Model, text: str, extensions: tuple[ContextExtension, ...]) -> Iterator[Growth]:
    """Score the last tokens of `text` after ever more of it, under each of `extensions`.

    Yields what is known after each pass, so that others may use the model in between. Without a
    text, `stories` are read.

    Raises:
        InspectionError: the model does not rotate or predict next tokens, adds positions that end
            with its context, its context is too long to go beyond here, or the text is not longer
            than it.
    """
    stack = require_rotation(model)
    if model.kind != "causal":
        raise InspectionError(f"'{model.name}' does not predict next tokens: choose a decoder.")
    if stack.added is not False:
        raise InspectionError(
            f"{sentence(position_code(model))} So it has no positions past its context: choose a "
            "model that rotates only."
        )
    context = target(model).rope.context
    if context >= MOST_TOKENS:
        raise InspectionError(
            f"'{model.name}' was made for {context:,} tokens, and at most {MOST_TOKENS:,} are "
            "read here, so nothing lies beyond. Choose a model with a shorter context, such as the "
            "bundled storyteller."
        )
    # Not model.encode, which refuses what is longer than the context: here that is the point.
    ids = model.ids_of(text or stories(model))
    lengths = lengths_for(context, len(ids))
    if not lengths or lengths[-1] <= context:
        raise InspectionError(
            f"The text is {len(ids):,} tokens long; to go beyond the trained {context:,} it needs "
            f"at least {max(SCORED + 1, context * 5 // 4):,}. Take a longer text."
        )
    known = np.full((len(extensions), len(lengths), SCORED), np.nan, dtype=np.float32)
    for column, length in enumerate(lengths):
        for row, extension in enumerate(extensions):
            # A fresh twin each time: dynamic rotations remember the longest text they saw.
            known[row, column] = _losses(extended(model, extension, length), ids[-length:])
            yield Growth(context, lengths, extensions, known.copy())


def _losses(model: Model, ids: list[int]) -> Float32[np.ndarray, " scored"]:
    """Return -ln of the probability of each of the last `SCORED` of `ids`."""
    given = torch.tensor([ids], device=model.device)
    arguments = {"input_ids": given, "use_cache": False, "logits_to_keep": SCORED + 1}
    with torch.no_grad():
        logits = run(
            model, **{name: v for name, v in arguments.items() if model.takes(name)}
        ).logits
    scored = logits[0, -SCORED - 1 : -1].float()
    loss = torch.nn.functional.cross_entropy(scored, given[0, -SCORED:], reduction="none")
    return loss.cpu().numpy()
