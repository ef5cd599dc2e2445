"""The weights of all heads of one kind of attention, for one text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from components.inspection.attention.window import Window
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.recording import Array, AttentionRecord, Recording

Group = Literal["decoder", "encoder", "cross"]
GROUPS: Final[tuple[Group, ...]] = ("decoder", "encoder", "cross")
"""Self-attention of a tower, or the decoder's look into the encoder."""
HIDDEN: Final = -1e9
"""A score at or below this was hidden by the mask: -inf, or the lowest number of the dtype."""


@dataclass(frozen=True, eq=False)
class AttentionMaps:
    """Where every head of one group looked while the model read one text.

    The model's own numbers, unchanged: the softmax of its scores.
    """

    group: Group
    readers: tuple[str, ...]
    """The tokens that read: rows."""
    read: tuple[str, ...]
    """The tokens that are read: columns. The same as `readers` but in cross-attention."""
    reader_ids: tuple[int, ...]
    weights: Array
    """[layer, head, reader, read], 0 to 1. Rows sum to 1 (to less in a model with a learned
    sink, such as gpt_oss)."""
    visible: NDArray[np.bool_]
    """[layer, reader, read]: the mask; True where a token may be read."""
    kv_heads: int
    """Key-value heads; query head h uses key-value head h // (heads / kv_heads)."""
    key_size: int = 0
    """Numbers in a key."""

    @property
    def layers(self) -> int:
        """Number of layers."""
        return self.weights.shape[0]

    @property
    def heads(self) -> int:
        """Number of query heads in a layer."""
        return self.weights.shape[1]

    @property
    def row_error(self) -> float:
        """How far from 1 the farthest row's sum is."""
        return float(np.abs(self.weights.sum(-1, dtype=np.float64) - 1).max())

    def outside(self, window: Window) -> float:
        """The largest share, 0 to 1, that a row of `window` gives outside of it."""
        rows = self.weights[:, :, window.rows, :]
        return float((rows.sum(-1) - rows[..., window.columns].sum(-1)).max(initial=0.0))


def groups(model: Model) -> tuple[Group, ...]:
    """Return the kinds of attention that `model` has; the one that gives the output first.

    Raises:
        InspectionError: it has none, like a state-space model.
    """
    towers = model.anatomy.towers
    found: list[Group] = [name for name in ("decoder", "encoder") if name in towers]
    if any(tower.cross_attention for tower in towers.values()):
        found.append("cross")
    if not any(tower.attention for tower in towers.values()):
        raise InspectionError(
            f"'{model.source}' ({model.facts.family}) has no attention that could be shown: its "
            "tokens are mixed in another way. Choose a transformer, such as storyteller."
        )
    return tuple(found)


def attention_maps(
    model: Model, text: str | Sequence[int], target: str | Sequence[int] | None, group: Group
) -> AttentionMaps:
    """Let `model` read `text` once, and return the weights of all heads of `group`.

    `target` is what the decoder of an encoder-decoder is given to read.

    Raises:
        InspectionError: the text is empty or too long, or the model has no such attention.
    """
    if group not in groups(model):
        raise InspectionError(
            f"'{model.source}' has no {group} attention; it has: {', '.join(groups(model))}."
        )
    return maps_of(record(model, text, target, keep=["attention"]), group)


def records_of(recording: Recording, group: Group) -> list[AttentionRecord]:
    """Return the sublayers of `group`, from the first layer up.

    Raises:
        InspectionError: the recording has none.
    """
    stack, kind = ("decoder", "cross") if group == "cross" else (group, "self")
    found = list(recording.of(stack, kind))  # type: ignore[arg-type]
    if not found:
        raise InspectionError(
            f"'{recording.source}' attends in a way that Vitrine cannot see: no {group} attention "
            "was recorded. Choose a model of another family."
        )
    return found


def maps_of(recording: Recording, group: Group) -> AttentionMaps:
    """Return the weights of `group` out of a recording."""
    records = records_of(recording, group)
    readers = recording.stack("decoder" if group == "cross" else group)
    read = recording.stack("encoder") if group == "cross" else readers
    weights = np.stack([record.weights for record in records])
    return AttentionMaps(
        group=group,
        readers=readers.tokens,
        read=read.tokens,
        reader_ids=readers.ids,
        weights=weights,
        visible=np.stack([_visible(record) for record in records]),
        kv_heads=records[0].kv_heads,
        key_size=records[0].keys.shape[-1],
    )


def _visible(record: AttentionRecord) -> NDArray[np.bool_]:
    # A learned sink's column, if there is one, comes last and is no token.
    scores = record.scores[..., : record.weights.shape[-1]]
    return np.asarray((scores > HIDDEN).any(axis=0))
