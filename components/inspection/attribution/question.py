"""One question: which text, which answer, compared with what, in which pieces."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from jaxtyping import Float32
from torch import Tensor

from components.inspection.attribution.baselines import (
    Baseline,
    baseline_vector,
    mean_and_length,
    tokens,
)
from components.inspection.attribution.features import Features, Unit
from components.inspection.attribution.problem import AttributionProblem
from components.inspection.attribution.targets import (
    Asked,
    Target,
    asked_of,
    probabilities,
)
from components.inspection.checks import Check
from components.inspection.model import Kind, Model
from components.inspection.prediction import answer_names

ANSWERS: Final = 12


@dataclass(frozen=True)
class Question:
    """All that a score depends on, but for the method."""

    text: str
    answer: str | int = ""
    """The token or class to explain, by name or by number; empty: the likeliest."""
    rather_than: str | int | None = ""
    """The one it is held against; empty: the likeliest of the others; None: none."""
    baseline: Baseline | Literal[""] = ""
    """Empty: the one that is neutral for the model (`baselines.neutral`)."""
    unit: Unit = "word"


@dataclass(frozen=True, eq=False)
class Reading:
    """What the model says to a question, before anything is explained."""

    kind: Kind
    asked: Asked
    text: str
    """As it was read: with the mask that a masked model is asked by."""
    features: Features
    target: Target
    answer: str
    rather_than: str | None
    probability: float | None
    """Of the answer, 0 to 1; None where the answer is a number."""
    other_probability: float | None
    at_input: float
    """The target for the text: a logit, or the difference of two."""
    at_baseline: float
    """The target with every piece that is not held replaced by the baseline."""
    answers: tuple[str, ...]
    """The likeliest answers, the likeliest first."""
    answer_ids: tuple[int, ...]
    """Their numbers: in the vocabulary, or among the classes."""
    shares: Float32[np.ndarray, " answer"]
    """Their probabilities; NaN where they are numbers."""
    baseline: Baseline
    stand_in: str
    """The token that the baseline is, as written; empty where it is none."""
    stand_in_id: int | None
    baseline_answer: str
    """What the model holds likeliest for a text of the baseline, or its largest output."""
    baseline_probability: float | None
    """Of that: near 1 / (number of answers) says nothing, near 1 is another answer."""
    baseline_length: float
    """The norm of the baseline's vector, as a share of the mean norm of the tokens' vectors."""
    decoder_start: int | None
    """The id that the decoder of an encoder-decoder begins with."""
    checks: tuple[Check, ...]

    @property
    def change(self) -> float:
        """What there is to share out among the pieces."""
        return self.at_input - self.at_baseline

    @property
    def little_left(self) -> bool:
        """More of the target is there without the words than they change."""
        return abs(self.at_baseline) > abs(self.change)


@dataclass(frozen=True)
class Likeliest:
    """The answers that can be asked about by a click."""

    asked: Asked
    answers: tuple[str, ...]
    """The likeliest first."""
    answer_ids: tuple[int, ...]
    """Their numbers: in the vocabulary, or among the classes."""


def likeliest_answers(model: Model, text: str) -> Likeliest:
    """Let `model` read `text` once; return the likeliest answers.

    Raises:
        InspectionError: the text cannot be read.
    """
    found = AttributionProblem(model, Question(text)).logits
    order = found.topk(min(ANSWERS, len(found))).indices.tolist()
    return Likeliest(asked_of(model), answer_names(model, order, len(found)), tuple(order))


def read(model: Model, question: Question) -> Reading:
    """Let `model` answer `question`. It reads the text and the baseline once, and checks that.

    Raises:
        InspectionError: the text, the answer or the baseline cannot be had.
    """
    problem = AttributionProblem(model, question)
    at_input, at_baseline = problem.ends()
    logits, target, count = problem.logits, problem.target, len(problem.logits)
    other = target.rather_than
    shares = probabilities(model, logits)
    order = logits.topk(min(ANSWERS, count)).indices.tolist()
    empty = problem.empty_logits
    likeliest, empty_shares = int(empty.argmax()), probabilities(model, empty)

    def share(of: Tensor | None, answer: int | None) -> float | None:
        return None if of is None or answer is None else float(of[answer])

    stand_in = tokens(model).get(problem.baseline_name)
    vector = baseline_vector(model, problem.baseline_name)
    return Reading(
        kind=model.kind,
        asked=asked_of(model),
        text=problem.text,
        features=problem.features,
        target=target,
        answer=answer_names(model, [target.answer], count)[0],
        rather_than=None if other is None else answer_names(model, [other], count)[0],
        probability=share(shares, target.answer),
        other_probability=share(shares, other),
        at_input=at_input,
        at_baseline=at_baseline,
        answers=answer_names(model, order, count),
        answer_ids=tuple(order),
        shares=np.array(
            [np.nan if shares is None else share(shares, a) for a in order], np.float32
        ),
        baseline=problem.baseline_name,
        stand_in="" if stand_in is None else model.token_texts([stand_in])[0],
        stand_in_id=stand_in,
        baseline_answer=answer_names(model, [likeliest], count)[0],
        baseline_probability=share(empty_shares, likeliest),
        baseline_length=float(vector.norm()) / max(mean_and_length(model)[1], 1e-12),
        decoder_start=model.decoder_start if len(model.anatomy.stacks) == 2 else None,
        checks=(problem.text_check(at_input), problem.baseline_check()),
    )
