"""What reading many sentences takes, before it is begun."""

from dataclasses import dataclass

from components.inspection.embeddings.own_encoder import own_encoder
from components.inspection.embeddings.sentences import batches, read_ids, tokens_at_once
from components.inspection.embeddings.states import hidden_states, padded
from components.inspection.kv_cache.clock import timed
from components.inspection.model import Model
from components.inspection.probe import drawn
from components.inspection.progress import Progress, silent


@dataclass(frozen=True)
class Plan:
    """How many sentences are ahead, and how long they are."""

    sentences: int
    tokens: int
    """Of all sentences together."""
    padded: int
    """The same with the padding of the batches."""
    longest: int
    """Of one sentence."""


def plan(model: Model, sentences: tuple[str, ...], progress: Progress = silent) -> Plan:
    """Return what `sentences.embed` is going to read; the network is not asked.

    Raises:
        InspectionError: as `sentences.embed`.
    """
    progress(0.0, "Cutting sentences into tokens")
    ids, _ = read_ids(model, sentences, own_encoder(model))
    lengths = [len(each) for each in ids]
    padded = sum(
        len(batch) * lengths[batch[-1]] for batch in batches(lengths, tokens_at_once(model))
    )
    return Plan(len(ids), sum(lengths), padded, max(lengths))


def seconds_a_token(model: Model, length: int, sentences: int, _again: int = 0) -> float:
    """Return the seconds that one token takes in a batch of that many sentences of this length.

    `_again` only tells one measurement from another, where results are kept.

    Raises:
        InspectionError: the network's own code fails.
    """
    length = max(1, min(length, model.context - 1))
    rows = max(1, min(sentences, tokens_at_once(model) // length))
    filled, read = padded(model, [drawn(model, length)] * rows)

    def once() -> float:
        return timed(model.device, lambda: hidden_states(model, filled, read))[1]

    return min(once(), once()) / (rows * length)  # the first also fetches and prepares
