"""What attention alone would say: the row of the token that answers, in three forms.

Raw weights; weights times the length of the value vector they carry (after Kobayashi et al.,
"Attention is Not Only a Weight", 2020); and rollout over the layers (Abnar and Zuidema,
"Quantifying Attention Flow in Transformers", 2020).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from components.inspection.attribution.question import MOST_TOKENS, with_mask
from components.inspection.attribution.units import Unit, Units, units_of
from components.inspection.errors import InspectionError
from components.inspection.forward_pass import record
from components.inspection.model import Model
from components.inspection.recording import AttentionRecord, Recording

Floats = NDArray[np.float32]
WHICH: Final = {
    "causal": "the last token",
    "masked": "the mask",
    "classifier": "the token that the class is read from",
    "seq2seq": "the decoder's start token, by cross-attention",
}


@dataclass(frozen=True, eq=False)
class AttentionRows:
    """One row of attention, over the pieces of the text. Each form sums to 1."""

    units: Units
    reader: str
    """Whose row it is."""
    raw: Floats
    """[layer, unit]: the mean of the heads' weights."""
    value_weighted: Floats
    """[layer, unit]: weight times length of the value vector, mean of the heads, scaled to 1."""
    rollout: Floats
    """[unit]: through all layers, with half of each layer's mix staying in the stream."""


def attention_rows(model: Model, text: str, unit: Unit = "token") -> AttentionRows:
    """Let `model` read `text` once and return where the answering token looked.

    Raises:
        InspectionError: the model has no attention, or the text cannot be read.
    """
    text = with_mask(model, text)
    ids, units = units_of(model, text, unit)
    if len(ids) > MOST_TOKENS:
        raise InspectionError(
            f"The text is {len(ids):,} tokens long; at most {MOST_TOKENS:,} are compared here."
        )
    recording = record(model, ids, keep=["attention"])
    if not recording.attentions:
        raise InspectionError(
            f"'{model.source}' has no attention, so there is nothing to compare with here."
        )
    if model.kind == "masked":
        place = ids.index(int(model.tokenizer.mask_token_id))
    else:
        # Encoders judge by their first token, decoders answer at their last.
        place = 0 if model.kind == "classifier" and model.anatomy.encoder else -1
    tower = recording.stacks[0].name
    looks = list(
        recording.of("decoder", "cross") if model.kind == "seq2seq" else recording.of(tower)
    )
    raw = np.stack([_shares(look.weights[:, place, : len(ids)].mean(0)) for look in looks])
    weighted = np.stack([_shares(_value_weighted(look, place)[: len(ids)]) for look in looks])
    return AttentionRows(
        units=units,
        reader=WHICH[model.kind],
        raw=units.summed(raw),
        value_weighted=units.summed(weighted),
        rollout=units.summed(_rollout(recording, model, place)),
    )


def _value_weighted(look: AttentionRecord, place: int) -> Floats:
    lengths = np.linalg.norm(look.values, axis=-1)
    lengths = np.repeat(lengths, look.heads // look.kv_heads, axis=0)
    return (look.weights[:, place, : lengths.shape[1]] * lengths).mean(0)


def _rollout(recording: Recording, model: Model, place: int) -> Floats:
    tower = recording.stacks[0].name
    length = len(recording.stacks[0].ids)
    flow = np.eye(length, dtype=np.float32)
    for look in recording.of(tower):
        mixed = 0.5 * look.weights.mean(0)[:, :length] + 0.5 * np.eye(length, dtype=np.float32)
        flow = (mixed / mixed.sum(1, keepdims=True)) @ flow
    if model.kind != "seq2seq":
        return flow[place]
    # The decoder's start token looks at what the encoder mixed: the mean of its layers.
    cross = np.mean(
        [look.weights[:, place].mean(0) for look in recording.of("decoder", "cross")], 0
    )
    return (cross @ flow).astype(np.float32)


def _shares(row: Floats) -> Floats:
    return row / max(float(row.sum()), float(np.finfo(np.float32).tiny))
