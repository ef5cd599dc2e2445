"""The log-probabilities of a whole phrase as one game, and three ways to share them out.

One pass over text and phrase tells the log-probability of every token of the phrase, given the text
and the phrase before it: so each text with holes is read once for the whole phrase.
"""

from collections.abc import Callable, Sequence
from typing import Final, Literal

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, Int64
from torch import Tensor

from components.inspection import rounding
from components.inspection.attribution.baselines import vector_of
from components.inspection.attribution.catalogue import CHECKING, ENDS
from components.inspection.attribution.score_checks import path_sum_check
from components.inspection.attribution.shapley import EXACT, rounded_up, shapley
from components.inspection.attribution.targets import read_rows, rows_at_once
from components.inspection.checks import Check, worst
from components.inspection.computed_once import computed_once
from components.inspection.model import Model
from components.inspection.noise import allowed
from components.inspection.premises import require
from components.inspection.progress import Progress

PhraseMethod = Literal["ablation", "integrated_gradients", "shapley"]
STEPS: Final = 64


def phrase_cost(method: PhraseMethod, tokens: int, phrase: int, orders: int) -> tuple[int, int]:
    """Return how many texts are read at most, and through how many a gradient is sent back."""
    there = ENDS + CHECKING
    if method == "integrated_gradients":
        return there + STEPS * phrase, STEPS * phrase
    if method == "ablation":
        return there + tokens, 0
    drawn = 2 + (tokens - 1) * rounded_up(orders)
    return there + (2**tokens if tokens <= EXACT else drawn), 0


class PhraseScore:
    """The log-probability of each token of a phrase, by which tokens of the text are there.

    A decoder is handed ids, or embeddings where a gradient is wanted; the encoder of two stacks
    embeddings always, since some families count positions by the padding tokens among the ids.
    """

    def __init__(
        self,
        model: Model,
        ids: Sequence[int],
        said: Sequence[int],
        free: Sequence[int],
        absent: int,
        gradients: bool,
    ) -> None:
        self.model, self.said, self.free = model, list(said), list(free)
        self.forwards = self.backwards = 0
        self.tell: Callable[[int], None] | None = None
        self.two_stacks = len(model.anatomy.stacks) == 2
        behind = [] if self.two_stacks else self.said
        self.ids = torch.tensor([[*ids, *behind]], device=model.device)
        gone = [absent if place in set(free) else token for place, token in enumerate(ids)]
        text, empty = self.ids, torch.tensor([[*gone, *behind]], device=model.device)
        if gradients or self.two_stacks:
            require(model, "embeddings")
            with torch.no_grad():
                table = model.embeddings()[0]
                text, empty = table(text).detach().float(), table(empty).detach().float()
        self.inputs, self.baseline = text, empty
        self.absent = absent

    @property
    def rows(self) -> int:
        """How many texts are read side by side."""
        length = self.ids.shape[1] + (len(self.said) if self.two_stacks else 0)
        return rows_at_once(self.model, length)

    def __call__(
        self, given: Int64[Tensor, "batch token"] | Float32[Tensor, "batch token width"]
    ) -> Float32[Tensor, "batch phrase"]:
        """Return the log-probabilities of the phrase behind texts of ids or embeddings."""
        self.forwards += len(given)
        if given.requires_grad and torch.is_grad_enabled():
            self.backwards += len(given)
        if self.tell is not None:
            self.tell(self.forwards)
        many = len(self.said)
        logits = read_rows(self.model, given, self.said, keep=many + 1)
        every = logits[:, -many - 1 : -1].float().log_softmax(-1)
        goal = torch.tensor(self.said, device=every.device)
        return every[:, torch.arange(many, device=every.device), goal]

    def texts(
        self, switches: Float[Tensor, "batch free"]
    ) -> Int64[Tensor, "batch token"] | Float32[Tensor, "batch token width"]:
        """Return ids or embeddings of each row of `switches`: 1 there, 0 replaced."""
        there = torch.ones(len(switches), self.inputs.shape[1], dtype=torch.bool)
        there[:, self.free] = switches.cpu() > 0.5
        there = there.to(self.inputs.device)
        if self.inputs.ndim == 3:
            there = there[:, :, None]
        return torch.where(there, self.inputs, self.baseline)

    def with_switches(
        self, switches: Float[Tensor, "batch free"]
    ) -> Float32[Tensor, "batch phrase"]:
        """Return the log-probabilities of the phrase for each row of switches."""
        return self(self.texts(switches))

    def ends(self) -> tuple[Float64[np.ndarray, " phrase"], Float64[np.ndarray, " phrase"]]:
        """Return log-probabilities for the text and for the baseline, each read alone."""
        with torch.no_grad():
            both = [self(text)[0].double().cpu().numpy() for text in (self.inputs, self.baseline)]
        rounding.require_numbers(*both)
        return both[0], both[1]

    @computed_once
    def plain(self) -> Float32[Tensor, "phrase vocabulary"]:
        """Log-probabilities by a plain pass over the ids, all tokens' logits computed."""
        return self._plainly()

    def _plainly(self) -> Float32[Tensor, "phrase vocabulary"]:
        self.forwards += 1
        with torch.no_grad():
            logits = read_rows(self.model, self.ids, self.said)
        return logits[0, -len(self.said) - 1 : -1].float().log_softmax(-1)

    @computed_once
    def rounding(self) -> float:
        """By how much a log-probability may differ when it is computed in another order."""
        return allowed(self.model, self._plainly, self.plain)

    def text_check(self, at_input: Float64[np.ndarray, " phrase"]) -> Check:
        """Compare the log-probabilities that are drawn with those of a plain pass."""
        plain = self.plain[range(len(self.said)), self.said].double().cpu().numpy()
        return Check(
            "each token of the phrase has the log-probability of a plain pass over text and phrase",
            float(np.abs(at_input - plain).max()),
            self.rounding,
            "What is explained here is not what the model expects.",
        )

    def baseline_check(self) -> Check:
        """Compare the baseline, token by token, with what it is called."""
        expected = self.inputs.clone()
        if self.inputs.ndim == 3:
            expected[0, self.free] = vector_of(self.model, self.absent).float()
        else:
            expected[0, self.free] = self.absent
        return Check(
            "in the baseline each token is the replacement token; special ones and the phrase stay",
            float((self.baseline - expected).abs().max()),
            0.0,
            "The scores are compared with another text than the one that is named.",
        )


_Phrase = Float64[np.ndarray, " phrase"]
Shared = tuple[
    Float64[np.ndarray, "phrase free"],
    Float64[np.ndarray, "phrase free"] | None,
    _Phrase,
    _Phrase,
    tuple[Check, ...],
]
"""Scores, their standard errors, the two ends, and checks."""


def share_out(score: PhraseScore, method: PhraseMethod, orders: int, progress: Progress) -> Shared:
    """Share out each token of the phrase among the tokens of the text, in nats."""
    cost = phrase_cost(method, len(score.free), len(score.said), orders)[0]
    score.tell = lambda done: progress(min(1.0, done / cost), "Reading the text again")
    whole, empty = score.ends()
    ways = {"ablation": _ablation, "integrated_gradients": _gradients, "shapley": _shapley}
    return ways[method](score, orders, whole, empty)


def _ablation(score: PhraseScore, _orders: int, whole: _Phrase, empty: _Phrase) -> Shared:
    away = 1 - torch.eye(len(score.free))
    with torch.no_grad():
        parts = [score.with_switches(part) for part in away.split(score.rows)]
    holed = torch.cat(parts).double().cpu().numpy()
    scores = (whole[None] - holed).T
    gap = np.abs(whole - empty - scores.sum(1)).max()
    says = "the sum of a row and its change, which ablation does not promise to be equal"
    return scores, None, whole, empty, (Check(says, float(gap)),)


def _shapley(score: PhraseScore, orders: int, _whole: _Phrase, _empty: _Phrase) -> Shared:
    found = shapley(score.with_switches, len(score.free), orders, rows=score.rows)
    scores = found.values.T.astype(np.float32).astype(np.float64)
    terms = len(found.pairs) or 2 ** (len(score.free) - 1)
    in_sums = rounding.summed(terms, "float64") * 2 * len(score.free) * found.largest
    check = rounding.compared(
        "each row sums to its change from baseline to text",
        scores.sum(1),
        found.everybody - found.nobody,
        rounding.unit("float32") * np.abs(scores).sum(1) + in_sums,
        "A token was counted twice or left out.",
    )
    errors = None if found.errors is None else found.errors.T
    return scores, errors, found.everybody, found.nobody, (check,)


def _gradients(score: PhraseScore, _orders: int, whole: _Phrase, empty: _Phrase) -> Shared:
    from captum.attr import IntegratedGradients

    scores = np.zeros((len(score.said), len(score.free)))
    checks = []
    for place in range(len(score.said)):
        every = IntegratedGradients(lambda given, place=place: score(given)[:, place]).attribute(
            score.inputs,
            baselines=score.baseline,
            n_steps=STEPS,
            internal_batch_size=score.rows,
        )
        scores[place] = every.double().sum(-1)[0, score.free].cpu().numpy()
        size, terms = float(every.double().abs().sum()), STEPS * every.shape[-1]
        dtype = score.model.facts.dtype
        ends = (whole[place], empty[place])
        checks.append(path_sum_check(scores[place], *ends, size, terms, dtype, score.rounding))
    return scores, None, whole, empty, (worst(checks, f"in each row, {checks[0].says}"),)
