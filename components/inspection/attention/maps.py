"""The weights of all heads of one kind of attention, for one text."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from jaxtyping import Bool, Float32

from components.inspection.attention.record_checks import (
    masked_check,
    outputs_check,
    require_placed,
    rows_check,
    weights_check,
)
from components.inspection.checks import Check
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.premises import measured, require
from components.inspection.premises.recorded import probed
from components.inspection.recording import AttentionRecord, Recording
from components.inspection.words import Spans, word_spans

Group = Literal["decoder", "encoder", "cross"]
GROUPS: Final[tuple[Group, ...]] = ("decoder", "encoder", "cross")
"""Self-attention of a stack, or the decoder's look into the encoder."""


@dataclass(frozen=True, eq=False)
class AttentionMaps:
    """Where every head of one group looked while the model read one text.

    The model's own numbers, unchanged: the softmax of its scores.
    """

    group: Group
    numbers: tuple[int, ...]
    """The layers that attend so, as the network counts its blocks: in hybrids not all do."""
    readers: tuple[str, ...]
    """The query tokens: rows."""
    read: tuple[str, ...]
    """The key tokens: columns. The same as `readers` but in cross-attention."""
    reader_ids: tuple[int, ...]
    reader_words: Spans
    """For each word of the query tokens its first token and the one after its last."""
    read_words: Spans
    """Likewise, of the key tokens."""
    weights: Float32[np.ndarray, "layer head query key"]
    """0 to 1. Rows sum to 1 (to less in a model with a learned sink, such as gpt_oss). Layers are
    those of `numbers`."""
    visible: Bool[np.ndarray, "layer query key"]
    """The mask: True where any head may attend to it."""
    kv_heads: int
    """Key-value heads; query head h uses key-value head h // (heads / kv_heads)."""
    checks: tuple[Check, ...]
    """Of these very weights: rows, softmax, mask, and what the heads give."""
    key_size: int = 0
    """Numbers in a key; 0 where keys cannot be seen."""

    @property
    def layers(self) -> int:
        """Number of layers that attend."""
        return self.weights.shape[0]

    @property
    def heads(self) -> int:
        """Number of query heads in a layer."""
        return self.weights.shape[1]

    def place_of(self, layer: int) -> int:
        """Return which of the layers here is the network's block `layer`.

        Raises:
            InspectionError: that block has no such attention, or there is none of that number.
        """
        if layer not in self.numbers:
            raise InspectionError(
                f"Layer {layer} has no attention of this kind here; the layers that have are: "
                f"{', '.join(map(str, self.numbers))}."
            )
        return self.numbers.index(layer)


def groups(model: Model) -> tuple[Group, ...]:
    """Return the kinds of attention that `model` has; the one that gives the output first.

    Measured on a probe: those that were seen.

    Raises:
        InspectionError: it has none, like a state-space model, or none that can be drawn.
    """
    seen = {("cross" if one.kind == "cross" else one.stack) for one in probed(model).attentions}
    if not seen:
        raise InspectionError(
            f"'{model.name}' ({model.facts.family}) has no attention that could be shown: no "
            "softmax of queries times keys was seen in its pass, its tokens are mixed in another "
            "way. Choose a transformer, such as storyteller."
        )
    require(model, "sublayers", "weights", "masked")
    return tuple(group for group in GROUPS if group in seen)


def require_group(model: Model, group: Group) -> None:
    """Go on if `model` has attention of `group`.

    Raises:
        InspectionError: it has not; it says what there is.
    """
    found = groups(model)
    if group not in found:
        raise InspectionError(
            f"'{model.name}' has no {group} attention; it has: {', '.join(found)}."
        )


def attention_maps(
    model: Model, text: str | Sequence[int], target: str | Sequence[int] | None, group: Group
) -> AttentionMaps:
    """Let `model` read `text` once, and return the weights of all heads of `group`.

    `target` is what the decoder of an encoder-decoder is given to read.

    Raises:
        InspectionError: the text is empty or too long, or the model has no such attention.
    """
    require_group(model, group)
    return maps_of(model, record(model, text, target, keep=["attention"]), group)


def records_of(recording: Recording, group: Group) -> list[AttentionRecord]:
    """Return the sublayers of `group`, first layer first. `record.layer` is its number.

    Raises:
        InspectionError: the recording has none, or some that are not a square of the tokens.
    """
    stack, kind = ("decoder", "cross") if group == "cross" else (group, "self")
    found = list(recording.of(stack, kind))  # type: ignore[arg-type]
    if not found:
        raise InspectionError(
            f"'{recording.name}' attends in a way that Vitrine cannot see: no {group} attention "
            "was recorded. Choose a model of another family."
        )
    require_placed(recording)
    return found


def alike(recording: Recording, group: Group) -> list[AttentionRecord]:
    """Do as `records_of`, for pictures of all layers' heads.

    Raises:
        InspectionError: as there, or the layers have different numbers of heads.
    """
    records = records_of(recording, group)
    heads = sorted({one.heads for one in records})
    if len(heads) > 1:
        raise InspectionError(
            f"The layers of '{recording.name}' have different numbers of heads "
            f"({', '.join(map(str, heads))}), which one picture of all heads cannot show. Choose a "
            "model whose layers are alike."
        )
    return records


def record_at(recording: Recording, group: Group, layer: int) -> AttentionRecord:
    """Return the sublayer of `group` in the network's block `layer`.

    Raises:
        InspectionError: there is none.
    """
    records = records_of(recording, group)
    for one in records:
        if one.layer == layer:
            return one
    raise InspectionError(
        f"There is no layer {layer} with such attention: it is in layer"
        f"{'s' * (len(records) > 1)} {', '.join(str(one.layer) for one in records)}, from 0."
    )


def maps_of(model: Model, recording: Recording, group: Group) -> AttentionMaps:
    """Return the weights of `group` out of a recording.

    Raises:
        InspectionError: the recording has none, or its layers have different numbers of heads.
    """
    records = alike(recording, group)
    readers = recording.stack("decoder" if group == "cross" else group)
    read = recording.stack("encoder") if group == "cross" else readers
    weights = np.stack([one.weights for one in records])
    keys = records[0].keys
    return AttentionMaps(
        group=group,
        numbers=tuple(one.layer for one in records),
        readers=readers.tokens,
        read=read.tokens,
        reader_ids=readers.ids,
        reader_words=words_of(model, readers.tokens, readers.ids),
        read_words=words_of(model, read.tokens, read.ids),
        weights=weights,
        visible=np.stack([one.visible.any(axis=0) for one in records]),
        kv_heads=records[0].kv_heads,
        checks=recorded_checks(records, mixes_otherwise(model)),
        key_size=0 if keys is None else keys.shape[-1],
    )


def recorded_checks(
    records: Sequence[AttentionRecord], otherwise: bool = False
) -> tuple[Check, ...]:
    """Return what must be so of recorded attention, compared on these very arrays.

    `otherwise`: heads were measured to give something else than weights times values (a gate
    behind them, a sink of its own), which is reported then.
    """
    checks = [
        rows_check(records),
        weights_check(records),
        masked_check([one.weights for one in records], [one.visible for one in records]),
    ]
    if all(one.outputs is not None and one.values is not None for one in records):
        found = outputs_check(records)
        more = f"{found.says} (here they are not: this network does more to them)"
        checks.append(replace(found, says=more, bound=None) if otherwise else found)
    return tuple(checks)


def mixes_otherwise(model: Model) -> bool:
    """Say whether a network's heads give something else than their weights times the values."""
    premise = measured(model, "outputs")
    return not premise.holds and not premise.claimed


def words_of(model: Model, tokens: Sequence[str], ids: Sequence[int]) -> Spans:
    """Return the words of `tokens`; what the tokenizer put there stands alone."""
    special = set(model.tokenizer.all_special_ids)
    return word_spans(tokens, [place for place, token in enumerate(ids) if token in special])
