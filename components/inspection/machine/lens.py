"""What a model would answer at one place if it stopped after each block: the logit lens.

Each state of the stream at that place is put where the last block's output is expected, and the
network goes on from there by itself: so its last norm, its head, and whatever it scales or caps are
in the answer, once. Earlier blocks were not trained for that: what they seem to say is a reading,
not a belief. Source: nostalgebraist, "interpreting GPT: the logit lens" (2020).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float32

from components.inspection import rounding
from components.inspection.anatomy import StackName
from components.inspection.checks import Check, worst
from components.inspection.distribution import checked_logits, entropy_of, shares_of
from components.inspection.edits import Edit
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.prediction import answer_names, require_answer
from components.inspection.recording import Recording

SHOWN: Final = 3
OWN: Final = "stopped after the last block, it answers what the model answers"


@dataclass(frozen=True, eq=False)
class LensColumn:
    """The answers after each boundary at one place: after the embedding, then after each block."""

    answers: tuple[tuple[str, ...], ...]
    """[boundary][shown]: the likeliest first."""
    probabilities: Float32[np.ndarray, "boundary shown"]
    """Theirs, 0 to 1, falling along `shown`; they sum to less than 1 if there are more."""
    of_last: Float32[np.ndarray, " boundary"]
    """0 to 1: the probability of what is likeliest in the end."""
    entropies: Float32[np.ndarray, " boundary"]
    """Of the whole distribution, in bits: 0 is certain, log2(choices) knows nothing."""
    choices: int
    """Number of possible answers: the vocabulary, or the classes."""
    logits_of_last: Float32[np.ndarray, " answer"]
    """What the network's own head gives for the last boundary."""
    checks: tuple[Check, ...]


def stopped(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None,
    stack: StackName,
    place: int,
    edits: Sequence[Edit] = (),
) -> LensColumn:
    """Return what `model` would answer at `place` of `stack` if it stopped after each boundary.

    With `edits`, of the pass that they change.

    A masked model fills in that place, others say what follows. A classifier is given the place as
    if it stood everywhere: the check holds where it reads that place and no other.

    Raises:
        InspectionError: the text or the place are none of the model's, it answers nothing, its
            answers do not come from this stack, or it has no one stream with a row for each token.
    """
    recording = record(model, text, target, keep=("residual", "logits"), edits=edits)
    return column(model, recording, text, target, stack, place)


def column(
    model: Model,
    recording: Recording,
    text: str | Sequence[int],
    target: str | Sequence[int] | None,
    stack: StackName,
    place: int,
) -> LensColumn:
    """Do as `stopped` for a text that was recorded already, its stream and its logits.

    Raises:
        InspectionError: as `stopped`.
    """
    require_answer(model)
    _require_last(model, stack)
    found, own = recording.stack(stack), recording.logits
    if not 0 <= place < len(found.ids):
        raise InspectionError(
            f"Place {place} was asked for, but this text has {len(found.ids)} tokens: choose one "
            f"from 0 to {len(found.ids) - 1}."
        )
    each = own is not None and (model.kind == "classifier" or len(own) == len(found.ids))
    if found.residual is None or own is None or not each:
        raise InspectionError(
            f"'{model.name}' has no one residual stream with a row for each token and an answer "
            "behind it, so it cannot be stopped between two blocks. Choose another model."
        )
    rows = found.residual[:, place]
    own = own if model.kind == "classifier" else own[place]
    logits, check = _answered(model, (text, target), rows, place, len(found.ids), own)
    shares = [shares_of(checked_logits(row)) for row in logits]
    best = [np.argsort(-each, kind="stable")[:SHOWN] for each in shares]
    return LensColumn(
        answers=tuple(answer_names(model, each.tolist(), logits.shape[1]) for each in best),
        probabilities=np.stack(
            [share[each] for share, each in zip(shares, best, strict=True)]
        ).astype(np.float32),
        of_last=np.array([share[best[-1][0]] for share in shares], np.float32),
        entropies=np.array([entropy_of(share) for share in shares], np.float32),
        choices=logits.shape[1],
        logits_of_last=logits[-1],
        checks=(check,),
    )


def _require_last(model: Model, stack: StackName) -> None:
    last = list(model.anatomy.stacks)[-1]
    if stack != last:
        raise InspectionError(
            f"What '{model.name}' answers comes from its {last}; a place in the {stack} was "
            f"asked for. Choose a token of the {last}."
        )


def _answered(
    model: Model,
    given: tuple[str | Sequence[int], str | Sequence[int] | None],
    rows: Float32[np.ndarray, "boundary width"],
    place: int,
    tokens: int,
    own: Float32[np.ndarray, " answer"],
) -> tuple[Float32[np.ndarray, "boundary answer"], Check]:
    """Return what the network makes of each row, had its last block left it, and the check.

    The text is read again, with the last row where it stood and the others at the other places, as
    often as there is need. So `place` must give what the model's own pass gives, to the last bit:
    if what is behind the blocks read other places too, it could not. A classifier answers once
    for a text, so it reads it again for each row, put at all places.
    """
    last = len(rows) - 1
    if model.kind == "classifier":
        logits = np.stack([put_back(model, given, last, row) for row in rows])
        return logits, _own_check(logits[-1], own)
    others = [each for each in range(tokens) if each != place]
    if not others:
        logits = np.stack([put_back(model, given, last, row)[place] for row in rows])
        return logits, _own_check(logits[-1], own)
    found, checks = [], []
    for begin in range(0, last, len(others)):
        piece = rows[begin : min(last, begin + len(others))]
        put = np.tile(rows[-1], (tokens, 1))
        put[others[: len(piece)]] = piece
        again = put_back(model, given, last, put)
        found.append(again[others[: len(piece)]])
        checks.append(_own_check(again[place], own))
    return np.concatenate([*found, again[place][None]]), worst(checks)


def put_back(
    model: Model,
    given: tuple[str | Sequence[int], str | Sequence[int] | None],
    boundary: int,
    rows: Float32[np.ndarray, "... width"],
) -> Float32[np.ndarray, "... answer"]:
    """Return the logits of a pass whose last block leaves `rows`: one for each token, or for all
    the same. They are of each token, or a classifier's of the text."""
    edit = Edit("stream", boundary, "put", vector=rows)
    logits = record(model, *given, keep=("logits",), edits=(edit,)).logits
    assert logits is not None  # the model's own pass had some
    return logits


def _own_check(found: Float32[np.ndarray, " answer"], own: Float32[np.ndarray, " answer"]) -> Check:
    return rounding.compared(
        OWN,
        found,
        own,
        0.0,
        "What comes behind the last block reads more than this one place, so the answers of the "
        "earlier blocks are not what the model would say there either.",
    )
