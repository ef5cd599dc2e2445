"""Batches of training text, each a pure function of the seed and the step.

A run that is resumed at a step reads on as if it had never stopped: there is no position to save.
Rows hold whole documents, each behind `<|end|>`, the last one cut off; or random tokens that are
repeated, from which induction heads grow (Olsson et al. 2022). Repeats start easy (few different
tokens, short blocks) and common, and grow harder and rarer, because the circuit does not form
from long blocks of thousands of different tokens.
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


@dataclass(frozen=True)
class Repeats:
    """How many rows repeat random tokens, and how hard these are, as training goes on."""

    first_share: float = 0.5
    last_share: float = 0.15
    stays_until: float = 0.12
    falls_until: float = 0.35
    """Progress (0 to 1) until which the share stays, and at which it has reached the last one."""
    grown_at: float = 0.15
    """Progress at which blocks may be as long and as varied as they ever get."""
    longest: int = 120
    noise: float = 0.1
    """Share of the repeats whose first copy, which nobody can predict, counts in the loss too."""

    def share(self, progress: float) -> float:
        """Return the share of rows that repeat, at this progress of the training (0 to 1)."""
        done = (progress - self.stays_until) / (self.falls_until - self.stays_until)
        done = min(max(done, 0), 1)
        return self.first_share + (self.last_share - self.first_share) * done


class Batches:
    """Write the batch of any step."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerFast, seed: int, repeats: Repeats | None = None
    ) -> None:
        self.tokenizer = tokenizer
        self.seed = seed
        self.repeats = repeats or Repeats()
        self._shuffled = list(range(1, len(tokenizer)))
        random.Random(seed).shuffle(self._shuffled)

    def batch(
        self, step: int, progress: float, rows: int, length: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return inputs and labels, both int64 [rows, length]; a label is the next token."""
        chance = random.Random(f"{self.seed} {step}")
        texts = (document.text for document in documents(chance.getrandbits(63)))
        share = self.repeats.share(progress)
        repeated = int(share * rows + chance.random())
        tokens, counts = [], []
        for row in range(rows):
            if row < repeated:
                ids, counted = self._repeats_row(chance, progress, length + 1)
            else:
                ids = self._document_row(texts, length + 1)
                counted = [True] * len(ids)
            tokens.append(ids)
            counts.append(counted)
        ids_of_rows = torch.tensor(tokens)
        labels = ids_of_rows[:, 1:].clone()
        labels[~torch.tensor(counts)[:, 1:]] = IGNORED
        return ids_of_rows[:, :-1].contiguous(), labels

    def _document_row(self, texts: Iterator[str], length: int) -> list[int]:
        row: list[int] = []
        while len(row) < length:
            row += self.tokenizer(next(texts)).input_ids
        return row[:length]

    def _repeats_row(
        self, chance: random.Random, progress: float, length: int
    ) -> tuple[list[int], list[bool]]:
        growth = min(progress / self.repeats.grown_at, 1.0)
        vocabulary = len(self.tokenizer)
        row: list[int] = []
        counted: list[bool] = []
        while len(row) < length:
            variety = round(_between(chance, 32, 64 * ((vocabulary - 1) / 64) ** growth))
            if growth == 1.0 and chance.random() < 0.5:
                variety = vocabulary - 1
            longest = min(8 + (self.repeats.longest - 8) * growth, (length - 1) / 2)
            block = round(_between(chance, 4, longest))
            times = 2 + round(chance.expovariate(block / 12))
            copy = [self._shuffled[chance.randrange(variety)] for _ in range(block)]
            row += [END_ID, *copy * times]
            noisy = chance.random() < self.repeats.noise
            counted += [False] + [noisy] * block + [True] * (block * (times - 1))
        return row[:length], counted[:length]


def _between(chance: random.Random, low: float, high: float) -> float:
    """Return a number between the two, as likely in every doubling (log-uniform)."""
    return float(low * (max(high, low) / low) ** chance.random())
