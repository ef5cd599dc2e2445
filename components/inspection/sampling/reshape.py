"""How settings turn a model's logits into the distribution that a token is drawn from.

The steps are `transformers`' own logits processors, in the order in which `generate` applies
them. Presence and frequency penalties, which `transformers` lacks, follow the formula that
OpenAI's API reference publishes, and stand beside the repetition penalty.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import LogitsProcessor
from transformers.generation.logits_process import (
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

from components.inspection.errors import InspectionError
from components.inspection.sampling.settings import Settings

STEPS: Final = (
    "model", "repetition", "counts", "temperature", "top_k", "top_p", "min_p", "typical_p",
)  # fmt: skip
"""The names of all stages in order; `model` is what the model itself says."""


@dataclass(frozen=True)
class Stage:
    """What is left after one step.

    `tokens` counts those that can still be drawn. `mass`, from 0 to 1, is the share of the
    probability before the step that lies on them. `entropy` is in bits, after the rest was
    scaled to sum to 1: from 0 (certain) to log2 of the tokens left.
    """

    name: str
    active: bool
    tokens: int
    mass: float
    entropy: float


@dataclass(frozen=True, eq=False)
class Reshaped:
    """A next-token distribution before and after the settings.

    `logits[token]` are the scores after the last step, float32, minus infinity where a token
    was removed; `before[token]` and `after[token]` are probabilities, float32, each summing
    to 1. `stages` follow `STEPS`.
    """

    logits: NDArray[np.float32]
    before: NDArray[np.float32]
    after: NDArray[np.float32]
    stages: tuple[Stage, ...]


class CountPenalty(LogitsProcessor):
    """Lower the logits of tokens that occurred: logit - presence [count > 0] - frequency count.

    Counts are over all ids given, prompt included, as for `transformers`' repetition penalty.
    Source: OpenAI's API reference, "Parameter details: frequency and presence penalties".
    """

    def __init__(self, presence: float, frequency: float):
        self.presence = presence
        self.frequency = frequency

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        counts = torch.zeros_like(scores)
        counts.scatter_add_(1, input_ids, torch.ones_like(input_ids, dtype=scores.dtype))
        return scores - self.presence * (counts > 0).to(scores.dtype) - self.frequency * counts


class Greedy(LogitsProcessor):
    """Keep the likeliest token only (the first of equals): what temperature 0 stands for."""

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        best = scores.argmax(dim=-1, keepdim=True)
        return torch.full_like(scores, -torch.inf).scatter(1, best, scores.gather(1, best))


def processors(settings: Settings) -> dict[str, LogitsProcessor]:
    """Return the processors that `settings` ask for, by step, in the order of `STEPS`.

    With temperature 0 no step after it has anything left to do, as in `generate`.
    """
    wanted: dict[str, LogitsProcessor] = {}
    if settings.repetition_penalty != 1:
        wanted["repetition"] = RepetitionPenaltyLogitsProcessor(float(settings.repetition_penalty))
    if settings.presence_penalty or settings.frequency_penalty:
        wanted["counts"] = CountPenalty(settings.presence_penalty, settings.frequency_penalty)
    if settings.greedy:
        return wanted | {"temperature": Greedy()}
    if settings.temperature != 1:
        wanted["temperature"] = TemperatureLogitsWarper(float(settings.temperature))
    if settings.top_k:
        wanted["top_k"] = TopKLogitsWarper(int(settings.top_k))
    if settings.top_p < 1:
        wanted["top_p"] = TopPLogitsWarper(settings.top_p)
    if settings.min_p:
        wanted["min_p"] = MinPLogitsWarper(settings.min_p)
    if settings.typical_p < 1:
        wanted["typical_p"] = TypicalLogitsWarper(settings.typical_p)
    return wanted


def reshape(
    logits: NDArray[np.float32] | Sequence[float], history: Iterable[int], settings: Settings
) -> Reshaped:
    """Apply `settings` to `logits[token]`, where `history` are the ids read so far.

    Raises:
        InspectionError: if there are no logits, or one is not a number.
    """
    scores = as_scores(logits)
    seen = torch.tensor([[token for token in history if 0 <= token < scores.shape[1]]]).long()
    wanted = processors(settings)
    before = torch.softmax(scores, dim=-1)
    now = before
    stages = [_stage("model", True, scores, now, now)]
    for name in STEPS[1:]:
        then = now
        if name in wanted:
            scores = wanted[name](seen, scores)
            now = torch.softmax(scores, dim=-1)
        stages.append(_stage(name, name in wanted, scores, then, now))
    return Reshaped(scores[0].numpy(), before[0].numpy(), now[0].numpy(), tuple(stages))


def as_scores(logits: NDArray[np.float32] | Sequence[float]) -> torch.Tensor:
    """Return logits as a float32 tensor [1, token] of its own, or say what is wrong with them."""
    values = np.array(logits, dtype=np.float32)
    if values.ndim != 1 or not values.size:
        raise InspectionError(
            f"The logits have shape {values.shape}, but one number for each token is needed: "
            "give a list of at least one."
        )
    if np.isnan(values).any() or not np.isfinite(values).any() or np.isposinf(values).any():
        raise InspectionError(
            "Some logits are not numbers (NaN or infinite), so no probability follows from "
            "them: the model's weights may be damaged, or its data type too narrow; load it "
            "in float32."
        )
    return torch.from_numpy(values)[None]


def entropy(probabilities: torch.Tensor) -> float:
    """Return the entropy of probabilities that sum to 1, in bits."""
    share = probabilities.double()
    return max(0.0, float(torch.special.entr(share).sum() / np.log(2)))


def _stage(
    name: str, active: bool, scores: torch.Tensor, then: torch.Tensor, now: torch.Tensor
) -> Stage:
    # Counted by score, not by probability: a low temperature makes a probability too small
    # for float32, and yet removes nothing.
    left = ~torch.isneginf(scores)
    share = then.double()
    mass = 1.0 if left.all() else min(1.0, float(share[left].sum() / share.sum()))
    return Stage(name, active, int(left.sum()), mass, entropy(now))
