"""One token's path through the network: what it reads, what is written to it, and its answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float32

from components.inspection import rounding
from components.inspection.anatomy import StackName
from components.inspection.attention.projection import output_projection
from components.inspection.checks import Check
from components.inspection.distribution import checked_logits, entropy_of, shares_of
from components.inspection.edits import Edit
from components.inspection.errors import InspectionError
from components.inspection.machine.lens import LensColumn, column
from components.inspection.machine.overview import recorded, window
from components.inspection.masking import answer_place
from components.inspection.model import Model
from components.inspection.prediction import answer_names, chooses
from components.inspection.premises import require
from components.inspection.recording import Recording

MOST_ANSWERS: Final = 8


@dataclass(frozen=True, eq=False)
class Answers:
    """The likeliest answers behind one token, the likeliest first."""

    texts: tuple[str, ...]
    ids: tuple[int, ...]
    logits: Float32[np.ndarray, " answer"]
    shares: Float32[np.ndarray, " answer"]
    """0 to 1."""
    choices: int
    """How many answers there are."""
    entropy: float
    """Of the whole distribution, in bits."""
    asked: str
    """What is answered: "next token", "masked token" or "class"."""


@dataclass(frozen=True, eq=False)
class TokenPath:
    """What happens to the token at `place` of one stack."""

    stack: StackName
    place: int
    reading: Float32[np.ndarray, "layer row"] | None
    """0 to 1: how much of its attention each drawn row gets, the mean over the heads of a layer."""
    numbers: tuple[int, ...]
    """The blocks of `reading`."""
    head_writes: Float32[np.ndarray, "layer head"] | None
    """The norm of what each head writes to its stream, in the blocks of `numbers`."""
    hidden: tuple[Float32[np.ndarray, " _neuron"], ...] | None
    """The MLP's neurons at this token, for each block."""
    lens: LensColumn | None
    """What the model would say here if it stopped after each block."""
    answers: Answers | None
    """None where the network answers nothing at this token."""
    unknown: tuple[str, ...]
    checks: tuple[Check, ...]


def token_path(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None,
    stack: StackName,
    place: int,
    first: int = 0,
    edits: Sequence[Edit] = (),
) -> TokenPath:
    """Follow one token of `stack` through its blocks; `first` is the first row that is drawn.

    Raises:
        InspectionError: as `overview`, or there is no such token.
    """
    recording = recorded(model, text, target, edits)
    record = recording.stack(stack)
    if not 0 <= place < len(record.ids):
        raise InspectionError(
            f"There is no token {place} in the {stack}: there are {len(record.ids)}, counted from "
            f"0 to {len(record.ids) - 1}."
        )
    shown = window(len(record.ids), first)
    own = list(recording.of(stack))
    even = bool(own) and len({one.heads for one in own}) == 1
    unknown: list[str] = []
    answers = lens = None
    checks: tuple[Check, ...] = ()
    if stack == recording.stack().name:
        try:
            answers = answers_of(model, recording, place)
            read_at = asked_place(model, record.ids)
            if model.kind == "classifier" and place != read_at:
                raise InspectionError(
                    f"'{model.name}' judges the text by token {read_at}: only there can it be "
                    "stopped after each block. Choose that token."
                )
            lens = column(model, recording, text, target, stack, place)
            checks = lens.checks
        except InspectionError as error:
            unknown.append(str(error))
    else:
        unknown.append("An encoder hands its vectors to the decoder: it answers nothing itself.")
    return TokenPath(
        stack=stack,
        place=place,
        reading=np.stack([one.weights[:, place, shown].mean(0) for one in own]) if even else None,
        numbers=tuple(one.layer for one in own) if even else (),
        head_writes=_head_writes(model, recording, stack, place) if even else None,
        hidden=_hidden(record.mlp_activations, place),
        lens=lens,
        answers=answers,
        unknown=tuple(unknown),
        checks=checks,
    )


def answers_of(model: Model, recording: Recording, place: int) -> Answers:
    """Return the likeliest answers at `place`.

    Raises:
        InspectionError: the model answers nothing there, or what it computes are no numbers.
    """
    if recording.logits is None or model.kind == "headless":
        raise InspectionError(
            f"'{model.name}' was saved without a head: it gives vectors, and no answer. What is "
            "drawn ends with its last block."
        )
    if model.kind == "classifier" and not chooses(model):
        raise InspectionError(
            f"'{model.name}' judges each label by itself, or gives a number: there is no choice "
            "among answers to draw."
        )
    single = recording.logits.ndim == 1
    logits = checked_logits(recording.logits if single else recording.logits[place])
    shares = shares_of(logits)
    best = np.argsort(-shares, kind="stable")[:MOST_ANSWERS]
    asked = {"classifier": "class", "masked": "masked token"}
    return Answers(
        texts=answer_names(model, best.tolist(), len(shares)),
        ids=tuple(int(one) for one in best),
        logits=logits[best],
        shares=shares[best].astype(np.float32),
        choices=len(shares),
        entropy=entropy_of(shares),
        asked=asked.get(model.kind, "next token"),
    )


def asked_place(model: Model, ids: Sequence[int]) -> int:
    """Return the token at which the model is asked, of those that its last stack reads."""
    if model.kind == "classifier" and "encoder" in model.anatomy.stacks:
        return 0
    try:
        return answer_place(model, ids)
    except InspectionError:
        return len(ids) - 1


def _head_writes(
    model: Model, recording: Recording, stack: StackName, place: int
) -> Float32[np.ndarray, "layer head"] | None:
    try:
        require(model, "outputs")
        found = []
        for one in recording.of(stack):
            projection = output_projection(model, stack, one.layer, one.heads)
            here = one.understood().outputs[:, place : place + 1]
            rounding.require_numbers(here)
            found.append(np.linalg.norm(projection.writes(here)[:, 0], axis=-1))
        return np.stack(found).astype(np.float32)
    except InspectionError:
        return None


def _hidden(
    activations: tuple[Float32[np.ndarray, "token _neuron"], ...] | None, place: int
) -> tuple[Float32[np.ndarray, " _neuron"], ...] | None:
    if activations is None or any(len(one) <= place for one in activations):
        return None
    return tuple(one[place].copy() for one in activations)
