"""What the model says of a text as a whole: its next token, its masked token, or its class."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.model import Model

MOST: Final = 10


@dataclass(frozen=True, eq=False)
class Prediction:
    """The likeliest answers to one question, the likeliest first."""

    asked: Literal["next token", "masked token", "class"]
    tokens: tuple[str, ...]
    """The text that was read, token by token."""
    place: int
    """Which of `tokens` the answer follows (next token) or replaces (masked token)."""
    answers: tuple[str, ...]
    probabilities: NDArray[np.float32]
    """[answer], 0 to 1, falling; they sum to less than 1 where the vocabulary is larger."""
    entropy: float
    """Of the whole distribution, in bits: 0 is certain, log2(choices) knows nothing."""
    choices: int
    """Number of possible answers: the vocabulary, or the classes."""


def predict(model: Model, text: str) -> Prediction:
    """Let `model` read `text` and say what it expects.

    A masked model is asked for its first mask token; without one in the text, a mask is added
    at the end.

    Raises:
        InspectionError: the text is empty or too long.
    """
    if model.kind == "masked":
        mask = model.tokenizer.mask_token
        if mask is None:
            raise InspectionError(
                f"The tokenizer of '{model.source}' has no mask token, so this model cannot be "
                "asked what stands behind one."
            )
        if text and mask not in text:
            text = f"{text} {mask}"
    config = model.network.config
    if model.kind == "classifier" and (
        config.num_labels == 1
        or config.problem_type in ("regression", "multi_label_classification")
    ):
        raise InspectionError(
            f"'{model.source}' does not choose one of several classes: it gives a number, or "
            "judges each label by itself. There is no distribution over classes to show."
        )
    recording = record(model, text, keep=["logits"])
    assert recording.logits is not None
    stack = recording.stack()
    if model.kind == "classifier":
        place, logits = len(stack.ids) - 1, recording.logits
    elif model.kind == "masked":
        place = stack.ids.index(model.tokenizer.mask_token_id)
        logits = recording.logits[place]
    else:
        place = len(stack.ids) - 1
        logits = recording.logits[place]
    probabilities = torch.from_numpy(logits).double().softmax(-1)
    best = probabilities.topk(min(MOST, len(probabilities)))
    if model.kind == "classifier":
        names: dict[Any, str] = model.network.config.id2label or {}
        answers = tuple(str(names[index]) for index in best.indices.tolist())
    else:
        answers = model.token_texts(best.indices.tolist())
    return Prediction(
        asked={"classifier": "class", "masked": "masked token"}.get(model.kind, "next token"),  # type: ignore[arg-type]
        tokens=recording.stacks[0].tokens,
        place=place,
        answers=answers,
        probabilities=best.values.float().numpy(),
        entropy=float(torch.special.entr(probabilities).sum() / np.log(2)),
        choices=len(probabilities),
    )
