"""Sentences become vectors: read in batches, padded on the right, and pooled."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from jaxtyping import Bool, Float32, Int
from torch import Tensor

from components.inspection import rounding
from components.inspection.checks import Check
from components.inspection.embeddings.own_encoder import OwnEncoder, own_encoder
from components.inspection.embeddings.pooling import Way, pooled, unit_length
from components.inspection.embeddings.states import hidden_states, padded
from components.inspection.errors import InspectionError
from components.inspection.model import Model
from components.inspection.noise import allowed
from components.inspection.progress import Progress, silent
from components.inspection.tokenizer.backend import all_encoded, checked_text

Pooling = Literal["own", "mean", "cls", "last"]
"""How one vector is made of many: as the model's folder states it ("own"), or in a named way."""
MOST_SENTENCES: Final = 10_000
LONGEST: Final = 512
"""Most tokens that are read of one sentence: sentence encoders were made for 128 to 512."""
WORK: Final = 2**33
"""Multiplications by a weight that one batch may take on a CPU: a fraction of a second, after
which others may go before."""
FEWEST_TOKENS: Final = 256
MOST_TOKENS: Final = 8_192
"""Of one batch, padding counted."""
COMPARED: Final = 3
"""Sentences that are read once more, alone."""
ALONE: Final = "a sentence's vector in a batch is that of the sentence alone"


@dataclass(frozen=True, eq=False)
class SentenceVectors:
    """One vector for each sentence."""

    sentences: tuple[str, ...]
    vectors: Float32[np.ndarray, "sentence width"]
    pooling: Way
    """How they were pooled in the end."""
    normalised: bool
    """Each has length 1, as the model's folder states it."""
    tokens: Int[np.ndarray, " sentence"]
    """Tokens that were read, special ones included."""
    cut: Bool[np.ndarray, " sentence"]
    """Whether the sentence is longer than what was read of it."""
    checks: tuple[Check, ...]
    """That padding changes nothing, on a few sentences of the batches."""
    said: str
    """What the model's folder states and is not done; empty if nothing."""


def embed(
    model: Model,
    sentences: tuple[str, ...],
    pooling: Pooling = "own",
    progress: Progress = silent,
) -> SentenceVectors:
    """Let `model` read each of `sentences`, and make one vector of the last hidden states.

    They are those of the network without its head, after its final norm; of an encoder-decoder,
    of its encoder. Special tokens stand where the tokenizer puts them. "own" is what the model's
    folder states, else the mean.

    Raises:
        InspectionError: there are none or too many, the model makes no token of one of them, or
            what it computes are no numbers.
    """
    own = own_encoder(model)
    way: Way = (own.pooling or "mean") if pooling == "own" else pooling
    normalised = pooling == "own" and own.normalised
    progress(0.0, "Cutting sentences into tokens")
    ids, cut = read_ids(model, sentences, own)
    vectors: Float32[np.ndarray, "sentence width"] | None = None
    done = 0
    for batch in batches([len(each) for each in ids], tokens_at_once(model)):
        found = _vectors(model, [ids[place] for place in batch], way, normalised)
        rounding.require_numbers(found)
        if vectors is None:
            vectors = np.empty((len(ids), found.shape[1]), np.float32)
        vectors[batch] = found.cpu().numpy()
        done += len(batch)
        progress(done / (len(ids) + 1), f"Reading {len(ids):,} sentences")
    assert vectors is not None
    return SentenceVectors(
        sentences=sentences,
        vectors=vectors,
        pooling=way,
        normalised=normalised,
        tokens=np.array([len(each) for each in ids]),
        cut=np.array(cut),
        checks=(_alone(model, ids, vectors, way, normalised),),
        said=own.said if pooling == "own" else "",
    )


def read_ids(
    model: Model, sentences: Sequence[str], own: OwnEncoder
) -> tuple[list[list[int]], list[bool]]:
    """Return the ids of each sentence, and whether it was cut to what the model reads.

    Raises:
        InspectionError: as `embed`.
    """
    if not sentences:
        raise InspectionError("There is no sentence to read. Write one on each line.")
    if len(sentences) > MOST_SENTENCES:
        raise InspectionError(
            f"These are {len(sentences):,} sentences; at most {MOST_SENTENCES:,} are embedded at "
            "once. Leave some out."
        )
    for sentence in sentences:
        checked_text(sentence)
    most = longest(model, own)
    texts = [each.lower() for each in sentences] if own.lower else list(sentences)
    room = max(most - model.backend.num_special_tokens_to_add(False), 0)
    ids, cut = [], []
    for number, encoding in enumerate(all_encoded(model.backend, texts, offsets=True), 1):
        cut.append(len(encoding.ids) > room)
        if cut[-1]:
            encoding.truncate(room)
        read = list(model.backend.post_process(encoding).ids)
        if not read:
            raise InspectionError(
                f"'{model.name}' makes no token of sentence {number:,} "
                f"({sentences[number - 1][:40]!r}). Leave it out."
            )
        ids.append(model.checked(read))
    return ids, cut


def longest(model: Model, own: OwnEncoder) -> int:
    """Return how many tokens of one sentence are read, special ones included."""
    return min(model.context, LONGEST, own.longest or LONGEST)


def tokens_at_once(model: Model) -> int:
    """Return how many tokens, padding counted, a batch may have."""
    if model.device.type != "cpu":
        return MOST_TOKENS
    return int(np.clip(WORK // model.facts.parameters, FEWEST_TOKENS, MOST_TOKENS))


def batches(lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """Yield places of sentences, the shortest first, so that few of a batch's tokens are padding.

    >>> list(batches([5, 1, 9, 2], most=15))
    [[1, 3, 0], [2]]
    """
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and lengths[place] * (len(batch) + 1) > most:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _vectors(
    model: Model, ids: Sequence[Sequence[int]], way: Way, normalised: bool
) -> Float32[Tensor, "batch width"]:
    filled, read = padded(model, ids)
    found = pooled(hidden_states(model, filled, read), read, way)
    return unit_length(found) if normalised else found


def _alone(
    model: Model,
    ids: list[list[int]],
    vectors: Float32[np.ndarray, "sentence width"],
    way: Way,
    normalised: bool,
) -> Check:
    """Read the sentences with the most padding once more, each alone, and compare."""
    groups = batches([len(each) for each in ids], tokens_at_once(model))
    # The first of a batch is its shortest.
    padding = {group[0]: len(ids[group[-1]]) - len(ids[group[0]]) for group in groups}
    most = sorted(padding, key=padding.__getitem__)[-COMPARED:]

    def alone(place: int) -> Callable[[], Float32[Tensor, "batch width"]]:
        return lambda: _vectors(model, [ids[place]], way, normalised)

    found = [alone(place)().cpu().numpy()[0] for place in most]
    bounds = [[allowed(model, alone(place))] for place in most]
    return rounding.compared(
        ALONE,
        vectors[most],
        np.stack(found),
        np.array(bounds),
        "Padding changes what this model reads: the vectors depend on which sentences stand "
        "together.",
    )
