"""One question: which text, which answer, compared with what, in which pieces."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from components.inspection.attribution.baselines import Baseline, baseline_vector, embedding_of
from components.inspection.attribution.targets import Target, TargetScore, class_names, find_answer
from components.inspection.attribution.units import Unit, Units, units_of
from components.inspection.errors import InspectionError
from components.inspection.model import Kind, Model

MOST_TOKENS: Final = 512
ANSWERS: Final = 12
Asked = Literal["next token", "masked token", "class"]


@dataclass(frozen=True)
class Question:
    """All that a score depends on, but for the method."""

    text: str
    answer: str = ""
    """The token or class to explain; empty: the likeliest."""
    rather_than: str = ""
    """The one it is held against; empty: none."""
    baseline: Baseline = "mean"
    unit: Unit = "token"


@dataclass(frozen=True, eq=False)
class Reading:
    """What the model says to a question, before anything is explained."""

    kind: Kind
    asked: Asked
    text: str
    """As it was read: with the mask that a masked model is asked by."""
    units: Units
    target: Target
    answer: str
    rather_than: str | None
    probability: float
    """Of the answer, 0 to 1."""
    other_probability: float | None
    at_input: float
    """The target for the text: a logit, or the difference of two."""
    at_baseline: float
    """The target with every piece that is not held replaced by the baseline."""
    answers: tuple[str, ...]
    """The likeliest answers, the likeliest first."""
    shares: NDArray[np.float32]
    """[answer], their probabilities."""

    @property
    def change(self) -> float:
        """What there is to explain: the target at the text minus that at the baseline."""
        return self.at_input - self.at_baseline


class Posed:
    """A question put to a model: the tensors that every method works on."""

    def __init__(self, model: Model, question: Question) -> None:
        self.text = text = with_mask(model, question.text)
        ids, self.units = units_of(model, text, question.unit)
        if len(ids) > MOST_TOKENS:
            raise InspectionError(
                f"The text is {len(ids):,} tokens long; attribution reads it many times, so at "
                f"most {MOST_TOKENS:,} are taken. Shorten the prompt by "
                f"{len(ids) - MOST_TOKENS:,} tokens."
            )
        self.model, self.question = model, question
        held = torch.tensor([self.units.held[unit] for unit in self.units.of_token])
        # z[unit] is where each free piece stands in a row of switches.
        order = np.cumsum(~np.array(self.units.held)) - 1
        self._switch = torch.tensor([order[unit] for unit in self.units.of_token]).clamp(min=0)
        self._held = held
        with torch.no_grad():
            given = embedding_of(model)(torch.tensor([ids], device=model.device))
        self.inputs = given.detach()
        absent = baseline_vector(model, question.baseline)
        self.baseline = torch.where(held[None, :, None].to(given.device), given, absent).detach()
        place = len(ids) - 1
        if model.kind == "masked":
            place = ids.index(int(model.tokenizer.mask_token_id))
        self.score = TargetScore(model, Target(place, 0))
        with torch.no_grad():
            self.logits = self.score.logits(self.inputs)[0]
        answer = (
            find_answer(model, question.answer, text)
            if question.answer
            else int(self.logits.argmax())
        )
        other = find_answer(model, question.rather_than, text) if question.rather_than else None
        if other == answer:
            raise InspectionError(
                "Answer and alternative are the same. Choose another one to hold it against."
            )
        self.target = self.score.target = Target(place, answer, other)

    def with_switches(self, switches: Tensor) -> Tensor:
        """Return the target of each row of `switches` [text, free piece]: 1 there, 0 replaced."""
        there = self._held[None] | (switches.cpu() > 0.5)[:, self._switch]
        chosen = there[:, :, None].to(self.inputs.device)
        return self.score(torch.where(chosen, self.inputs, self.baseline))

    @property
    def rows(self) -> int:
        """How many texts are read side by side."""
        return self.score.rows(self.inputs.shape[1])

    def ends(self) -> tuple[float, float]:
        """Return the target for the text and for the baseline."""
        with torch.no_grad():
            return float(self.score(self.inputs)), float(self.score(self.baseline))


def read(model: Model, question: Question) -> Reading:
    """Let `model` answer `question`. It reads the text twice and the baseline once.

    Raises:
        InspectionError: the text, the answer or the baseline cannot be had.
    """
    posed = Posed(model, question)
    at_input, at_baseline = posed.ends()
    probabilities = posed.logits.double().softmax(-1)
    best = probabilities.topk(min(ANSWERS, len(probabilities)))
    target = posed.target
    other = target.rather_than
    asked: dict[str, Asked] = {"classifier": "class", "masked": "masked token"}
    return Reading(
        kind=model.kind,
        asked=asked.get(model.kind, "next token"),
        text=posed.text,
        units=posed.units,
        target=target,
        answer=_names(model, [target.answer])[0],
        rather_than=None if other is None else _names(model, [other])[0],
        probability=float(probabilities[target.answer]),
        other_probability=None if other is None else float(probabilities[other]),
        at_input=at_input,
        at_baseline=at_baseline,
        answers=_names(model, best.indices.tolist()),
        shares=best.values.float().cpu().numpy(),
    )


def with_mask(model: Model, text: str) -> str:
    """Return `text` with a mask where a masked model is to answer, as `predict` does."""
    if model.kind != "masked":
        return text
    mask = model.tokenizer.mask_token
    if mask is None:
        raise InspectionError(
            f"The tokenizer of '{model.source}' has no mask token, so the model cannot be asked."
        )
    return f"{text} {mask}" if text and mask not in text else text


def _names(model: Model, answers: list[int]) -> tuple[str, ...]:
    if model.kind == "classifier":
        names = class_names(model)
        return tuple(names[index] for index in answers)
    return model.token_texts(answers)
