"""Does a token know what comes after it? The last token changed, and what moved."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.inspection.attention.maps import Group
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.recording import Array


@dataclass(frozen=True, eq=False)
class Changed:
    """The same text read twice, once with another last token."""

    before: str
    after: str
    """The last token of each reading (of an encoder: the last that is not special)."""
    moved: Array
    """[token]: how far the last layer's stream moved, as a share of its length."""


def change_the_last(
    model: Model, text: str | Sequence[int], target: str | None, group: Group
) -> Changed:
    """Let `model` read `text`, then the same with another last token, and compare its streams.

    In an encoder-decoder the tower of `group` is meant; of its decoder, `target` is changed.

    Raises:
        InspectionError: there is nothing that could be changed.
    """
    ids = model.encode(text) if isinstance(text, str) else model.checked(text)
    in_target = model.kind == "seq2seq" and group == "decoder"
    changed = model.encode_target(target or "") if in_target else list(ids)
    special = set(model.tokenizer.all_special_ids)
    places = [place for place, token in enumerate(changed) if token not in special]
    if len(changed) < 2 or not places:
        raise InspectionError("There is no last token to change: write at least two words.")
    last = places[-1]
    before = changed[last]
    # The first token that is another ordinary one: any would do.
    others = (changed[places[0]], *range(1000))
    changed[last] = next(token for token in others if token not in {before, *special})
    written = model.encode_target(target) if target else None
    first = record(model, ids, written, keep=["residual"])
    second = (
        record(model, ids, changed, keep=["residual"])
        if in_target
        else record(model, changed, written, keep=["residual"])
    )
    tower = "decoder" if group == "cross" else group
    one, other = first.stack(tower).residual, second.stack(tower).residual
    if one is None or other is None:
        raise InspectionError(f"The streams of '{model.source}' cannot be recorded.")
    lengths = np.linalg.norm(one[-1], axis=-1).clip(1e-12)
    moved = np.linalg.norm(one[-1] - other[-1], axis=-1) / lengths
    stop = last + 1 + in_target
    texts = model.token_texts([before, changed[last]])
    return Changed(texts[0], texts[1], moved[:stop].astype(np.float32))
