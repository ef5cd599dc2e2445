"""Short texts of ordinary tokens, on which a network is measured."""

from collections.abc import Sequence

import numpy as np
import torch

from components.inspection.model import Model

LENGTH = 12
"""Tokens of a probe: a few more than the windows of the tests' tiny models."""


def ordinary_tokens(model: Model) -> list[int]:
    """Return the ids that stand for text: all that tokenizer and network both have, but the
    special ones."""
    special = set(model.tokenizer.all_special_ids)
    size = min(len(model.tokenizer), model.rows_of_embedding)
    return [token for token in range(size) if token not in special] or list(range(size))


def drawn(model: Model, count: int, seed: int = 0) -> list[int]:
    """Return `count` ordinary tokens, drawn with `seed`; each once, as far as there are so many."""
    ordinary = ordinary_tokens(model)
    draw = np.random.default_rng(seed)
    return [int(one) for one in draw.choice(ordinary, count, replace=len(ordinary) < count)]


def start_of(model: Model) -> list[int]:
    """Return the special token that stands before every text, if there is one."""
    first = model.ids_of("a")[:1]
    return first if first and first[0] in set(model.tokenizer.all_special_ids) else []


def probe_ids(model: Model, seed: int = 0) -> list[int]:
    """Return a text of `LENGTH` ordinary tokens, or fewer in a shorter context."""
    return drawn(model, max(2, min(LENGTH, model.context - 2)), seed)


def sums_alike(name: str) -> str:
    """Return the name under which what a pass gave is kept, to be compared with another pass to the
    last bit: on another number of threads sums are added in another order."""
    return f"{name} on {torch.get_num_threads()} threads"


def probe_target(model: Model, seed: int = 1) -> Sequence[int] | None:
    """Return what the decoder of an encoder-decoder is given to read; None without one."""
    return drawn(model, 6, seed) if len(model.anatomy.stacks) == 2 else None
