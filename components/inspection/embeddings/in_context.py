"""One word in several sentences: one vector in the table, another in every sentence above it.

What leaves the last block is often printed as "the embedding of a word, without its position": it
is neither. The table's row knows no position and no neighbours, the last hidden state knows both.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.embeddings.occurrences import Occurrence, occurrences
from components.inspection.embeddings.search import by_definition
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.noise import allowed
from components.inspection.premises import measured
from components.inspection.progress import Progress, silent

EXTRA_PASSES: Final = 4
"""Passes beside one for each sentence: that of the sentence cut off, and of its roundings."""
AHEAD: Final = "cut off behind the word, the sentence gives it the same vectors"


@dataclass(frozen=True, eq=False)
class WordInContext:
    """A word's vectors, of each place where it stands."""

    word: str
    found: tuple[Occurrence, ...]
    table: Float32[np.ndarray, "occurrence table_width"]
    """What the network's embedding gives for its tokens, their mean: it knows neither positions nor
    neighbours."""
    hidden: Float32[np.ndarray, "occurrence boundary width"]
    """Row 0 enters the first block, row n + 1 leaves block n: the mean of its tokens'."""
    cosines: Float32[np.ndarray, "stage occurrence occurrence"]
    """-1 to 1: stage 0 of the table, stage s + 1 of boundary s."""
    to_table: Float32[np.ndarray, "boundary occurrence"] | None
    """-1 to 1: with the word's own vector of the table; None where that has another width."""
    one_way: bool
    """A token sees what stands before it, and nothing after it, as measured."""
    checks: tuple[Check, ...]

    @property
    def farthest(self) -> int:
        """The stage at which the first two occurrences are least alike."""
        return int(self.cosines[:, 0, 1].argmin())

    def alike(self, stage: int) -> tuple[int, int]:
        """Return the two occurrences that are most alike at a stage."""
        others = self.cosines[stage] - 9 * np.eye(len(self.found), dtype=np.float32)
        one, other = np.unravel_index(int(others.argmax()), others.shape)
        return int(one), int(other)


def stage_name(stage: int, stages: int) -> str:
    """Say in a few words where the vectors of a stage are taken.

    >>> [stage_name(stage, 4) for stage in range(4)]
    ['the table', 'entering layer 0', 'after layer 0', 'after layer 1']
    """
    if stage == 0:
        return "the table"
    return "entering layer 0" if stage == 1 else f"after layer {stage - 2}"


def word_in_context(
    model: Model, sentences: tuple[str, ...], word: str, progress: Progress = silent
) -> WordInContext:
    """Let `model` read each sentence, and take the vectors of `word` wherever it stands.

    Of an encoder-decoder, in its encoder. A word of several tokens is the mean of theirs.

    Raises:
        InspectionError: the word stands in fewer than two places, a sentence is too long, or what
            is read is no one vector for each token.
    """
    found = occurrences(model, sentences, word)
    layers: list[np.ndarray] = []
    looked_up: list[np.ndarray] = []
    for number in sorted({one.sentence for one in found}):
        progress(number / len(sentences), "Reading the sentences")
        ids = model.encode(sentences[number])
        read, rows = _hidden(model, ids), _looked_up(model, ids)
        for one in found:
            if one.sentence == number:
                layers.append(read[:, list(one.places)].mean(axis=1))
                looked_up.append(rows[list(one.places)].mean(axis=0))
    hidden, table = np.stack(layers), np.stack(looked_up)
    rounding.require_numbers(hidden, table)
    cosines = np.stack([cosines_of(each) for each in (table, *hidden.swapaxes(0, 1))])
    to_table = None
    if table.shape[1] == hidden.shape[2]:
        pairs = np.concatenate([table[:, None], hidden], axis=1)
        to_table = np.stack([cosines_of(each)[0, 1:] for each in pairs], axis=1)
    one_way = next(iter(model.anatomy.stacks)) == "decoder" and measured(model, "direction").holds
    return WordInContext(
        word=word,
        found=found,
        table=table,
        hidden=hidden,
        cosines=cosines,
        to_table=to_table,
        one_way=one_way,
        checks=(
            _table_check(found, table),
            _cosine_check(hidden, cosines),
            *_ahead(model, sentences[found[0].sentence], found[0], hidden[0], one_way),
        ),
    )


def cosines_of(
    vectors: Float32[np.ndarray, "vector width"],
) -> Float32[np.ndarray, "vector vector"]:
    """Return the cosine of each vector with each; of a vector of zeros 0.

    >>> cosines_of(np.array([[3, 4], [6, 8], [-8, 6]], np.float32)).round(3).tolist()
    [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    return np.clip(by_definition(vectors, vectors), -1, 1).astype(np.float32)


def _hidden(model: Model, ids: list[int]) -> Float32[np.ndarray, "boundary token width"]:
    found = record(model, ids, keep=["residual"]).stacks[0].residual
    if found is None:
        raise InspectionError(
            f"'{model.name}' has no one hidden state for each token: it keeps several side by side."
        )
    return found


def _looked_up(model: Model, ids: list[int]) -> Float32[np.ndarray, "token width"]:
    module: Any = model.embeddings()[0]
    with torch.no_grad():
        rows: Tensor = module(torch.tensor([ids], device=model.device))[0]
    return rows.to("cpu", torch.float32).numpy()


def _table_check(
    found: tuple[Occurrence, ...], table: Float32[np.ndarray, "occurrence width"]
) -> Check:
    """Compare each occurrence with the first that has the same tokens."""
    first = [[one.ids for one in found].index(each.ids) for each in found]
    return rounding.compared(
        "at the table, the same tokens are one vector in all sentences",
        table,
        table[first],
        0.0,
        "What the network looks up depends on more than the token.",
    )


def _cosine_check(
    hidden: Float32[np.ndarray, "occurrence boundary width"],
    cosines: Float32[np.ndarray, "stage occurrence occurrence"],
) -> Check:
    """Compare the cosines with those that the three sides of the triangle give.

    The sides are computed in float64, and the cosines rounded to float32 at the end. Where two
    vectors are almost the same, their difference takes away digits: each was rounded to float32.
    """
    exact = hidden.swapaxes(0, 1).astype(np.float64)
    squares = (exact**2).sum(axis=-1)
    apart = ((exact[:, :, None] - exact[:, None]) ** 2).sum(axis=-1)
    lengths = np.sqrt(squares[:, :, None] * squares[:, None])
    by_law = (squares[:, :, None] + squares[:, None] - apart) / (2 * lengths).clip(1e-300)
    return rounding.compared(
        "each cosine is what the three sides of the triangle give",
        cosines[1:],
        by_law,
        8 * rounding.unit("float32"),
        "The table shows other vectors than those that were read.",
    )


def _ahead(
    model: Model,
    sentence: str,
    one: Occurrence,
    whole: Float32[np.ndarray, "boundary width"],
    one_way: bool,
) -> tuple[Check, ...]:
    """Read a sentence up to its word: does the word know what would have followed?

    Nothing is checked where nothing but special tokens follows.
    """
    ids = model.encode(sentence)
    part = ids[: one.places[-1] + 1]
    if set(ids[len(part) :]) <= set(model.tokenizer.all_special_ids):
        return ()

    def read() -> Tensor:
        return torch.from_numpy(_hidden(model, part)[:, list(one.places)].mean(axis=1))

    cut = read()
    error = float((cut - torch.from_numpy(whole)).abs().max())
    # Of a model that sees both ways nothing is promised: told is how much the rest changed.
    bound = (0.0 if error == 0 else allowed(model, read, cut)) if one_way else None
    return (Check(AHEAD, error, bound, "A word's vector depends on what follows it."),)
