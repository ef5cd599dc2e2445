"""Attention while a text is written: the row of each new token, as it comes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from components.inspection.attention.maps import Group, groups, records_of
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.recording import Array

MOST_NEW: Final = 60


@dataclass(frozen=True, eq=False)
class WrittenToken:
    """One step of writing: what the last token read, and what was written then."""

    read: tuple[str, ...]
    """The tokens that could be read."""
    reader: str
    """The last token so far: it reads, to find what comes next."""
    row: Array
    """[layer, head, read], 0 to 1: where `reader` looked. Sums to 1 over `read`."""
    token: str
    """What was written: the likeliest next token."""
    probability: float
    """0 to 1, of `token`."""
    ended: bool
    """`token` ends the text."""


def attention_while_writing(
    model: Model, text: str, new_tokens: int, group: Group
) -> Iterator[WrittenToken]:
    """Yield up to `new_tokens` steps of writing on after `text`, the likeliest token each time.

    An encoder-decoder reads `text` in its encoder and writes in its decoder.

    Raises:
        InspectionError: the model does not write, or the text is empty or too long.
    """
    if model.kind not in ("causal", "seq2seq"):
        raise InspectionError(
            f"'{model.source}' fills masks or judges; it does not write token by token. Choose a "
            "decoder, such as storyteller."
        )
    if group not in groups(model) or group == "encoder":
        raise InspectionError(
            "Only a decoder writes: choose its own attention, or cross-attention."
        )
    ends = _ends(model)
    ids = model.encode(text)
    written: list[int] = []
    for _ in range(min(new_tokens, MOST_NEW)):
        if model.kind == "causal":
            if len(ids) + len(written) > model.context:
                return
            recording = record(model, [*ids, *written], keep=["attention", "logits"])
        else:
            recording = record(model, ids, written or None, keep=["attention", "logits"])
        assert recording.logits is not None
        logits = recording.logits[-1].astype(np.float64)
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        best = int(shares.argmax())
        readers = recording.stack("decoder").tokens
        yield WrittenToken(
            read=recording.stack("encoder").tokens if group == "cross" else readers,
            reader=readers[-1],
            row=np.stack([one.weights[:, -1] for one in records_of(recording, group)]),
            token=model.token_texts([best])[0],
            probability=float(shares[best]),
            ended=best in ends,
        )
        if best in ends:
            return
        written.append(best)


def _ends(model: Model) -> set[int]:
    stated = model.network.generation_config.eos_token_id
    found = stated if isinstance(stated, list) else [stated, model.tokenizer.eos_token_id]
    return {token for token in found if token is not None}
