"""Score a text in windows that overlap by half: each token behind what its window holds of it."""

import math
from collections.abc import Iterator
from typing import Any, Final

import torch
from jaxtyping import Float, Float64
from torch import Tensor
from torch.nn.functional import cross_entropy

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import arguments_of
from components.inspection.model import Model
from components.inspection.noise import allowed
from components.inspection.progress import Progress
from components.inspection.running import run
from components.inspection.sampling.plain import log_shares

WINDOW: Final = 1024
ROWS: Final = 64
"""Positions whose logits are turned into probabilities at a time: bounds the memory used."""


class Reading:
    """All ids that are read, start tokens included, a window of them at a time."""

    def __init__(self, model: Model, ids: list[int], source: str) -> None:
        self.model, self.ids = model, ids
        two_stacks = len(model.anatomy.stacks) == 2
        self.source = torch.tensor([model.encode(source)]) if two_stacks else None
        # The logits of a window are its tokens times the vocabulary: bounded to 256 MB.
        most = max(32, 2**26 // model.facts.vocabulary)
        self.window = max(2, min(model.context, WINDOW, most))

    @property
    def in_one(self) -> bool:
        """It is read in one window."""
        return len(self.ids) <= self.window

    def arguments(self, begin: int, end: int) -> dict[str, Any]:
        """Return what the network is called with to read the ids [begin, end) and no others."""
        given = torch.tensor([self.model.checked(self.ids[begin:end])], device=self.model.device)
        if self.source is None:
            (stack,) = self.model.anatomy.stacks
            return arguments_of(self.model, {stack: given})
        source = self.source.to(self.model.device)
        return arguments_of(self.model, {"encoder": source, "decoder": given})

    def logits(self, begin: int, end: int) -> Float[Tensor, "token vocabulary"]:
        """Return what is said behind each of the ids from `begin` to before `end`."""
        with torch.no_grad():
            logits: Tensor = run(self.model, **self.arguments(begin, end)).logits[0]
        return logits

    def surprisals(self, begin: int, end: int) -> Float64[Tensor, " token"]:
        """Return how surprising each of the ids [begin + 1, end) was, in nats, read in one pass."""
        # The last is not read: nothing is asked behind it.
        return -log_shares(self.logits(begin, end - 1), self.ids[begin + 1 : end])

    def windows(self) -> Iterator[tuple[int, int, int]]:
        """Yield (begin, first scored, end) of each window, those that overlap by half."""
        begin, done = 0, 1
        while done < len(self.ids):
            end = min(begin + self.window, len(self.ids))
            yield begin, done, end
            begin, done = max(0, end - self.window // 2), end


def scores(reading: Reading, progress: Progress) -> Iterator[tuple[float, int, int]]:
    """Yield (surprisal, rank, likeliest id) of every token but the first.

    Raises:
        InspectionError: a logit is not a number.
    """
    for begin, done, end in reading.windows():
        progress(done / len(reading.ids), f"{done:,} of {len(reading.ids):,} tokens")
        logits = reading.logits(begin, end)
        for first in range(done, end, ROWS):
            last = min(first + ROWS, end)
            # The logits at a position speak of the token after it.
            rows = logits[first - 1 - begin : last - 1 - begin].float()
            if bool(torch.isnan(rows).any()):
                raise InspectionError(
                    "Some logits are not numbers (NaN), so no probability follows from them: the "
                    "model's weights may be damaged, or its data type too narrow; load it in "
                    "float32."
                )
            target = torch.tensor(reading.ids[first:last], device=rows.device)[:, None]
            own = rows.gather(1, target)
            surprisal = rows.logsumexp(dim=1) - own[:, 0]
            ranks = 1 + (rows > own).sum(dim=1)
            yield from zip(
                surprisal.clamp(min=0).tolist(),
                ranks.tolist(),
                rows.argmax(dim=1).tolist(),
                strict=True,
            )


def checks(reading: Reading, found: list[float]) -> tuple[Check, ...]:
    """Hold what was scored against plain passes: a text in one window as a whole, a longer one
    where its last window goes on.

    `found` are the surprisals of all that was read but the first.
    """
    model, size = reading.model, len(reading.ids)
    arithmetic = rounding.of_log_softmax(model.rows_of_embedding, max(found))
    if reading.in_one:
        # The same pass once more: nothing but the arithmetic behind it may differ.
        loss = _cross_entropy(reading.logits(0, size), reading.ids)
        return (
            Check(
                "the mean surprisal is the cross-entropy of one plain pass (the loss)",
                abs(math.fsum(found) / len(found) - loss),
                arithmetic,
                "The tokens were not scored by what the model says before each of them.",
            ),
        )
    # The first token that a window scores stands behind half a window of others.
    done = list(reading.windows())[-1][1]
    begin = done - reading.window // 2

    def plain() -> Tensor:
        return reading.surprisals(begin, done + 1)[-1]

    return (
        Check(
            "where the last window goes on, the surprisal is that of a plain pass",
            abs(found[done - 1] - float(plain())),
            allowed(model, plain) + arithmetic,
            "Windows are not put together as they should be.",
        ),
    )


def _cross_entropy(logits: Float[Tensor, "token vocabulary"], ids: list[int]) -> float:
    total, size = 0.0, len(ids)
    target = torch.tensor(ids[1:], device=logits.device)
    for rows, wanted in zip(logits[: size - 1].split(ROWS), target.split(ROWS), strict=True):
        total += float(cross_entropy(rows.double(), wanted, reduction="sum"))
    return total / (size - 1)
