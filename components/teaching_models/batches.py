"""Batches of training text, each a pure function of the seed and the step.

A run that is resumed at a step reads on as if it had never stopped: there is no position to save.
Rows hold whole documents, each behind `<|end|>`, the last one cut off; or random tokens that are
repeated, from which induction heads grow (Olsson et al. 2022). The repeated blocks start short and
common, and grow longer and rarer.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from transformers import PreTrainedTokenizerFast

from components.teaching_models.corpus import documents
from components.teaching_models.tokenizer import END_ID

IGNORED = -100
"""Label of a position whose loss does not count."""
NOWHERE = -1
"""Position that stands for none."""


@dataclass(frozen=True)
class Repeats:
    """How many rows repeat random tokens, and how hard these are, as training goes on."""

    first_share: float = 0.5
    last_share: float = 0.12
    stays_until: float = 0.15
    falls_until: float = 0.3
    """Progress (0 to 1) until which the share stays, and at which it has reached the last one."""
    grown_at: float = 0.2
    """Progress at which blocks may be as long as they ever get."""
    longest: int = 200
    noise: float = 0.1
    """Share of the repeats whose first copy, which nobody can predict, counts in the loss too."""

    def share(self, progress: float) -> float:
        """Return the share of rows that repeat, at this progress of the training (0 to 1)."""
        done = (progress - self.stays_until) / (self.falls_until - self.stays_until)
        done = min(max(done, 0), 1)
        return self.first_share + (self.last_share - self.first_share) * done


@dataclass(frozen=True)
class Batch:
    """Rows of tokens; all three tensors are int64 [rows, length]."""

    inputs: torch.Tensor
    labels: torch.Tensor
    """The next token, or `IGNORED` where its loss does not count."""
    earlier: torch.Tensor
    """In a repeat: where in the row the next token stood in the copy before; elsewhere `NOWHERE`.
    It is what an induction head attends to."""


class Batches:
    """Write the batch of any step."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerFast, seed: int, repeats: Repeats | None = None
    ) -> None:
        self.tokenizer = tokenizer
        self.seed = seed
        self.repeats = repeats or Repeats()

    def batch(self, step: int, progress: float, rows: int, length: int) -> Batch:
        """Return the batch of a step: the same for the same arguments, always."""
        chance = random.Random(f"{self.seed} {step}")
        texts = (document.text for document in documents(chance.getrandbits(63)))
        repeated = int(self.repeats.share(progress) * rows + chance.random())
        tokens, counts, copies = [], [], []
        for row in range(rows):
            if row < repeated:
                ids, counted, earlier = self._repeats_row(chance, progress, length + 1)
            else:
                ids = self._document_row(texts, length + 1)
                counted, earlier = [True] * len(ids), [NOWHERE] * len(ids)
            tokens.append(ids)
            counts.append(counted)
            copies.append(earlier)
        ids_of_rows = torch.tensor(tokens)
        labels = ids_of_rows[:, 1:].clone()
        labels[~torch.tensor(counts)[:, 1:]] = IGNORED
        return Batch(ids_of_rows[:, :-1].contiguous(), labels, torch.tensor(copies)[:, :-1])

    def _document_row(self, texts: Iterator[str], length: int) -> list[int]:
        row: list[int] = []
        while len(row) < length:
            row += self.tokenizer(next(texts)).input_ids
        return row[:length]

    def _repeats_row(
        self, chance: random.Random, progress: float, length: int
    ) -> tuple[list[int], list[bool], list[int]]:
        """Return tokens, whether each counts as a label, and where its induction target is."""
        growth = min(progress / self.repeats.grown_at, 1.0)
        longest = min(8 + (self.repeats.longest - 8) * growth, (length - 1) / 2)
        row: list[int] = []
        counted: list[bool] = []
        earlier: list[int] = []
        while len(row) < length:
            block = round(_between(chance, 4, longest))
            times = 2 + round(chance.expovariate(block / 12))
            later = block * (times - 1)
            copy = [chance.randrange(1, len(self.tokenizer)) for _ in range(block)]
            noisy = chance.random() < self.repeats.noise
            start = len(row)
            row += [END_ID, *copy * times]
            counted += [False] + [noisy] * block + [True] * later
            earlier += [NOWHERE] * (block + 1) + [start + 2 + index for index in range(later)]
        return row[:length], counted[:length], earlier[:length]


def _between(chance: random.Random, low: float, high: float) -> float:
    """Return a number between the two, as likely in every doubling (log-uniform)."""
    return float(low * (max(high, low) / low) ** chance.random())
