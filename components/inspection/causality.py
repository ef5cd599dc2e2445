"""Does a token know what comes after it? Another last token, and what changes before it.

What one pass computed for the tokens before the last is compared with what a second pass computes
for them when the last token is another one. Where tokens attend backwards only, nothing changes:
that is what makes a cache of keys and values possible.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from components.inspection import rounding
from components.inspection.anatomy import StackName
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import Observation, observe, record
from components.inspection.gathering import rows_of
from components.inspection.hooks import Part
from components.inspection.model import Model
from components.inspection.noise import allowed
from components.inspection.probe import ordinary_tokens
from components.inspection.recording import Recording


@dataclass(frozen=True, eq=False)
class LastTokenChanged:
    """The same text read twice, once with another last token."""

    stack: StackName
    tokens: tuple[str, ...]
    """Those of the first reading, up to the changed one."""
    before: str
    after: str
    """The last token of each reading (of an encoder: the last that is not special)."""
    stream: Float32[np.ndarray, " token"]
    """How far the last layer's residual stream moved, as a share of its norm; the logits of a
    network whose stream cannot be seen."""
    vectors: Float32[np.ndarray, "layer token"] | Float32[np.ndarray, "0 0"]
    """The largest change of a key or value, as a share of the layer's largest. Empty where they
    cannot be seen."""
    layers: tuple[int, ...]
    """Which layers of the network attend: those of `vectors`."""
    rounding: float
    """By what share of their norm streams may change by rounding alone; 0 where nothing changed."""
    looks_ahead: bool
    """Information flows from later tokens to earlier ones."""

    @property
    def earlier(self) -> float:
        """The largest change of a stream before the changed token."""
        return float(self.stream[:-1].max(initial=0.0))

    @property
    def earlier_vectors(self) -> float:
        """The largest change of a key or value before the changed token."""
        return float(self.vectors[:, :-1].max(initial=0.0))

    @property
    def check(self) -> Check:
        """What must be so of a network that attends backwards only.

        Where information was seen to flow back, no change is put down to rounding.
        """
        return Check(
            "no earlier token changes when the last one does",
            max(self.earlier, self.earlier_vectors),
            0.0 if self.looks_ahead else self.rounding,
            "Tokens here also depend on those after them: keys and values cannot be kept, and what "
            "is said behind the last token is no prediction of the next.",
        )


def last_token_changed(
    model: Model,
    text: str | Sequence[int],
    target: str | Sequence[int] | None = None,
    stack: StackName | None = None,
    reading: Recording | None = None,
) -> LastTokenChanged:
    """Let `model` read `text`, then the same with another last token, and compare.

    `reading` is what was recorded of the first (with `bare`), if that was done before. In an
    encoder-decoder the stack called `stack` is meant (the decoder if None); of its decoder, the
    last token of `target` is changed.

    Raises:
        InspectionError: there is nothing that could be changed, the streams cannot be seen, or they
            are no numbers.
    """
    stack = stack or list(model.anatomy.stacks)[-1]
    ids = model.encode(text) if isinstance(text, str) else model.checked(text)
    given = model.encode_target(target) if isinstance(target, str) else list(target or ())
    in_target = len(model.anatomy.stacks) == 2 and stack == "decoder"
    changed, place = _changed(model, given if in_target else ids, in_target)
    other_text = (ids, changed) if in_target else (changed, given)
    keep: list[Part] = ["residual", "attention", "logits"]
    one = record(model, ids, given, keep, bare=True) if reading is None else reading
    other = record(model, *other_text, keep, bare=True)
    stop = place + 1 + in_target
    first, second = one.stack(stack), other.stack(stack)
    last: Part = "logits" if first.residual is None else "residual"
    before, after = _last_rows(one, stack, last), _last_rows(other, stack, last)
    norms = np.linalg.norm(before, axis=-1).clip(1e-12)
    moved = np.linalg.norm(before - after, axis=-1) / norms
    vectors, layers = _vectors(one, other, stack)
    rounding.require_numbers(moved[:stop], vectors[:, :stop])
    still = not moved[: stop - 1].any() and not vectors[:, : stop - 1].any()
    return LastTokenChanged(
        stack=stack,
        tokens=first.tokens[:stop],
        before=first.tokens[stop - 1],
        after=second.tokens[stop - 1],
        stream=moved[:stop].astype(np.float32),
        vectors=vectors[:, :stop],
        layers=layers,
        # Two passes of one shape add in one order; where they did not, rounding may account for it.
        rounding=0.0 if still else _rounding(model, ids, given, stack, last, float(norms.min())),
        looks_ahead=not still and _flows_back(model, ids, given, stack, last),
    )


def _last_rows(
    recording: Recording, stack: StackName, last: Part
) -> Float32[np.ndarray, "token width"]:
    """Return the last layer's stream, or logits where that cannot be seen."""
    found = recording.stack(stack)
    if last == "residual" and found.residual is not None:
        return found.residual[-1]
    logits = recording.logits
    if logits is None or logits.ndim != 2 or found is not recording.stacks[-1]:
        logits = None
    if logits is None or len(logits) != len(found.ids):
        raise InspectionError(
            f"The residual stream of '{recording.name}' cannot be seen: the network keeps "
            "several side by side, or not one row for each token; nor has it logits for each."
        )
    return logits


def _changed(model: Model, ids: list[int], in_target: bool) -> tuple[list[int], int]:
    """Return `ids` with another ordinary token in the place of the last ordinary one, and where."""
    special = set(model.tokenizer.all_special_ids)
    places = [place for place, token in enumerate(ids) if token not in special]
    if not places or places[-1] + in_target < 1:
        raise InspectionError("There is no last token to change: write at least two words.")
    place = places[-1]
    other = next((t for t in (ids[places[0]], *ordinary_tokens(model)) if t != ids[place]), None)
    if other is None:
        raise InspectionError("This vocabulary has one token only: there is no other to try.")
    return [*ids[:place], other, *ids[place + 1 :]], place


def _vectors(
    one: Recording, other: Recording, stack: StackName
) -> tuple[Float32[np.ndarray, "layer token"], tuple[int, ...]]:
    rows, layers = [], []
    for first, second in zip(one.of(stack), other.of(stack), strict=True):
        pairs = ((first.keys, second.keys), (first.values, second.values))
        changes = [
            np.abs(a - b).max(axis=(0, 2)) / max(float(np.abs(a).max()), 1e-12)
            for a, b in pairs
            if a is not None and b is not None and a.shape == b.shape
        ]
        if changes:
            rows.append(np.max(changes, axis=0))
            layers.append(first.layer)
    if not rows or len({row.shape for row in rows}) > 1:
        return np.zeros((0, 0), np.float32), ()
    return np.stack(rows).astype(np.float32), tuple(layers)


def _flows_back(
    model: Model, ids: list[int], given: list[int], stack: StackName, last: Part
) -> bool:
    """Say whether what is computed for an earlier token depends on the last token's embedding.

    By the gradient, which is exactly 0 where it does not: so roundings, which in 16 bits may be as
    large as what a distant token does, cannot be taken for it.

    Raises:
        InspectionError: the network looks its embeddings up in a way that cannot be seen.
    """
    seen = observe(model, ids, given, keep=[last], gradients=True)
    if not seen.leaves:
        raise InspectionError(
            f"'{model.name}' turns ids into vectors in a way that cannot be seen, so it cannot "
            "be told which way information flows in it."
        )
    rows = _tensor(seen, stack, last)
    leaf = seen.leaves[0 if stack == "encoder" else -1]
    drawn = torch.rand(rows[:-1].shape, generator=torch.Generator().manual_seed(0))
    # A text of one token has no earlier one, and its sum no gradient.
    score = (rows[:-1].float() * drawn.to(rows.device)).sum()
    (gradient,) = torch.autograd.grad(score, leaf, allow_unused=True)
    return gradient is not None and bool(gradient[0, -1].count_nonzero())


def _rounding(
    model: Model, ids: list[int], given: list[int], stack: StackName, last: Part, norm: float
) -> float:
    def rows() -> Tensor:
        return _tensor(observe(model, ids, given, keep=[last]), stack, last)

    return allowed(model, rows) * rows().shape[-1] ** 0.5 / norm


def _tensor(seen: Observation, stack: StackName, last: Part) -> Float[Tensor, "token width"]:
    """Return what `_last_rows` takes out of a recording, as a tensor."""
    if last == "logits":
        assert seen.logits is not None
        return seen.logits[0]
    layer = max(key[2] for key in seen.streams if key[:2] == ("residual", stack))
    rows = rows_of(seen.streams["residual", stack, layer], seen.inputs[stack].shape[1])
    assert rows is not None
    return rows
