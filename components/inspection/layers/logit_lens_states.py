"""What the logit lens is held over: the states of the stream at every boundary and token."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float32

from components.inspection import rounding
from components.inspection.anatomy import StackName
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import inputs_of, record
from components.inspection.layers.logit_lens_behind import Behind, behind_of
from components.inspection.layers.logit_lens_between import require_between
from components.inspection.machine.streams import rounded
from components.inspection.machine.token_path import asked_place
from components.inspection.masking import with_mask
from components.inspection.model import Model
from components.inspection.prediction import require_answer
from components.inspection.recording import Recording

MOST_NUMBERS: Final = 2**27
"""Logits of one text that are held at once: 512 MiB."""


@dataclass(frozen=True)
class Boundary:
    """A place between two parts of the network, which the stream passes."""

    layer: int
    """The block that it is in, or behind; -1: it is ahead of the first."""
    between: bool = False
    """It is after the block's attention and before its MLP."""

    @property
    def name(self) -> str:
        """What it is called in a figure and a table.

        >>> Boundary(-1).name, Boundary(3).name, Boundary(3, True).name
        ('embedding', 'block 3', 'block 3, attention')
        """
        if self.layer < 0:
            return "embedding"
        return f"block {self.layer}{', attention' if self.between else ''}"

    @property
    def said(self) -> str:
        """What it comes after, in a sentence.

        >>> Boundary(-1).said, Boundary(3).said, Boundary(3, True).said
        ('the embedding', 'block 3', 'the attention of block 3')
        """
        if self.layer < 0:
            return "the embedding"
        return f"{'the attention of ' if self.between else ''}block {self.layer}"


@dataclass(frozen=True, eq=False)
class States:
    """One text read once."""

    text: str
    """As it was read: with a mask, where one is filled in."""
    recording: Recording
    stack: StackName
    ids: tuple[int, ...]
    tokens: tuple[str, ...]
    place: int
    """Where the model is asked: the last token, or the mask."""
    boundaries: tuple[Boundary, ...]
    rows: Float32[np.ndarray, "boundary token width"]
    """The stream, not yet normed."""
    own: Float32[np.ndarray, "token answer"]
    """The model's own logits."""
    without_between: str
    """Why the states after attention are not among them, though they were asked for; or empty."""
    behind: Behind


def states_of(
    model: Model, text: str, target: str | Sequence[int] | None, between: bool = False
) -> States:
    """Let `model` read `text` (a mask is added where it fills in one), and keep its stream.

    With `between`, also as it is after each attention and before the MLP, where there is such a
    state.

    Raises:
        InspectionError: the model answers no token, has no one stream with a row for each token, or
            the text is too long.
    """
    _require_tokens(model)
    text = with_mask(model, text)
    recording = record(model, text, target, keep=("residual", "logits"))
    found, own = recording.stack(), recording.logits
    if found.residual is None or own is None or own.ndim != 2 or len(own) != len(found.ids):
        raise InspectionError(
            f"'{model.name}' has no one residual stream with a row for each token and an answer "
            "behind it, so it cannot be read between two blocks. Choose another model."
        )
    if own.size > MOST_NUMBERS:
        raise InspectionError(
            f"{len(found.ids):,} tokens with {own.shape[1]:,} possible answers each are more than "
            f"is held here: at most {MOST_NUMBERS // own.shape[1]:,} tokens. Shorten the text."
        )
    rounding.require_numbers(own)
    ends = tuple(Boundary(layer) for layer in range(-1, len(found.residual) - 1))
    rows, boundaries = found.residual, ends
    without = ""
    if between:
        try:
            require_between(model)
            rows, boundaries = _with_between(model, recording, ends)
        except InspectionError as error:
            without = str(error)
    return States(
        text=text,
        recording=recording,
        stack=found.name,
        ids=found.ids,
        tokens=found.tokens,
        place=asked_place(model, found.ids),
        boundaries=boundaries,
        rows=rows,
        own=own,
        without_between=without,
        behind=behind_of(model, text, target, len(found.residual) - 1, len(found.ids)),
    )


def _with_between(
    model: Model, recording: Recording, ends: Sequence[Boundary]
) -> tuple[Float32[np.ndarray, "boundary token width"], tuple[Boundary, ...]]:
    found = recording.stack()
    assert found.residual is not None and found.attention_writes is not None
    dtype = model.facts.dtype
    inside = found.residual[:-1]
    for writes in (found.attention_writes, found.cross_writes):
        if writes is not None:
            pairs = zip(inside, writes, strict=True)
            inside = np.stack([rounded(stream + write, dtype) for stream, write in pairs])
    rows = np.empty((2 * len(inside) + 1, *inside.shape[1:]), np.float32)
    rows[::2], rows[1::2] = found.residual, inside
    names = [ends[0]]
    for end in ends[1:]:
        names += [Boundary(end.layer, True), end]
    return rows, tuple(names)


@dataclass(frozen=True)
class Places:
    """The tokens at which a model answers."""

    tokens: tuple[str, ...]
    place: int
    """Where it is asked: the last token, or the mask."""
    two_stacks: bool
    """They are those of a decoder, which has an encoder ahead of it."""


def places_of(model: Model, text: str, target: str | Sequence[int] | None = None) -> Places:
    """Return the tokens that the stack which answers will read.

    Raises:
        InspectionError: the model answers no token, or the text is empty or too long for it.
    """
    _require_tokens(model)
    inputs = inputs_of(model, with_mask(model, text), target)
    ids = list(inputs.values())[-1][0].tolist()
    return Places(model.token_texts(ids), asked_place(model, ids), len(inputs) == 2)


def _require_tokens(model: Model) -> None:
    require_answer(model)
    if model.kind == "classifier":
        raise InspectionError(
            f"'{model.name}' chooses a class for the whole text, so there is no answer at each "
            "token to look at. Choose a model that writes or fills in words, such as storyteller."
        )
