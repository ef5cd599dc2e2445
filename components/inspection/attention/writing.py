"""Attention while a text is written: the row of each new token, as it comes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from jaxtyping import Float32
from scipy.special import softmax

from components.inspection.attention.maps import (
    Group,
    alike,
    mixes_otherwise,
    recorded_checks,
    require_group,
)
from components.inspection.checks import Check, worst
from components.inspection.decoding import end_tokens, require_writing, write
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.recording import Recording

MOST_NEW: Final = 60


@dataclass(frozen=True, eq=False)
class GeneratedToken:
    """One step of writing: what the last token read, and what was written then."""

    read: tuple[str, ...]
    """The tokens that could be read."""
    reader: str
    """The last token so far: it reads, to find what comes next."""
    numbers: tuple[int, ...]
    """The layers that attend so, as the network counts its blocks."""
    row: Float32[np.ndarray, "layer head key"]
    """0 to 1: where `reader` looked. Sums to 1 over `read`."""
    checks: tuple[Check, ...]
    """Of the attention of this step."""
    token: str
    """What was written: the likeliest next token."""
    probability: float
    """0 to 1, of `token`."""
    ended: bool
    """`token` ends the text."""


def attention_while_writing(
    model: Model, text: str, new_tokens: int, group: Group
) -> Iterator[GeneratedToken]:
    """Yield up to `new_tokens` steps of writing on after `text`, the likeliest token each time.

    An encoder-decoder reads `text` in its encoder and writes in its decoder.

    Raises:
        InspectionError: the model does not write, or the text is empty or too long.
    """
    require_writing(model)
    require_group(model, group)
    if group == "encoder":
        raise InspectionError(
            "Only a decoder writes: choose its own attention, or cross-attention."
        )
    ends = end_tokens(model)
    ids = model.encode(text)
    seen: list[Recording] = []
    two_stacks = len(model.anatomy.stacks) == 2

    def next_logits(written: list[int]) -> torch.Tensor:
        recording = (
            record(model, ids, written or None, keep=["attention", "logits"])
            if two_stacks
            else record(model, [*ids, *written], keep=["attention", "logits"])
        )
        seen[:] = [recording]
        assert recording.logits is not None
        return torch.from_numpy(recording.logits[-1])

    otherwise = mixes_otherwise(model)
    begin = 1 if two_stacks else len(ids)
    for best, logits in write(model, begin, min(new_tokens, MOST_NEW), next_logits):
        recording = seen[0]
        readers = recording.stack("decoder").tokens
        records = alike(recording, group)
        yield GeneratedToken(
            read=recording.stack("encoder").tokens if group == "cross" else readers,
            reader=readers[-1],
            numbers=tuple(one.layer for one in records),
            row=np.stack([one.weights[:, -1] for one in records]),
            checks=recorded_checks(records, otherwise),
            token=model.token_texts([best])[0],
            probability=float(softmax(logits.numpy().astype(np.float64))[best]),
            ended=best in ends,
        )


@dataclass(frozen=True, eq=False)
class Generation:
    """What was written so far."""

    steps: tuple[GeneratedToken, ...]
    asked: int
    """Tokens asked for; as many as there are, where the context was full before."""

    @property
    def done(self) -> float:
        """0 to 1; 1 too where the text has ended."""
        return 1.0 if self.steps[-1].ended else len(self.steps) / self.asked

    @property
    def checks(self) -> tuple[Check, ...]:
        """The worst of each check over all steps."""
        return written_checks(self.steps)

    def own_share(self, place: int) -> float:
        """Return the mean share that query tokens after the first give to written tokens.

        `place` counts the layers that attend; the mean is over its heads, too.
        """
        prompt = len(self.steps[0].read)
        shares = [step.row[place][:, prompt:].sum(-1).mean() for step in self.steps[1:]]
        return float(np.mean(shares)) if shares else 0.0

    def rows(self, place: int, head: int | None) -> Float32[np.ndarray, "step key"]:
        """Return where `head` (None: the mean) of a layer looked at each step; 0 beyond."""
        grid = np.zeros((len(self.steps), len(self.steps[-1].read)), dtype=np.float32)
        for row, step in enumerate(self.steps):
            weights = step.row[place].mean(0) if head is None else step.row[place, head]
            grid[row, : len(weights)] = weights
        return grid


def writing(model: Model, text: str, new_tokens: int, group: Group) -> Iterator[Generation]:
    """Yield, after each step of `attention_while_writing`, all that was written so far.

    Raises:
        InspectionError: as for `attention_while_writing`.
    """
    steps: list[GeneratedToken] = []
    for step in attention_while_writing(model, text, new_tokens, group):
        steps.append(step)
        yield Generation(tuple(steps), new_tokens)
    if steps and not steps[-1].ended and len(steps) < new_tokens:
        yield Generation(tuple(steps), len(steps))


def written_checks(steps: Sequence[GeneratedToken]) -> tuple[Check, ...]:
    """Return the worst of each check over all steps."""
    names = [check.says for check in steps[0].checks]
    return tuple(
        worst([check for step in steps for check in step.checks if check.says == name])
        for name in names
    )
