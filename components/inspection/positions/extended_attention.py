"""One head's attention as trained and under another rotation, and whether the change is what it
says."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float32, Float64
from torch import Tensor

from components.inspection import noise, rounding
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import arguments_of, inputs_of, record
from components.inspection.model import Model
from components.inspection.positions.context_extension import Target, extended, rebuilt, target
from components.inspection.positions.extension_methods import ContextExtension
from components.inspection.positions.rope import require_rotation
from components.inspection.positions.shift_invariance import SEEDS, angles_allowed
from components.inspection.premises import require
from components.inspection.premises.answers import answer
from components.inspection.progress import Progress, silent
from components.inspection.recording import AttentionRecord, Recording

PASSES: Final = 4 + noise.SEEDS + SEEDS
"""How many times `attention_under` lets a text be read."""
REBUILT: Final = "handed the angles of the frequencies shown, the network answers as ever"


@dataclass(frozen=True, eq=False)
class ExtendedAttention:
    """One head's attention as trained and under another rotation."""

    tokens: tuple[str, ...]
    trained: Float32[np.ndarray, "query key"]
    """Weights, 0 to 1, as trained."""
    changed: Float32[np.ndarray, "query key"]
    """Weights, 0 to 1, under the other rotation."""
    answers: tuple[str, str]
    """The likeliest next token as trained, and under the other rotation; empty without a head."""
    logit_change: float
    """Largest change of a logit of the last token."""
    target: Target
    checks: tuple[Check, ...]
    """That a twin handed the angles of the frequencies shown answers as the model does."""


def attention_under(
    model: Model,
    text: str,
    layer: int,
    head: int,
    extension: ContextExtension,
    progress: Progress = silent,
) -> ExtendedAttention:
    """Let `model` read `text` as trained, and a twin under `extension`; return one head of both.

    Of an encoder-decoder, its encoder.

    Raises:
        InspectionError: the model does not rotate, there is no such layer, head or extension, or
            a logit is no number.
    """
    require(model, "sublayers")
    stack = require_rotation(model)
    if layer not in stack.attending:
        raise InspectionError(
            f"Layer {layer} of '{model.name}' has no attention that can be seen: choose another."
        )
    ids = model.encode(text)
    start: list[int] | None = [] if len(model.anatomy.stacks) == 2 else None
    other = extended(model, extension, len(ids))
    recorded: list[Recording] = []
    for each, says in ((model, "as trained"), (other, "extended")):
        progress(len(recorded) / PASSES, f"Reading it {says}")
        recorded.append(record(each, ids, start, keep=["attention", "logits"]))
    one, two = recorded
    pick = [_at(each, stack.name, layer) for each in (one, two)]
    if not 0 <= head < pick[0].heads:
        raise InspectionError(f"There is no head {head}: layer {layer} has {pick[0].heads} heads.")
    answers, change = _answers(model, one, two)
    progress(2 / PASSES, "Comparing with a twin that is handed the same angles")
    return ExtendedAttention(
        tokens=one.stack(stack.name).tokens,
        trained=pick[0].weights[head],
        changed=pick[1].weights[head],
        answers=answers,
        logit_change=change,
        target=target(model),
        checks=(rebuilt_check(model, ids),),
    )


def rebuilt_check(model: Model, ids: list[int]) -> Check:
    """Compare what a twin handed the measured angles says with what the model says, to all
    tokens."""
    usual = _answered(model, ids)
    error = float((_answered(rebuilt(model, len(ids)), ids) - usual).abs().max())
    allowed = noise.allowed(model, lambda: _answered(model, ids), usual)

    def read(each: Model, row: list[int], _shift: int) -> Tensor:
        return _answered(each, row)

    return Check(
        REBUILT,
        error,
        allowed + angles_allowed(model, ids, 0, read, usual),
        "What is changed here is not what this network turns by, so neither is what is drawn.",
    )


def _answered(model: Model, ids: list[int]) -> Float64[Tensor, " 1 *axes"]:
    start: list[int] | None = [] if len(model.anatomy.stacks) == 2 else None
    return answer(model, arguments_of(model, inputs_of(model, ids, start)))


def _at(recording: Recording, stack: str, layer: int) -> AttentionRecord:
    return next(
        a for a in recording.attentions if (a.stack, a.layer, a.kind) == (stack, layer, "self")
    )


def _answers(model: Model, one: Recording, other: Recording) -> tuple[tuple[str, str], float]:
    if one.logits is None or other.logits is None or model.kind == "classifier":
        return ("", ""), float("nan")
    last = one.logits[-1], other.logits[-1]
    rounding.require_numbers(*last)
    texts = model.token_texts([int(each.argmax()) for each in last])
    return (texts[0], texts[1]), float(np.abs(last[0] - last[1]).max())
