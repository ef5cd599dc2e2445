"""Do both ways give the same answer? Logits compared at each step, and the texts.

Bit for bit they need not: a product of one row with a matrix adds its terms in another order
than a product of a hundred rows does, and floating-point sums depend on the order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.decoding import Decoder
from components.inspection.kv_cache.asking import allowed_difference, checked
from components.inspection.model import Model
from components.inspection.progress import Progress, silent


@dataclass(frozen=True, eq=False)
class Agreement:
    """Both ways compared on the text that the way with a cache wrote, as far as it got."""

    dtype: str
    new: int
    """Tokens that were asked for; the arrays below have as many steps as were compared."""
    tokens: tuple[str, ...]
    """Greedy tokens of the way with a cache."""
    difference: Float64[np.ndarray, " step"]
    """The largest absolute difference of a logit."""
    largest: Float64[np.ndarray, " step"]
    """The largest absolute logit without a cache."""
    margin: Float64[np.ndarray, " step"]
    """By how much the best logit leads the second best, without a cache."""
    parts_at: int | None
    """First step at which the two choose another token; None if they never do."""
    parting_lead: float
    """There, without a cache: the lead of its own token over the one chosen with it; 0 if never."""
    other: tuple[str, ...]
    """From there on, what the way without a cache wrote. Empty if they never part."""
    rounding: float
    """Distance from 1 to the next number of this format (machine epsilon)."""
    allowed: float | None
    """What a logit may differ by rounding alone, as measured (`noise`); None while it goes on."""

    @property
    def worst(self) -> float:
        """The largest difference of any logit at any step."""
        return float(self.difference.max(initial=0.0))

    @property
    def share(self) -> float:
        """How much of it is compared, 0 to 1."""
        return len(self.tokens) / self.new

    @property
    def same_text(self) -> bool:
        """Both ways wrote the same."""
        return self.parts_at is None

    @property
    def without(self) -> tuple[str, ...]:
        """[step]: tokens that the way without a cache wrote."""
        if self.parts_at is None:
            return self.tokens
        return (*self.tokens[: self.parts_at], *self.other)

    @property
    def checks(self) -> tuple[Check, ...]:
        """Logits at every step; and where the texts part, that they were free to."""
        meaning = (
            "The cache gives another answer than the model: what is kept or where the network is "
            "told to go on is wrong."
        )
        logits = Check(
            "with the cache the logits are those without",
            self.worst,
            self.allowed if isfinite(self.worst) else 0.0,
            rounding.meant(self.worst, meaning),
        )
        if self.same_text:
            return (logits,)
        return (
            logits,
            Check(
                "where the texts part, neither token led the other by more than rounding",
                self.parting_lead,
                None if self.allowed is None else 2 * self.allowed,
                "The two ways part for another reason than rounding.",
            ),
        )


def agreement(
    model: Model, text: str, prompt: int | None, new: int, progress: Progress = silent
) -> Agreement:
    """Do as `compared`, to its end.

    Raises:
        InspectionError: as `asking.checked`.
    """
    *_, found = (_told(each, progress) for each in compared(model, text, prompt, new))
    return found


def _told(found: Agreement, progress: Progress) -> Agreement:
    progress(found.share, f"Step {len(found.tokens)} of {found.new}")
    return found


def compared(model: Model, text: str, prompt: int | None, new: int) -> Iterator[Agreement]:
    """Write `new` greedy tokens with a cache, compare each step with a pass without; yield so far.

    With `prompt` None the text is taken as it is, else cut or repeated to so many tokens.

    Raises:
        InspectionError: as `asking.checked`.
    """
    decoder = Decoder(model, checked(model, text, prompt, new))
    fed = alone = decoder.begin
    difference, largest, margin = (np.zeros(new) for _ in range(3))
    parts_at: int | None = None
    lead, steps = 0.0, 0
    start = fed.shape[1]

    def so_far(allowed: float | None) -> Agreement:
        parted = [] if parts_at is None else alone[0, start + parts_at :].tolist()
        return Agreement(
            dtype=model.facts.dtype,
            new=new,
            tokens=model.token_texts(fed[0, start:].tolist()),
            difference=difference[:steps].copy(),
            largest=largest[:steps].copy(),
            margin=margin[:steps].copy(),
            parts_at=parts_at,
            parting_lead=lead,
            other=model.token_texts(parted),
            rounding=torch.finfo(model.dtype).eps,
            allowed=allowed,
        )

    for step, (cached, token) in enumerate(decoder.greedy(decoder.new_cache(), new)):
        bare = decoder.without(fed)
        own = bare if parts_at is None else decoder.without(alone)
        difference[step], largest[step], margin[step] = _compared(cached, bare)
        best = own.argmax(-1, keepdim=True)
        if parts_at is None and int(best) != int(token):
            parts_at, lead = step, float((bare[0, best] - bare[0, token]).double())
        alone = torch.cat([alone, best], dim=1)
        fed = torch.cat([fed, token], dim=1)
        steps = step + 1
        yield so_far(None)
    yield so_far(allowed_difference(decoder, fed[:, :-1], new))


def _compared(
    cached: Float[Tensor, "1 vocabulary"], bare: Float[Tensor, "1 vocabulary"]
) -> tuple[float, float, float]:
    """Return the largest difference of a logit, the largest logit, the lead of the best."""
    cached, bare = cached.double(), bare.double()
    best = bare[0].topk(2).values
    return (
        float((cached - bare).abs().max()),
        float(bare.abs().max()),
        float(best[0] - best[1]),
    )
