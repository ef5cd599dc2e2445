"""A question put to a model: the tensors that every method works on, and checks of them."""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32
from torch import Tensor

from components.inspection import rounding
from components.inspection.attribution.baselines import (
    Baseline,
    baseline_vector,
    mean_and_length,
    neutral,
    tokens,
)
from components.inspection.attribution.features import features_of
from components.inspection.attribution.targets import (
    Target,
    TargetScore,
    asked_of,
    find_answer,
    read_rows,
    require_answers,
    rows_at_once,
)
from components.inspection.checks import Check
from components.inspection.computed_once import computed_once
from components.inspection.errors import InspectionError
from components.inspection.masking import answer_place, with_mask
from components.inspection.model import Model
from components.inspection.noise import allowed
from components.inspection.premises import require

if TYPE_CHECKING:
    from components.inspection.attribution.question import Question

MOST_TOKENS: Final = 512


class AttributionProblem:
    """A question put to a model: the tensors that every method works on."""

    def __init__(self, model: Model, question: "Question") -> None:
        require_answers(model)
        self.text = text = with_mask(model, question.text)
        ids, self.features = features_of(model, text, question.unit)
        self.ids = ids
        if len(ids) > MOST_TOKENS:
            raise InspectionError(
                f"The text is {len(ids):,} tokens long; attribution reads it many times, so at "
                f"most {MOST_TOKENS:,} are taken. Shorten the prompt by "
                f"{len(ids) - MOST_TOKENS:,} tokens."
            )
        require(model, "embeddings")
        self.model = model
        self.baseline_name: Baseline = question.baseline or neutral(model)
        self.question = replace(question, baseline=self.baseline_name)
        self._held = torch.tensor([self.features.fixed[unit] for unit in self.features.of_token])
        # Where each token's piece stands in a row of switches; of no meaning where it is held.
        order = np.cumsum(~np.array(self.features.fixed)) - 1
        self._switch = torch.tensor([order[unit] for unit in self.features.of_token]).clamp(min=0)
        with torch.no_grad():
            given = model.embeddings()[0](torch.tensor([ids], device=model.device))
        # In float32, so that what methods add up is not rounded to 16 bits at each step.
        self.inputs = given.detach().float()
        absent = baseline_vector(model, self.baseline_name)
        held = self._held[None, :, None].to(given.device)
        self.baseline = torch.where(held, self.inputs, absent).detach()
        place = answer_place(model, ids)
        self.score = TargetScore(model, Target(place, 0))
        with torch.no_grad():
            self.logits = self.score.logits(self.inputs)[0].float()
        rounding.require_numbers(self.logits)
        self.target = self.score.target = self._target(place)

    def _target(self, place: int) -> Target:
        asked, logits = self.question, self.logits
        count = len(logits)
        answer = (
            int(logits.argmax())
            if asked.answer == ""
            else find_answer(self.model, asked.answer, self.text, count)
        )
        if asked.rather_than is None:
            other = None
        elif asked.rather_than == "":
            best = logits.topk(min(2, count)).indices.tolist()
            rivals = [each for each in best if each != answer]
            held_against = asked_of(self.model) in ("next token", "masked token", "class")
            other = rivals[0] if rivals and held_against else None
        else:
            other = find_answer(self.model, asked.rather_than, self.text, count)
        if other == answer:
            raise InspectionError(
                "Answer and alternative are the same. Choose another one to hold it against."
            )
        return Target(place, answer, other)

    def there(self, switches: Float[Tensor, "batch free"]) -> Bool[Tensor, "batch token"]:
        """Return which tokens are there for each row of switches."""
        return self._held[None] | (switches.cpu() > 0.5)[:, self._switch]

    def texts(self, switches: Float[Tensor, "batch free"]) -> Float32[Tensor, "batch token width"]:
        """Return the embeddings: the baseline's where a piece is away."""
        there = self.there(switches)[:, :, None].to(self.inputs.device)
        return torch.where(there, self.inputs, self.baseline)

    def with_switches(self, switches: Float[Tensor, "batch free"]) -> Float32[Tensor, " batch"]:
        """Return the target of each row of `switches`: 1 there, 0 replaced."""
        return self.score(self.texts(switches))

    @property
    def rows(self) -> int:
        """How many texts are read side by side."""
        return rows_at_once(self.model, len(self.ids))

    @computed_once
    def empty_logits(self) -> Float32[Tensor, " answer"]:
        """The logits at the target's place, with all pieces away."""
        with torch.no_grad():
            logits = self.score.logits(self.baseline)[0].float()
        rounding.require_numbers(logits)
        return logits

    def ends(self) -> tuple[float, float]:
        """Return the target for the text and for the baseline."""
        return float(self.target.of(self.logits)), float(self.target.of(self.empty_logits))

    @computed_once
    def plain(self) -> Float32[Tensor, " answer"]:
        """The logits by a plain pass over the ids, all tokens' computed."""
        return self._plainly()

    def _plainly(self) -> Float32[Tensor, " answer"]:
        self.score.count(1)
        with torch.no_grad():
            logits = read_rows(self.model, torch.tensor([self.ids], device=self.model.device))
        return self.score.at_place(logits)[0].float()

    @computed_once
    def rounding(self) -> float:
        """By how much the target may differ when it is computed in another order: measured."""
        return self.target.parts * allowed(self.model, self._plainly, self.plain)

    def text_check(self, at_input: float) -> Check:
        """Compare the target that is drawn for the text with that of a plain pass over its ids."""
        return Check(
            "at the text, the target is what a plain pass over its tokens gives",
            abs(at_input - float(self.target.of(self.plain))),
            self.rounding,
            "What is explained here is not what the model answers.",
        )

    def baseline_check(self) -> Check:
        """Compare the baseline, token by token, with what it is called."""
        model, name = self.model, self.baseline_name
        with torch.no_grad():
            if name in tokens(model):
                absent = [tokens(model)[name]] * len(self.ids)
                held = self._held.tolist()
                ids = [a if h else b for a, b, h in zip(self.ids, absent, held, strict=True)]
                expected = model.embeddings()[0](torch.tensor([ids], device=model.device)).float()
            else:
                vector = torch.zeros_like(self.inputs[0, 0])
                if name == "mean":
                    vector = mean_and_length(model)[0].to(vector)
                expected = torch.where(
                    self._held[None, :, None].to(vector.device), self.inputs, vector
                )
        return Check(
            f"with all words away, each token is the baseline ({name}), special ones stay",
            float((self.baseline - expected).abs().max()),
            0.0,
            "The scores are compared with another baseline than the one that is named.",
        )
