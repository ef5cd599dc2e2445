"""The tour's questions about answers: when one leads, what cold does to them, what another token
changes."""

import numpy as np
import torch
from jaxtyping import Bool, Float32, Float64
from torch import Tensor

from components.inspection import noise, rounding
from components.inspection.anatomy import StackName
from components.inspection.attention.record_checks import misplaced
from components.inspection.distribution import checked_logits, shares_of
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import observe, record
from components.inspection.machine.lens import LensColumn
from components.inspection.machine.question import (
    CLEAR,
    MOST_ANSWERS,
    Question,
    Seen,
    digits,
    quoted,
    share_of,
)
from components.inspection.probe import ordinary_tokens
from components.inspection.recording import Recording

COLD = 0.5
"""The temperature that is asked about."""
ALONE = "only the new one's"
ALL = "all rows"


def first_lead(seen: Seen) -> Question:
    """Ask after which layer the answer leads for the first time."""
    lens = seen.path.lens
    if lens is None:
        raise InspectionError(_why_no_answer(seen))
    boundaries = len(lens.of_last)
    if boundaries < 2:
        raise InspectionError("This network has no block that it could be stopped after.")
    first = leading(lens)
    tried = dict.fromkeys((first, 0, boundaries - 1, boundaries // 2, first - 1, first + 1))
    kept = [one for one in tried if 0 <= one < boundaries][:MOST_ANSWERS]
    answer = quoted(lens.answers[-1][0])
    before = ""
    if first:
        before = f" Before, {quoted(lens.answers[first - 1][0])} led with "
        before += f"{share_of(float(lens.probabilities[first - 1, 0]))}."
    return Question(
        10,
        f"If it stopped earlier: after which layer is {answer} the likeliest answer for the first "
        "time?",
        tuple(_after(one) for one in sorted(kept)),
        _after(first),
        f"{_after(first).capitalize()} it has {share_of(float(lens.of_last[first]))}, in the end "
        f"{share_of(float(lens.of_last[-1]))}.{before}",
    )


def leading(lens: LensColumn) -> int:
    """Return the first boundary at which the model's own answer is the likeliest."""
    return int(np.argmax(lens.of_last == lens.probabilities[:, 0]))


def _after(boundary: int) -> str:
    return f"after layer {boundary - 1}" if boundary else "before the first layer"


def grows(seen: Seen) -> Question:
    """Ask which bar grows in the cold."""
    answers = seen.path.answers
    logits = seen.recording.logits
    if answers is None or logits is None:
        raise InspectionError(_why_no_answer(seen))
    here = checked_logits(logits if logits.ndim == 1 else logits[seen.place])
    usual, cold = shares_of(here), shares_of(here / np.float32(COLD))
    best = answers.ids[0]
    # What the others keep, exactly where it is little.
    left, left_cold = (float(np.delete(each, best).sum()) for each in (usual, cold))
    if not (left_cold < CLEAR * left or CLEAR * cold[best] > usual[best]):
        raise InspectionError(
            "One answer has all the probability already, or all have as much: no bar grows."
        )
    # Only bars that fall are wrong; the second may well grow too.
    falling = [
        (text, number)
        for text, number in zip(answers.texts, answers.ids, strict=True)
        if cold[number] < CLEAR * usual[number] and text != answers.texts[0]
    ]
    names = list(dict.fromkeys(text for text, _ in falling))[: MOST_ANSWERS - 1]
    below, below_cold = (float(np.delete(each, answers.ids).sum()) for each in (usual, cold))
    rest = len(names) < MOST_ANSWERS - 1 and below_cold < CLEAR * below
    found = [quoted(text) for text in sorted([answers.texts[0], *names], key=str.casefold)]
    found += [f"the {answers.choices - len(answers.ids):,} others together"] if rest else []
    if len(found) < 2:
        raise InspectionError("All bars that are drawn grow here: there is no wrong one to offer.")
    return Question(
        11,
        f"The temperature falls from 1 to {COLD}. Which of these grows?",
        tuple(found),
        quoted(answers.texts[0]),
        f"{quoted(answers.texts[0])} grows from {share_of(float(usual[best]))} to "
        f"{share_of(float(cold[best]))}, and all others together fall from {_percent(left)} to "
        f"{_percent(left_cold)}: the gaps between logits are widened.",
    )


def _percent(share: float) -> str:
    """Write a share however small.

    >>> _percent(0.1234), _percent(0.00000123)
    ('12.3%', '0.000123%')
    """
    return f"{np.format_float_positional(100 * share, 3, fractional=False, trim='-')}%"


def recomputed(seen: Seen) -> Question:
    """Ask which rows another token changes: the text is read again with it.

    Rows that changed by more than rounding, and those that read the token by way of what each layer
    lets them see: in 16 bits what a token does to a row may be smaller than a rounding.

    Raises:
        InspectionError: there is no room for it, or no stream to compare.
    """
    ids, target, at, new = longer(seen)
    recording = record(seen.model, ids, target, keep=("residual", "attention"))
    again, stream = recording.stack(seen.stack).residual, seen.read.residual
    if stream is None or again is None:
        raise InspectionError(
            f"'{seen.model.name}' keeps no one residual stream with a row for each token, so rows "
            "cannot be compared."
        )
    before, after = stream[-1, :at], again[-1, :at]
    rounding.require_numbers(before, after)
    moved = np.abs(before.astype(np.float64) - after).max(-1)
    changed = np.zeros(at, bool)
    if moved.any():
        changed = (moved > _allowed(seen, before, at)) | readers(recording, seen.stack, at)[:at]
    count, token = int(changed.sum()), quoted(seen.model.token_texts([new])[0])
    some = f"the new one's and {count} of the {at} others"
    right = ALL if count == at else some if count else ALONE
    lengths = np.linalg.norm(before.astype(np.float64), axis=-1).clip(1e-12)
    shares = np.linalg.norm(before.astype(np.float64) - after, axis=-1) / lengths
    most = float(moved.max())
    off = f"but for rounding ({digits(most)})" if most else "to the last bit"
    because = (
        f"Read again with {token}, {count:,} of the {at:,} rows before it changed, by up to "
        f"{_percent(float(shares.max()))} of their length: their tokens read it too."
        if count
        else f"Read again with {token} at the end, the {at:,} rows before it are as they were, "
        f"{off}: no token reads what stands after it, so keys and values can be kept."
    )
    offered = ("none", ALONE, some, ALL) if right == some else ("none", ALONE, ALL)
    return Question(
        12,
        f"One more token, {token}, is put after the text. Which rows must be computed anew?",
        offered,
        right,
        because,
    )


def readers(recording: Recording, stack: StackName, token: int) -> Bool[np.ndarray, " token"]:
    """Return which tokens read `token` or what read it, layer by layer, as the masks allow; none
    where attention cannot be drawn."""
    found = np.zeros(len(recording.stack(stack).ids), bool)
    if misplaced(recording):
        return found
    found[token] = True
    for one in recording.of(stack):
        found = found | one.visible[:, :, found].any((0, 2))
    return found


def longer(seen: Seen) -> tuple[list[int], list[int] | None, int, int]:
    """Return the text and the target with one more token, before which row it stands, and its id.

    A model that writes goes on with its likeliest token; others are given the last word again,
    before the marks that end every text.
    """
    model, ids, target = seen.model, seen.ids, seen.target
    read = target if seen.writes_target and target is not None else ids
    at = len(read)
    writes = model.kind in ("causal", "seq2seq") and seen.read is seen.recording.stacks[-1]
    logits = seen.recording.logits
    if writes and logits is not None:
        rounding.require_numbers(logits[-1])
        new = int(np.argmax(logits[-1]))
    else:
        ends = set(model.tokenizer.all_special_ids) - {model.tokenizer.mask_token_id}
        while at > 1 and read[at - 1] in ends and model.kind != "causal":
            at -= 1
        new = read[at - 1] if read[at - 1] not in ends else ordinary_tokens(model)[0]
    if len(seen.read.ids) >= model.context:
        raise InspectionError(
            f"The text fills all {model.context:,} places that this model reads: there is no room "
            "for one more token."
        )
    more = [*read[:at], new, *read[at:]]
    return (ids, more, at + 1, new) if seen.writes_target else (more, target, at, new)


def _allowed(
    seen: Seen, before: Float32[np.ndarray, "token width"], at: int
) -> Float64[np.ndarray, " token"]:
    """Return by how much rounding alone may move each row: a text of another length is added up in
    another order."""

    def read() -> Tensor:
        # What the last block leaves. Where it is jittered, the next one reads something else: of a
        # family without a row in the table no stream is recorded then.
        streams = observe(seen.model, seen.ids, seen.target, keep=("residual",)).streams
        last = max(key for key in streams if key[:2] == ("residual", seen.stack))
        return streams[last].reshape(len(seen.read.ids), -1)[:at].float().cpu()

    floors = noise.floors(seen.model, read, torch.from_numpy(before.copy()))
    return noise.ROUNDINGS * floors.numpy()


def _why_no_answer(seen: Seen) -> str:
    return " ".join(seen.path.unknown) or f"'{seen.model.name}' answers nothing at this token."
