"""How settings turn a model's logits into the distribution that a token is drawn from.

The steps are `transformers`' own logits processors, in the order in which `generate` applies
them. Presence and frequency penalties, which `transformers` lacks, follow the formula that
OpenAI's API reference publishes, and stand beside the repetition penalty; but where OpenAI counts
the tokens that were sampled, all tokens of the text count here, the prompt's too.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
import transformers
from jaxtyping import Float, Float32, Float64, Int64
from torch import Tensor
from transformers import LogitsProcessor, TopPLogitsWarper

from components.inspection.distribution import checked_logits, entropy_of, log_shares_of
from components.inspection.sampling.settings import RANGES, STEPS, Settings


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
class ProcessedLogits:
    """A next-token distribution before and after the settings.

    `logits` are the scores after the last step, minus infinity where a token was removed; `before`
    and `after` are probabilities, each summing to 1. `log_before` is the natural logarithm of the
    former: exact where the probability is too small for a number. `stages` follow `STEPS`.

    `tied` is how many tokens have equal logits at top-p's cut, of which only `tied_left` stay (both
    0 where no such group is cut in two). Which of equals `transformers` keeps is left open: its
    sort is not stable. Here those with the highest ids stay.
    """

    logits: Float32[np.ndarray, " vocabulary"]
    before: Float32[np.ndarray, " vocabulary"]
    log_before: Float64[np.ndarray, " vocabulary"]
    after: Float32[np.ndarray, " vocabulary"]
    stages: tuple[Stage, ...]
    tied: int = 0
    tied_left: int = 0


class CountPenalty(LogitsProcessor):
    """Lower the logits of tokens that occurred: logit - presence [count > 0] - frequency count.

    Counts are over all ids given, prompt included, as for `transformers`' repetition penalty. In
    OpenAI's own formula a count is of the times that a token "was sampled prior to the current
    position": the prompt's tokens do not count. Source: OpenAI's API reference, "Parameter details:
    frequency and presence penalties".
    """

    def __init__(self, presence: float, frequency: float):
        self.presence = presence
        self.frequency = frequency

    def __call__(
        self, input_ids: Int64[Tensor, "1 token"], scores: Float32[Tensor, "1 vocabulary"]
    ) -> Float32[Tensor, "1 vocabulary"]:
        counts = torch.zeros_like(scores)
        counts.scatter_add_(1, input_ids, torch.ones_like(input_ids, dtype=scores.dtype))
        return scores - self.presence * (counts > 0).to(scores.dtype) - self.frequency * counts


class TopP(TopPLogitsWarper):
    """`transformers`' top-p, as many tokens as it keeps; of equals at the cut, the highest ids."""

    def __call__(
        self, input_ids: Int64[Tensor, "1 token"], scores: Float32[Tensor, "1 vocabulary"]
    ) -> Float32[Tensor, "1 vocabulary"]:
        kept: Tensor = super().__call__(input_ids, scores)
        equal, stay = tie(scores, kept)
        if stay < len(equal):
            kept = kept.clone()
            kept[0, equal[: len(equal) - stay]] = -torch.inf
            kept[0, equal[len(equal) - stay :]] = scores[0, equal[0]]
        return kept


def tie(
    scores: Float32[Tensor, "1 vocabulary"], kept: Float32[Tensor, "1 vocabulary"]
) -> tuple[Int64[Tensor, " equal"], int]:
    """Return the ids of all tokens whose score is that of the least likely one kept, ascending, and
    how many of them were kept."""
    left = ~torch.isneginf(kept[0])
    equal = scores[0] == scores[0, left].min()
    return torch.nonzero(equal)[:, 0], int((equal & left).sum())


class Greedy(LogitsProcessor):
    """Keep the likeliest token only (the first of equals): what temperature 0 stands for."""

    def __call__(
        self, input_ids: Int64[Tensor, "1 token"], scores: Float32[Tensor, "1 vocabulary"]
    ) -> Float32[Tensor, "1 vocabulary"]:
        best = scores.argmax(dim=-1, keepdim=True)
        return torch.full_like(scores, -torch.inf).scatter(1, best, scores.gather(1, best))


_OWN: Final[dict[str, Callable[..., LogitsProcessor]]] = {"counts": CountPenalty, "top_p": TopP}
"""By step: what `transformers` lacks, or leaves open."""


def processors(settings: Settings) -> dict[str, LogitsProcessor]:
    """Return the processors that `settings` ask for, by step, in the order of `STEPS`.

    With temperature 0 no step after it has anything left to do, as in `generate`.
    """
    on = settings.applied()
    wanted: dict[str, LogitsProcessor] = {}
    for stage in STEPS[1:]:
        rows = [row for row in RANGES.values() if row.stage == stage]
        if not any(row.name in on for row in rows):
            continue
        if stage == "temperature" and settings.greedy:
            wanted[stage] = Greedy()
            continue
        values = (getattr(settings, row.name) for row in rows)
        made = _OWN.get(stage) or getattr(transformers, rows[0].processor)
        # transformers takes no whole number where it wants another.
        wanted[stage] = made(*((int if rows[0].whole else float)(value) for value in values))
    return wanted


def process_logits(
    logits: Float[np.ndarray, "..."] | Sequence[Any],
    history: Iterable[int],
    settings: Settings,
) -> ProcessedLogits:
    """Apply `settings` to `logits`, one for each token; `history` are the ids read so far.

    Raises:
        InspectionError: if there are no logits, or one is not a number.
    """
    raw = checked_logits(logits)
    scores = torch.from_numpy(raw)[None]
    seen = torch.tensor([[token for token in history if 0 <= token < scores.shape[1]]]).long()
    wanted = processors(settings)
    before = torch.softmax(scores, dim=-1)
    now = before
    stages = [_stage("model", True, scores, now, now)]
    tied = tied_left = 0
    for name in STEPS[1:]:
        then = now
        if name in wanted:
            fresh = wanted[name](seen, scores)
            if name == "top_p":
                equal, tied_left = tie(scores, fresh)
                tied = len(equal)
            scores, now = fresh, torch.softmax(fresh, dim=-1)
        stages.append(_stage(name, name in wanted, scores, then, now))
    whole = tied == tied_left
    return ProcessedLogits(
        logits=checked_logits(scores[0].numpy()),
        before=before[0].numpy(),
        log_before=log_shares_of(raw),
        after=now[0].numpy(),
        stages=tuple(stages),
        tied=0 if whole else tied,
        tied_left=0 if whole else tied_left,
    )


def _stage(
    name: str,
    active: bool,
    scores: Float32[Tensor, "1 vocabulary"],
    then: Float32[Tensor, "1 vocabulary"],
    now: Float32[Tensor, "1 vocabulary"],
) -> Stage:
    # Counted by score, not by probability: a low temperature makes a probability too small
    # for float32, and yet removes nothing.
    left = ~torch.isneginf(scores)
    share = then.double()
    mass = 1.0 if left.all() else min(1.0, float(share[left].sum() / share.sum()))
    return Stage(name, active, int(left.sum()), mass, entropy_of(now[0].numpy()))
