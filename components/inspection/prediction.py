"""What the model says of a text as a whole: its next token, its masked token, or its class."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import torch
from jaxtyping import Float32

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.decoding import require_writing
from components.inspection.distribution import checked_logits, entropy_of, shares_of
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import arguments_of, inputs_of, record
from components.inspection.masking import answer_place, with_mask
from components.inspection.model import Model
from components.inspection.running import run

MOST: Final = 10
Asked = Literal["next token", "masked token", "class"]


@dataclass(frozen=True, eq=False)
class Prediction:
    """The likeliest answers to one question, the likeliest first."""

    asked: Asked
    tokens: tuple[str, ...]
    """The text that was read, token by token."""
    place: int
    """Which of `tokens` the answer follows (next token) or replaces (masked token)."""
    answers: tuple[str, ...]
    probabilities: Float32[np.ndarray, " answer"]
    """0 to 1, falling; they sum to less than 1 where the vocabulary is larger."""
    entropy: float
    """Of the whole distribution, in bits: 0 is certain, log2(choices) knows nothing."""
    choices: int
    """Number of possible answers: the vocabulary, or the classes."""
    checks: tuple[Check, ...]
    """Of the distribution that the likeliest are taken from."""


def predict(model: Model, text: str) -> Prediction:
    """Let `model` read `text` and say what it expects.

    A masked model is asked for its first mask token; without one in the text, a mask is added
    at the end.

    Raises:
        InspectionError: the text is empty or too long, the model predicts nothing, or what it
            computes are no numbers.
    """
    require_answer(model)
    text = with_mask(model, text)
    recording = record(model, text, keep=["logits"])
    place = answer_place(model, recording.stack().ids)
    logits = checked_logits(logits_at(model, recording.logits, place))
    shares = shares_of(logits)
    best = np.argsort(-shares, kind="stable")[:MOST]
    asked: dict[str, Asked] = {"classifier": "class", "masked": "masked token"}
    return Prediction(
        asked=asked.get(model.kind, "next token"),
        tokens=recording.stacks[0].tokens,
        place=place,
        answers=answer_names(model, best.tolist(), len(shares)),
        probabilities=shares[best].astype(np.float32),
        entropy=entropy_of(shares),
        choices=len(shares),
        checks=(
            Check(
                f"the probabilities of all {len(shares):,} choices sum to 1",
                abs(float(shares.sum()) - 1),
                rounding.of_row_sum(len(shares), "float64"),
                "What is drawn is no distribution.",
            ),
            rounding.compared(
                "these logits are those of a plain pass",
                logits,
                plain_logits_at(model, text, place if model.kind == "masked" else -1),
                0.0,
                "Looking changed what the model answers, or the answer was taken from another "
                "place of the text.",
            ),
        ),
    )


def require_answer(model: Model) -> None:
    """Go on if there is a distribution over answers to show.

    Raises:
        InspectionError: the model has no head, writes nothing behind a text, or does not choose.
    """
    if model.kind == "headless":
        raise InspectionError(
            f"'{model.name}' was saved without a head: it gives each token a vector (its last "
            "hidden state), as sentence encoders do, and predicts nothing. Look at how it cuts a "
            "text into tokens, at its attention and at its positions."
        )
    if model.kind in ("causal", "seq2seq"):
        require_writing(model)
    if model.kind == "classifier" and not chooses(model):
        raise InspectionError(
            f"'{model.name}' does not choose one of several classes: it gives a number, or "
            "judges each label by itself. There is no distribution over classes to show."
        )


def logits_at(
    model: Model, logits: Float32[np.ndarray, "*axes answer"] | None, place: int
) -> Float32[np.ndarray, " answer"]:
    """Return the logits at `place`, or a classifier's of the whole text.

    Raises:
        InspectionError: there are none.
    """
    if logits is None:
        raise InspectionError(f"The network of '{model.name}' gives no logits to show.")
    return logits if model.kind == "classifier" else logits[place]


def plain_logits_at(
    model: Model, text: str | Sequence[int], place: int
) -> Float32[np.ndarray, " answer"]:
    """Return what a pass that records nothing and changes nothing answers at `place`."""
    with torch.no_grad():
        output = run(model, **arguments_of(model, inputs_of(model, text)))
    return logits_at(model, output.logits[0].to("cpu", torch.float32).numpy(), place)


def chooses(model: Model) -> bool:
    """Say whether a classifier chooses one of several classes, so that their shares sum to 1."""
    config = model.network.config
    judges = config.problem_type in ("regression", "multi_label_classification")
    return int(config.num_labels or 0) > 1 and not judges


def class_names(model: Model, count: int) -> tuple[str, ...]:
    """Return the names of a classifier's `count` classes, in the order of its logits."""
    named = {int(index): str(name) for index, name in (model.network.config.id2label or {}).items()}
    return tuple(named.get(index, f"LABEL_{index}") for index in range(count))


def answer_names(model: Model, answers: Sequence[int], count: int) -> tuple[str, ...]:
    """Return how `answers` out of `count` are called: classes by name, tokens as written."""
    if model.kind == "classifier":
        names = class_names(model, count)
        return tuple(names[index] for index in answers)
    return model.token_texts(list(answers))
