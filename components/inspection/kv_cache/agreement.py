"""Do both ways give the same answer? Logits compared at each step, and the texts.

Bit for bit they need not: a product of one row with a matrix adds its terms in another order
than a product of a hundred rows does, and floating-point sums depend on the order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from components.inspection.kv_cache.decoding import Decoding
from components.inspection.kv_cache.timing import checked
from components.inspection.model import Model
from components.inspection.progress import Progress, silent

ROUNDINGS: Final = 64
"""In float32 the two ways agree if no logit differs by more than so many roundings of the
largest one: sums over a few thousand terms and some dozens of layers stay well below."""


@dataclass(frozen=True, eq=False)
class Agreement:
    """Both ways compared on the text that the way with a cache wrote."""

    dtype: str
    prompt_tail: str
    """The end of the prompt, as text."""
    tokens: tuple[str, ...]
    """[step]: greedy tokens of the way with a cache."""
    difference: NDArray[np.float64]
    """[step]: the largest absolute difference of a logit."""
    largest: NDArray[np.float64]
    """[step]: the largest absolute logit without a cache."""
    margin: NDArray[np.float64]
    """[step]: by how much the best logit leads the second best, without a cache."""
    parts_at: int | None
    """First step at which the two choose another token; None if they never do."""
    other: tuple[str, ...]
    """From there on, what the way without a cache wrote. Empty if they never part."""
    rounding: float
    """Distance from 1 to the next number of this format (machine epsilon)."""

    @property
    def worst(self) -> float:
        """The largest difference of any logit at any step."""
        return float(self.difference.max())

    @property
    def tolerance(self) -> float:
        """What the difference may be: `ROUNDINGS` x epsilon x the largest logit."""
        return float(ROUNDINGS * self.rounding * self.largest.max())

    @property
    def same_text(self) -> bool:
        """Both ways wrote the same."""
        return self.parts_at is None


def agreement(
    model: Model, text: str, prompt: int | None, new: int, progress: Progress = silent
) -> Agreement:
    """Write `new` greedy tokens with a cache, and compare each step with a pass without.

    With `prompt` None the text is taken as it is, else cut or repeated to so many tokens.

    Raises:
        InspectionError: as `timing.measure`.
    """
    decoding = Decoding(model, checked(model, text, prompt, new))
    cache, fed = decoding.new_cache(), decoding.begin
    difference, largest, margin = (np.zeros(new) for _ in range(3))
    parts_at: int | None = None
    token: Tensor | None = None
    other: list[int] = []
    for step in range(new):
        cached = decoding.prefill(cache) if token is None else decoding.step(token, cache)
        bare = decoding.without(fed)
        difference[step] = (cached.double() - bare.double()).abs().max()
        largest[step] = bare.double().abs().max()
        best = bare.double().topk(2).values
        margin[step] = best[0] - best[1]
        token = cached.argmax().view(1, 1)
        if parts_at is None and int(bare.argmax()) != int(token):
            parts_at = step
            other = list(_alone(decoding, fed, new - step))
        fed = torch.cat([fed, token], dim=1)
        progress((step + 1) / new, f"Step {step + 1} of {new}")
    written = fed[0, decoding.begin.shape[1] :].tolist()
    return Agreement(
        dtype=model.facts.dtype,
        prompt_tail="".join(model.token_texts(decoding.read[0, -24:].tolist())),
        tokens=model.token_texts(written),
        difference=difference,
        largest=largest,
        margin=margin,
        parts_at=parts_at,
        other=model.token_texts(other),
        rounding=torch.finfo(model.dtype).eps,
    )


def _alone(decoding: Decoding, fed: Tensor, steps: int) -> Iterator[int]:
    """Go on without a cache, greedily."""
    for _ in range(steps):
        token = decoding.without(fed).argmax().view(1, 1)
        fed = torch.cat([fed, token], dim=1)
        yield int(token)
